import * as t from 'io-ts';
import { Instant } from '../../engine/clock.ts';
import {
  ActorId,
  BuiltId,
  closed,
  foundIn,
  malformed,
  optional,
  pathOf,
  text,
  type Malformed,
} from '../../engine/codec.ts';
import type { Actor, Command } from '../../engine/decider.ts';
import { E } from '../../engine/fp.ts';
import { derivedId, digestOf } from '../../engine/ids.ts';
import { noJsonIn } from '../../engine/json.ts';
import type { Line } from './lines.ts';

/** A command as a line of a file asks for it. */
export type LineCommand = {
  readonly stream: string;
  readonly command: Command;
  readonly actor: Actor;
  readonly at: Instant | undefined;
  readonly id: string;
};

const Role = text('a role (1 to 128 characters)', (role) => role.length > 0 && role.length <= 128);
const ActorRecord = closed({ id: ActorId, roles: t.readonlyArray(Role, 'a list of roles') });
type ActorField = t.TypeOf<typeof ActorId> | t.TypeOf<typeof ActorRecord>;

/** An id, or a record: what is wrong with a record is said of its own fields. */
const ActorField = new t.Type<ActorField>(
  'an actor: an id (1 to 128 bytes, no control characters) or { id, roles }',
  (value): value is ActorField => ActorId.is(value) || ActorRecord.is(value),
  (value, context) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? ActorRecord.validate(value, context)
      : ActorId.validate(value, context),
  t.identity,
);

const LineFields = closed(
  {
    stream: text('a stream: category-id'),
    command: text('the name of a command'),
    data: t.refinement(t.UnknownRecord, () => true, 'a record: the payload'),
    actor: ActorField,
    at: optional(Instant),
    id: optional(BuiltId),
  },
  'a JSON object { stream, command, data, actor, at?, id? }',
);
type LineFields = t.TypeOf<typeof LineFields>;

/** What of a malformed line can still be told. */
export type Unreadable = Malformed & {
  readonly stream?: string;
  readonly command?: string;
  readonly id?: string;
};

const wrong = (path: string, expected: string, found: string): Malformed => ({
  type: 'Malformed',
  path,
  expected,
  found,
});

const parsed = (line: Line): E.Either<Malformed, unknown> => {
  if (!('text' in line)) return E.left(wrong('', line.expected, line.found));
  return E.tryCatch(
    (): unknown => JSON.parse(line.text),
    () => wrong('', LineFields.name, foundIn(line.text)),
  );
};

/** Under virtual time a line has its own instant, and only then. */
const wrongInstant = (at: Instant | undefined, isVirtual: boolean): Malformed | undefined => {
  if (isVirtual && at === undefined) {
    return wrong('at', 'an instant, since --at is given', 'nothing');
  }
  if (!isVirtual && at !== undefined) {
    return wrong('at', 'nothing, since --at is not given', foundIn(at));
  }
  return undefined;
};

/** What of a payload no JSON text can stand for, such as a lone surrogate or a number too large: it has no digest. */
const unwritable = (data: unknown): Malformed | undefined => {
  const found = noJsonIn(data);
  return found && wrong(pathOf(found.keys), found.expected, foundIn(found.value));
};

const decoded = (value: unknown, isVirtual: boolean): E.Either<Malformed, LineFields> => {
  const fields = LineFields.decode(value);
  if (E.isLeft(fields)) return E.left(malformed(fields.left));
  const { at, data } = fields.right;
  const unfit = wrongInstant(at, isVirtual) ?? unwritable(data);
  return unfit === undefined ? E.right(fields.right) : E.left(unfit);
};

/** The texts by which people know a line that is no command. */
const toldOf = (value: unknown): Omit<Unreadable, keyof Malformed> => {
  if (typeof value !== 'object' || value === null) return {};
  const names: readonly string[] = ['stream', 'command', 'id'];
  return Object.fromEntries(
    Object.entries(value).filter(([name, field]) => names.includes(name) && isShort(field)),
  );
};

const isShort = (field: unknown): boolean => typeof field === 'string' && field.length <= 512;

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
    const fields = decoded(value.right, isVirtual);
    if (E.isLeft(fields)) return E.left({ ...fields.left, ...toldOf(value.right) });
    const { stream, command, data, actor, at, id = idOf(value.right) } = fields.right;
    return E.right({
      stream,
      command: { type: command, data },
      actor: typeof actor === 'string' ? { id: actor, roles: [] } : actor,
      at,
      id,
    });
  };
};
