import type { Expected, NewEvent } from './record.ts';
import { isSoftDeleted, lastRevision, type Stream } from './stream.ts';

/** What the server makes of an append before it writes anything. */
export type Verdict =
  | { readonly _tag: 'Write' }
  | { readonly _tag: 'Repeat'; readonly last: bigint }
  | { readonly _tag: 'WrongRevision'; readonly actual: bigint | undefined }
  | { readonly _tag: 'Deleted' };

/** Where an event with that id was last written: the server's memory, which a restart clears. */
export type Remembered = { readonly stream: string; readonly revision: bigint };

const write: Verdict = { _tag: 'Write' };
const deleted: Verdict = { _tag: 'Deleted' };

const wrong = (stream: Stream): Verdict => ({
  _tag: 'WrongRevision',
  actual: lastRevision(stream),
});

/** Without a revision, ids are looked up in memory: all of them known in this stream is a repeat, some of them a conflict. */
const byMemory = (
  stream: Stream,
  events: readonly NewEvent[],
  remembered: ReadonlyMap<string, Remembered>,
): Verdict => {
  let last: bigint | undefined;
  for (const [index, { id }] of events.entries()) {
    const known = remembered.get(id);
    if (known?.stream !== stream.name) return index === 0 ? write : wrong(stream);
    last = known.revision;
  }
  return last === undefined ? write : { _tag: 'Repeat', last };
};

/** With a revision that is past, the ids right after it decide: payloads are not compared. */
const byPlace = (stream: Stream, expected: bigint, events: readonly NewEvent[]): Verdict => {
  const from = Number(expected) + 1;
  const differs = events.findIndex(({ id }, index) => stream.records[from + index]?.id !== id);
  if (events.length > 0 && differs === -1) {
    return { _tag: 'Repeat', last: expected + BigInt(events.length) };
  }
  const reopens = differs === 0 && expected === -1n && isSoftDeleted(stream);
  return reopens ? write : wrong(stream);
};

/** Decides an append as the server's index writer does. */
export const judge = (
  stream: Stream,
  expected: Expected,
  events: readonly NewEvent[],
  remembered: ReadonlyMap<string, Remembered>,
): Verdict => {
  if (stream.tombstoned) return deleted;
  if (expected === 'stream_exists') {
    if (isSoftDeleted(stream)) return deleted;
    if (stream.records.length === 0) return wrong(stream);
  }
  if (expected === 'any' || expected === 'stream_exists') {
    return byMemory(stream, events, remembered);
  }
  const revision = expected === 'no_stream' ? -1n : expected;
  const current = lastRevision(stream) ?? -1n;
  if (revision < current) return byPlace(stream, revision, events);
  return revision === current ? write : wrong(stream);
};
