import * as t from 'io-ts';
import { Instant } from '../../engine/clock.ts';
import {
  ActorId,
  BuiltId,
  closed,
  malformed,
  optional,
  type Malformed,
} from '../../engine/codec.ts';
import type { Actor, Command } from '../../engine/decider.ts';
import { E } from '../../engine/fp.ts';
import { derivedId, digestOf } from '../../engine/ids.ts';
import type { Line } from './lines.ts';

/** A command as a line of a file asks for it. */
export type LineCommand = {
  readonly stream: string;
  readonly command: Command;
  readonly actor: Actor;
  readonly at: Instant | undefined;
  readonly id: string;
};

const Role = t.refinement(t.string, (role) => role.length > 0 && role.length <= 128, 'a role');
const ActorField = t.union([
  ActorId,
  closed(
    { id: ActorId, roles: t.readonlyArray(Role, 'a list of roles') },
    'an actor { id, roles }',
  ),
]);

const LineFields = closed(
  {
    stream: t.string,
    command: t.string,
    data: t.UnknownRecord,
    actor: ActorField,
    at: optional(Instant),
    id: optional(BuiltId),
  },
  'a command line { stream, command, data, actor, at?, id? }',
);

/** What of a malformed line can still be told. */
export type Unreadable = Malformed & {
  readonly stream?: string;
  readonly command?: string;
  readonly id?: string;
};

const FORM = 'a JSON object { stream, command, data, actor, at?, id? }';

const parsed = (line: Line): E.Either<Malformed, unknown> => {
  if ('unreadable' in line) {
    return E.left({ type: 'Malformed', path: '', expected: line.unreadable, found: 'other bytes' });
  }
  return E.tryCatch(
    () => JSON.parse(line.text) as unknown,
    () => ({ type: 'Malformed', path: '', expected: FORM, found: excerpt(line.text) }),
  );
};

const excerpt = (text: string): string =>
  JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}...`);

const wrongInstant = (at: Instant | undefined, isVirtual: boolean): Malformed | undefined => {
  if (isVirtual && at === undefined) {
    return {
      type: 'Malformed',
      path: 'at',
      expected: 'an instant, since --at is given',
      found: 'nothing',
    };
  }
  if (!isVirtual && at !== undefined) {
    return {
      type: 'Malformed',
      path: 'at',
      expected: 'nothing, since --at is not given',
      found: String(at),
    };
  }
  return undefined;
};

const textIn = (
  value: unknown,
  key: 'stream' | 'command' | 'id',
): Partial<Record<typeof key, string>> => {
  if (typeof value !== 'object' || value === null) return {};
  const field: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof field === 'string' ? { [key]: field } : {};
};

/** Reads the lines of one run: ids that are not given derive from the line and how often it has come before. */
export const lineReader = (instance: string, isVirtual: boolean) => {
  const seen = new Map<string, number>();
  const idOf = (value: unknown): string => {
    const digest = digestOf(value);
    const ordinal = seen.get(digest) ?? 0;
    seen.set(digest, ordinal + 1);
    return derivedId(instance, 'run', Buffer.from(digest, 'hex'), ordinal);
  };
  return (line: Line): E.Either<Unreadable, LineCommand> => {
    const value = parsed(line);
    if (E.isLeft(value)) return value;
    const fields = LineFields.decode(value.right);
    const wrong = E.isLeft(fields)
      ? malformed(fields.left)
      : wrongInstant(fields.right.at, isVirtual);
    const told = {
      ...textIn(value.right, 'stream'),
      ...textIn(value.right, 'command'),
      ...textIn(value.right, 'id'),
    };
    if (E.isLeft(fields)) return E.left({ ...malformed(fields.left), ...told });
    if (wrong !== undefined) return E.left({ ...wrong, ...told });
    const { stream, command, data, actor, at, id } = fields.right;
    return E.right({
      stream,
      command: { type: command, data },
      actor: typeof actor === 'string' ? { id: actor, roles: [] } : actor,
      at,
      id: id ?? idOf(value.right),
    });
  };
};
