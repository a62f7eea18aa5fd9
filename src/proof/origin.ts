import { eventId, type HashedEvent, type Sha256 } from '../engine/ids.ts';
import { parsedJson } from '../engine/json.ts';

/** The most events of one command that are looked through for an event's place among them. */
const MOST_OF_ONE_COMMAND = 1_024;

/** What an event's id is derived from, beside the instance and its place in its batch. */
type Named = {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly metadata: {
    readonly actor: string;
    readonly sender?: string;
    readonly commandId: string;
  };
};

/**
 * Whether an event names an instance: its id is derived from the instance, its stream, whose command it was, and its place among
 * that command's events. An event that no engine of this instance has written has no such id.
 */
export const originOf = (instance: string, sha256: Sha256) => {
  let [lastStream, lastCommand, lastIndex] = ['', '', -1];
  return (event: Named): boolean => {
    const { stream, revision, id, metadata } = event;
    const key = { actor: metadata.sender ?? metadata.actor, commandId: metadata.commandId };
    const isAt = (index: number): boolean => {
      if (eventId(instance, stream, key, index, sha256) !== id) return false;
      [lastStream, lastCommand, lastIndex] = [stream, key.commandId, index];
      return true;
    };
    // Most events stand behind the one before, or are the first of their command.
    const goesOn = stream === lastStream && key.commandId === lastCommand;
    if (isAt(goesOn ? lastIndex + 1 : 0)) return true;
    const most = Math.min(revision + 1, MOST_OF_ONE_COMMAND);
    for (let index = 0; index < most; index += 1) if (isAt(index)) return true;
    return false;
  };
};

/** The same for an event as its texts tell it. */
export const originOfText = (instance: string, sha256: Sha256) => {
  const isOwn = originOf(instance, sha256);
  return ({ stream, revision, id, metadata }: HashedEvent): boolean => {
    const parsed = parsedJson(metadata);
    return isNamed(parsed) && isOwn({ stream, revision, id, metadata: parsed });
  };
};

const isNamed = (value: unknown): value is Named['metadata'] =>
  typeof value === 'object' &&
  value !== null &&
  'actor' in value &&
  typeof value.actor === 'string' &&
  'commandId' in value &&
  typeof value.commandId === 'string' &&
  (!('sender' in value) || typeof value.sender === 'string');
