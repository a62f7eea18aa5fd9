import { E } from '../../engine/fp.ts';
import type { OpenStore } from '../../engine/rows.ts';
import { instanceEvents } from '../../engine/run/instance.ts';
import {
  StoreFailed,
  type Appended,
  type Draft,
  type StoreFailure,
  type StreamName,
} from '../../engine/store.ts';
import { frozenJson } from '../../engine/frozen-json.ts';
import { isMetadata } from '../append-rules.ts';
import type { ArchivedEvent, ArchiveHeader } from './format.ts';
import { damaged, readArchive } from './read.ts';

/** What has been loaded. */
export type Loaded = {
  readonly instance: string;
  readonly until: string;
  readonly events: number;
  readonly digest: string;
};

/** Consecutive events of one stream, which are appended together. */
type Run = { readonly first: Located; readonly events: Located[]; size: number };
type Located = {
  readonly line: number;
  readonly event: ArchivedEvent;
  readonly draft: Draft;
  readonly stream: StreamName;
};

/** Texts of one append, in characters: less than a store takes in bytes. */
const RUN_SIZE = 128 * 1024;
/** Appends that may be under way at once. */
const UNDER_WAY = 256;

const isStreamName = (name: string): name is StreamName => name.includes('-');

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A text's value; undefined: a store would not write it to the byte as it was written. */
const valueOf = (text: string): unknown => {
  const value = parsed(text);
  return value !== undefined && frozenJson(value).text === text ? value : undefined;
};

const located = (path: string, line: number, event: ArchivedEvent): Located => {
  const { stream, id, type, version } = event;
  const [data, metadata] = [valueOf(event.data), valueOf(event.metadata)];
  if (!isStreamName(stream) || data === undefined || !isMetadata(metadata)) {
    throw damaged(path, line, `revision ${event.revision} of ${stream} is no event`);
  }
  return { line, event, stream, draft: { id, type, version, data, metadata } };
};

/** The first event must say what the header says. */
const checkInstance = (path: string, header: ArchiveHeader, { line, draft }: Located): void => {
  const decoded = instanceEvents.decode(draft);
  if (E.isLeft(decoded)) throw damaged(path, line, 'the first event is no InstanceCreated');
  const { instance, clock } = decoded.right.data;
  if (instance === header.instance && clock === header.clock) return;
  throw damaged(path, 1, `it says ${header.instance}, but the first event ${instance}`);
};

const follows = ({ events, first, size }: Run, next: Located): boolean =>
  next.event.stream === first.event.stream &&
  next.event.revision === (events.at(-1)?.event.revision ?? 0) + 1 &&
  size < RUN_SIZE;

/** Refuses what the store has made of a run, if it is not what the archive has. */
const check = (path: string, run: Run, answer: E.Either<StoreFailure, Appended>): void => {
  if (E.isLeft(answer)) {
    if (answer.left.type !== 'RevisionConflict') throw new StoreFailed(answer.left);
    const { revision, stream } = run.first.event;
    throw damaged(path, run.first.line, `revision ${revision} of ${stream} is not the next`);
  }
  run.events.forEach(({ line, event }, index) => {
    const stored = answer.right.events[index];
    if (stored?.hash === event.hash && stored.position === event.position) return;
    throw damaged(path, line, 'it does not come out as it was written');
  });
};

/** Appends runs in order, several under way at once. */
const appender = (path: string, { events: log }: OpenStore) => {
  let underWay: Promise<void>[] = [];
  let run: Run | undefined;
  const flush = async (): Promise<void> => {
    const done = await Promise.allSettled(underWay);
    underWay = [];
    for (const each of done) if (each.status === 'rejected') throw each.reason;
  };
  const send = async (): Promise<void> => {
    if (run === undefined) return;
    const sent = run;
    run = undefined;
    const { event, stream } = sent.first;
    const expected = event.revision === 0 ? 'none' : event.revision - 1;
    const drafts = sent.events.map(({ draft }) => draft);
    const append = log.append(stream, expected, drafts);
    underWay.push(append().then((answer) => check(path, sent, answer)));
    if (underWay.length >= UNDER_WAY) await flush();
  };
  return {
    take: async (next: Located): Promise<void> => {
      const size = next.event.data.length + next.event.metadata.length;
      if (run === undefined || !follows(run, next)) {
        await send();
        run = { first: next, events: [], size: 0 };
      }
      run.events.push(next);
      run.size += size;
    },
    finish: async (): Promise<void> => {
      await send();
      await flush();
    },
  };
};

const noteReactions = ({ rows }: OpenStore, { reactions }: ArchiveHeader): void => {
  for (const [consumer, position] of Object.entries(reactions)) {
    const value = { position, events: 0, digest: '' };
    const noted = rows.commit({ changes: [], checkpoint: { consumer, value } });
    if (E.isLeft(noted)) throw new StoreFailed(noted.left);
  }
};

/**
 * Loads an archive into a store that is empty: ids, revisions, order, positions and instants are kept, and what reactions had done by
 * then is not done again. Rejects with `ArchiveFailed` or `StoreFailed`; the store must then be thrown away.
 */
export const loadArchive = async (
  path: string,
  store: OpenStore,
  progress: (events: number) => void = () => undefined,
): Promise<Loaded> => {
  const append = appender(path, store);
  let header: ArchiveHeader | undefined;
  let loaded: Loaded | undefined;
  for await (const read of readArchive(path)) {
    if ('header' in read) header = read.header;
    else if (header !== undefined && 'event' in read) {
      const next = located(path, read.line, read.event);
      if (read.line === 2) checkInstance(path, header, next);
      await append.take(next);
      if (read.line % 1_000 === 0) progress(read.line - 1);
    } else if (header !== undefined && 'trailer' in read) {
      const { instance, until } = header;
      loaded = { instance, until, ...read.trailer };
    }
  }
  await append.finish();
  if (header === undefined || loaded === undefined) throw damaged(path, 1, 'it is empty');
  noteReactions(store, header);
  return loaded;
};
