import type { CommandKey } from '../ids.ts';
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
};

/** How many of a stream's commands travel with its state. */
const REMEMBERED_COMMANDS = 1_000;

export const commandMemory = (): CommandMemory => {
  const commands = new Map<string, Remembered>();
  let through = -1;
  let forgot = false;
  const note = (envelope: Envelope): void => {
    if (envelope.revision <= through) return;
    through = envelope.revision;
    const { commandId, payloadHash } = envelope.metadata;
    const key = keyText({ actor: senderOf(envelope), commandId });
    if (!commands.has(key)) commands.set(key, { payloadHash, from: envelope.revision });
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
  };
};

/** Ids hold no control characters, so no two keys have one text. */
const keyText = ({ actor, commandId }: CommandKey): string => `${actor}\u0000${commandId}`;
