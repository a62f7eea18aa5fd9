import { E } from '../../engine/fp.ts';
import {
  StoreFailed,
  type Appended,
  type Envelope,
  type StoreFailure,
} from '../../engine/store.ts';
import { conflict, isRepeat, type PreparedAppend } from '../append-rules.ts';
import type { Attempt } from '../resilience/attempt.ts';
import { told } from './errors.ts';
import { storeFailure, tooLargeForServer } from './failures.ts';
import type { Client, Library } from './library.ts';
import type { LogPosition } from './position.ts';
import { readLogBackwards, readRange, withClient, type Reading } from './reads.ts';
import { isOwnKey, placed, sent, type Sent } from './wire.ts';

/** What appends need; `reading` is for what lies there afterwards. */
export type Appending = Reading & { readonly library: Library; readonly reading: Reading };

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u;

const refused = (stream: string, reason: string, remedy: string): StoreFailure => ({
  type: 'AppendRefused',
  stream,
  reason,
  remedy,
});

/** What the server would refuse without saying why, or take for its own. */
export const unfitFor = ({ stream, drafts }: PreparedAppend): StoreFailure | undefined => {
  if (stream.startsWith('$')) {
    return refused(stream, 'names with $ are the server’s own', 'name another stream');
  }
  const noId = drafts.find(({ id }) => !UUID.test(id));
  if (noId !== undefined) {
    return refused(stream, `the event id ${noId.id} is no UUID in lower case`, 'use a UUID');
  }
  const [ownKey] = drafts.flatMap(({ metadata }) => Object.keys(metadata).filter(isOwnKey));
  if (ownKey !== undefined) {
    const reason = `the metadata key ${ownKey} is the server’s or this store’s own`;
    return refused(stream, reason, 'name it otherwise');
  }
  const noType = drafts.find(({ type }) => type === '' || type.startsWith('$'));
  if (noType === undefined) return undefined;
  return refused(stream, `${noType.type || '(empty)'} is no event type`, 'name it without $');
};

/** What lies in the stream at the place of an append. */
const there = (
  client: Client,
  { stream, drafts }: PreparedAppend,
  from: bigint | 'start',
  signal: AbortSignal,
): Promise<readonly Envelope[] | undefined> =>
  readRange(client, stream, { from, backwards: false, limit: drafts.length }, signal);

const actualIn = (error: unknown): bigint | undefined =>
  error instanceof Error && 'actualVersion' in error && typeof error.actualVersion === 'bigint'
    ? error.actualVersion
    : undefined;

/** How an attempt ended: behind which revision its last event lies, or the events themselves. */
type Written =
  | { readonly last: bigint; readonly position: LogPosition | undefined }
  | { readonly events: readonly Envelope[] };

/**
 * A wrong revision is a conflict unless what lies there is this append, as after an answer that was lost. A stream whose events are
 * all hidden is to its readers one that does not exist, so an append that begins it goes behind them.
 */
const afterConflict = async (
  parts: Appending,
  append: PreparedAppend,
  error: unknown,
  again: (expected: bigint) => Promise<Written>,
  attempt: Attempt,
): Promise<Written> => {
  const { expected } = append;
  const actual = actualIn(error);
  const failure = conflict(append, actual === undefined ? 'none' : Number(actual));
  const isNew = expected === 'none';
  if (actual === undefined || !(isNew || attempt.outcomeUnknown)) throw new StoreFailed(failure);
  const from = isNew ? 'start' : BigInt(expected) + 1n;
  const client = await parts.reading.lane.client();
  const found = await there(client, append, from, attempt.signal);
  if (found !== undefined && isRepeat(append.drafts, found)) return { events: found };
  if (isNew && (found ?? []).length === 0) return again(actual);
  throw new StoreFailed(failure);
};

/** Sends an append once and makes of the answer what can be made of it. */
const attempted = async (
  parts: Appending,
  append: PreparedAppend,
  events: Sent[],
  attempt: Attempt,
): Promise<Written> => {
  const send = async (
    expectedRevision: bigint | 'no_stream',
    otherwise: (error: unknown) => Promise<Written>,
  ): Promise<Written> => {
    try {
      return await withClient(parts.lane, attempt, async (client) => {
        // What was taken and not answered may lie in the client for ever, and what comes behind it too.
        attempt.signal.addEventListener('abort', () => parts.lane.renew(client), { once: true });
        const options = { expectedRevision, requiresLeader: true };
        const answer = await client.appendToStream(append.stream, events, options);
        return { last: answer.nextExpectedRevision, position: answer.position };
      });
    } catch (error) {
      const { type } = told(error);
      if (type === 'wrong-expected-version') return otherwise(error);
      if (type !== 'maximum-append-size-exceeded') throw error;
      throw new StoreFailed(tooLargeForServer(append.size, error));
    }
  };
  const expected = append.expected === 'none' ? 'no_stream' : BigInt(append.expected);
  return send(expected, (error) => {
    const again = (actual: bigint) =>
      send(actual, async () => {
        throw new StoreFailed(conflict(append, Number(actual)));
      });
    return afterConflict(parts, append, error, again, attempt);
  });
};

/**
 * What lies there now. The answer to a repeat is that of a first time, and a repeat may carry another payload: what was written is
 * known only to whoever reads it.
 */
const readBack = async (
  { reading: { lane } }: Appending,
  append: PreparedAppend,
  written: Written,
  signal: AbortSignal,
): Promise<readonly Envelope[]> => {
  if ('events' in written) return written.events;
  const client = await lane.client();
  const { drafts, stream } = append;
  const first = written.last - BigInt(drafts.length) + 1n;
  const found = await there(client, append, first, signal);
  if (found !== undefined && isRepeat(drafts, found)) return found;
  // The stream's retention hides it already; its place is not after the log's newest event.
  const [newest] = await readLogBackwards(client, 'end', 1, signal);
  const position = written.position ?? newest?.event?.position;
  if (position === undefined) throw new Error(`an append to ${stream} left nothing in the log`);
  return drafts.map((draft, n) => placed(stream, Number(first) + n, position, draft));
};

/** Appends all of a batch or nothing, and gives what lies there. */
export const appendTo = async (
  parts: Appending,
  append: PreparedAppend,
): Promise<E.Either<StoreFailure, Appended>> => {
  const events = append.drafts.map((draft) => sent(parts.library, append.stream, draft));
  const key = append.drafts[0]!.id;
  const appended = await parts.policy.run({ repeat: { key } }, async (attempt) => {
    const written = await attempted(parts, append, events, attempt);
    return readBack(parts, append, written, attempt.signal);
  })();
  if (E.isLeft(appended)) return E.left(storeFailure(parts.address, appended.left, append.stream));
  const { revision, position } = appended.right.at(-1)!; // an append holds at least one event
  return E.right({ revision, position, events: appended.right });
};
