import type { OpenStore } from '../../src/engine/rows.ts';
import { createEngine, sqliteStore, type StreamName } from '../../src/index.ts';
import type { DomainEvent } from '../../src/index.ts';

/** Events that go to the end of a stream together; the first ones to a stream come behind 'none'. */
export type Piece = {
  readonly stream: StreamName;
  readonly behind: number | 'none';
  readonly at: number;
  readonly events: readonly DomainEvent[];
};

const HASH = '0'.repeat(64);
/** Works that write at once: their appends share transactions. */
const AT_ONCE = 512;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

let made = 0;

/** Each event has an id and a command of its own, as if it had been sent. */
const draftOf = ({ type, data }: DomainEvent, at: number) => {
  made += 1;
  const commandId = `made-${made}`;
  return {
    type,
    data,
    version: 1,
    id: `${hex(made, 8)}-0000-8000-8000-${hex(made, 12)}`,
    metadata: { at, actor: 'bench', commandId, payloadHash: HASH, correlationId: commandId },
  };
};

/** Opens the file as an engine does first, so that it has its instance; what follows the log follows it from its beginning. */
const created = async (path: string): Promise<void> => {
  const engine = await createEngine({ store: sqliteStore(path), subsystems: [] });
  await engine.close();
};

/** Notes that reactions have seen the whole log: it was made as if they had done their work. */
const noteSeen = async (
  { events, rows }: OpenStore,
  reactions: readonly { readonly name: string }[],
): Promise<void> => {
  const head = await events.head()();
  if (head._tag === 'Left' || head.right === undefined) return;
  const value = { position: head.right, events: 0, digest: '' };
  for (const { name } of reactions) {
    rows.commit({ changes: [], checkpoint: { consumer: `reaction:${name}`, value } });
  }
};

/**
 * Writes a log quickly, through the store's own writer: the pieces of one work in order, several works at once. `reactions` have
 * nothing left to do in it.
 */
export const fill = async (
  path: string,
  works: number,
  work: (index: number) => Iterable<Piece>,
  reactions: readonly { readonly name: string }[] = [],
): Promise<void> => {
  await created(path);
  const opened = await sqliteStore(path).open({ readOnly: false })();
  if (opened._tag === 'Left') throw new Error(JSON.stringify(opened.left));
  const { events, close } = opened.right;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < works) {
      next += 1;
      for (const { stream, behind, at, events: some } of work(next)) {
        const drafts = some.map((event) => draftOf(event, at));
        const written = await events.append(stream, behind, drafts)();
        if (written._tag === 'Left') throw new Error(JSON.stringify(written.left));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, works) }, worker));
  await noteSeen(opened.right, reactions);
  await close();
};
