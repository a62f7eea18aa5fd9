import * as t from 'io-ts';
import { codecShape } from './codec-shape.ts';
import { closed, pathOf } from './codec.ts';
import { E } from './fp.ts';
import { digestOf, digestOfText, type Sha256 } from './ids.ts';
import { isRoughlyWithin, noJsonIn } from './json.ts';
import type { Revision } from './store.ts';
import type { Runnable, Status } from './subsystem.ts';

/** The table of snapshots beside the read models: a row per stream, under its name. */
export const SNAPSHOTS = 'streamSnapshots';

/** The longest content of a snapshot, in characters: reading or writing more would hold the event loop. */
const LONGEST = 1_048_576;

const StatusOf = new t.Type<Status>(
  'a state',
  (value): value is Status =>
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    typeof value.status === 'string',
  t.failure,
  t.identity,
);

/** A command that a stream remembers: whose, under which id, what it asked for, and where its events lie. */
const NotedCommand = closed({
  actor: t.string,
  commandId: t.string,
  payloadHash: t.string,
  from: t.number,
});
export type NotedCommand = t.TypeOf<typeof NotedCommand>;

const Content = closed({ state: StatusOf, commands: t.readonlyArray(NotedCommand) });
type Content = t.TypeOf<typeof Content>;

/** A snapshot as it lies in its row. `content` is a text, so that the digest covers what lies there to the letter. */
const StoredSnapshot = closed({
  fingerprint: t.string,
  revision: t.number,
  /** The hash of the event at that revision: a snapshot belongs to one history. */
  eventHash: t.string,
  content: t.string,
  digest: t.string,
});
export type StoredSnapshot = t.TypeOf<typeof StoredSnapshot>;

/** A stream after the event of a revision: its state, and the commands that it remembers by then. */
export type Snapshot = Content & { readonly revision: Revision; readonly eventHash: string };

/**
 * Whose snapshots may be used: those of the same instance, of a decider of the same version, of the same machine and of the same codecs
 * of events. A snapshot with another fingerprint is as good as none. Left: why there is no fingerprint, such as an initial state that is
 * no JSON.
 */
export const snapshotFingerprint = (
  { category, decider, machine, events }: Runnable,
  instance: string,
): E.Either<string, string> =>
  E.tryCatch(
    () =>
      digestOf({
        format: 'chancery/snapshot/1',
        instance,
        category,
        version: decider.version,
        initial: decider.initial,
        machine,
        events: [...events.codecs].map(([type, codec]) => ({
          type,
          version: events.versionOf(type),
          shape: codecShape(codec),
        })),
      }),
    String,
  );

const seal = (
  { fingerprint, revision, eventHash, content }: Omit<StoredSnapshot, 'digest'>,
  sha256: Sha256,
): string => digestOfText(`${fingerprint} ${revision} ${eventHash}\n${content}`, sha256);

/** A snapshot as it is to be stored, or why it cannot be: it is no JSON, or too large. */
export const snapshotRow = (
  { revision, eventHash, state, commands }: Snapshot,
  fingerprint: string,
  sha256: Sha256,
): E.Either<string, StoredSnapshot> => {
  const inside: Content = { state, commands };
  if (!isRoughlyWithin(inside, LONGEST)) return E.left(`its state is longer than ${LONGEST}`);
  const odd = noJsonIn(inside);
  if (odd !== undefined) return E.left(`its ${pathOf(odd.keys)} is not ${odd.expected}`);
  const row = { fingerprint, revision, eventHash, content: JSON.stringify(inside) };
  if (row.content.length > LONGEST) return E.left(`its state is longer than ${LONGEST}`);
  return E.right({ ...row, digest: seal(row, sha256) });
};

/** The row of a snapshot; undefined: it is none, or one of another format. */
export const storedSnapshot = (row: unknown): StoredSnapshot | undefined =>
  StoredSnapshot.is(row) ? row : undefined;

/** What a stored snapshot holds, which nobody else has; undefined: it is not what was written. */
export const snapshotIn = (stored: StoredSnapshot, sha256: Sha256): Snapshot | undefined => {
  if (seal(stored, sha256) !== stored.digest) return undefined;
  const content = E.tryCatch((): unknown => JSON.parse(stored.content), String);
  if (E.isLeft(content) || !Content.is(content.right)) return undefined;
  const { revision, eventHash } = stored;
  return { ...content.right, revision, eventHash };
};
