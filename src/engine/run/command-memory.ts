import type { CommandKey } from '../ids.ts';
import type { NotedCommand } from '../snapshot.ts';
import { senderOf, type Envelope, type Revision } from '../store.ts';

/** A command that a stream remembers: what it asked for, and where its events lie. */
export type Remembered = {
  readonly payloadHash: string;
  readonly from: Revision;
};

/** The latest commands that wrote to a stream. It only ever grows along the stream's history, so all who hold it may share it. */
export type CommandMemory = {
  readonly recall: (key: CommandKey) => Remembered | undefined;
  /** Whether there were more commands than are remembered. */
  readonly forgot: () => boolean;
  readonly note: (history: readonly Envelope[]) => void;
  readonly size: () => number;
  /** What is remembered of the history up to a revision, the oldest first. */
  readonly upTo: (revision: Revision) => readonly NotedCommand[];
};

/** The memory of a snapshot: what was remembered up to its revision. */
export type EarlierMemory = {
  readonly through: Revision;
  readonly commands: readonly NotedCommand[];
};

/** How many of a stream's commands travel with its state. */
const REMEMBERED_COMMANDS = 1_000;

/** A memory that goes on from an earlier one cannot know what that one had forgotten. */
export const commandMemory = (earlier?: EarlierMemory): CommandMemory => {
  const commands = new Map(earlier?.commands.map((noted) => [keyText(noted), noted]));
  let through = earlier?.through ?? -1;
  let forgot = earlier !== undefined;
  const note = (envelope: Envelope): void => {
    if (envelope.revision <= through) return;
    through = envelope.revision;
    const { commandId, payloadHash } = envelope.metadata;
    const noted = { actor: senderOf(envelope), commandId, payloadHash, from: envelope.revision };
    const key = keyText(noted);
    if (!commands.has(key)) commands.set(key, noted);
    if (commands.size <= REMEMBERED_COMMANDS) return;
    forgot = true;
    for (const oldest of commands.keys()) {
      commands.delete(oldest);
      return;
    }
  };
  return {
    recall: (key) => commands.get(keyText(key)),
    forgot: () => forgot,
    note: (history) => history.forEach(note),
    size: () => commands.size,
    upTo: (revision) => [...commands.values()].filter(({ from }) => from <= revision),
  };
};

/** Ids hold no control characters, so no two keys have one text. */
const keyText = ({ actor, commandId }: CommandKey): string => `${actor}\u0000${commandId}`;
