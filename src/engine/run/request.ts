import * as t from 'io-ts';
import { ActorId, BuiltId, foundIn, pathOf, type Malformed } from '../codec.ts';
import type { Instant } from '../clock.ts';
import type { Actor, Command } from '../decider.ts';
import { E } from '../fp.ts';
import { frozenJson } from '../frozen-json.ts';
import { digestOfBytes, type Sha256 } from '../ids.ts';
import { noJsonIn } from '../json.ts';
import type { EngineRejection } from '../refusal.ts';
import { partsOf, type StreamName } from '../store.ts';
import type { Runnable } from '../subsystem.ts';
import type { Undecodable } from '../vocabulary.ts';

/** A command on its way to a stream. */
export type Request = {
  readonly stream: string;
  readonly command: Command;
  readonly actor: Actor;
  readonly commandId: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** An instant that has been reached: it is decided then or later, even if the clock is set back meanwhile. */
  readonly notBefore?: Instant;
};

/** A request whose form is right: the stream's name is split, the payload is decoded and nobody else's. */
export type Checked = Request & {
  readonly stream: StreamName;
  readonly id: string;
  readonly payloadHash: string;
};

/** A command is at most this large, in bytes of its RFC 8785 text. */
export const COMMAND_BYTES = 256 * 1024;

/** Actor ids that stand for the engine itself: nobody may come under them. */
const RESERVED_IDS: readonly string[] = ['system', 'clock'];

/** Refuses whoever claims to be the engine. `roles` may name any role but `system`. */
export const impostor = ({ id, roles }: Actor): EngineRejection | undefined =>
  RESERVED_IDS.includes(id) || roles.includes('system')
    ? { type: 'NotPermitted', actor: id }
    : undefined;

/** Checks a request's form: its names, that its payload is JSON, its size, its command's type, its payload. */
export const checked = (
  subsystem: Runnable,
  request: Request,
  sha256?: Sha256,
): E.Either<EngineRejection, Checked> => {
  const { category } = subsystem;
  const { stream } = request;
  if (!isStreamOf(category, stream)) {
    return E.left({ ...unfit('stream', stream), expected: `${category}-<id>` });
  }
  const misnamed = misnamedIn(request);
  if (misnamed !== undefined) return E.left(misnamed);
  const command = decoded(subsystem, request.command, sha256);
  if (E.isLeft(command)) return command;
  const id = stream.slice(category.length + 1);
  return E.right({ ...request, stream, id, ...command.right });
};

const isStreamOf = (category: string, name: string): name is StreamName =>
  BuiltId.is(name) && partsOf(name)?.category === category;

const unfit = (path: string, found: unknown, expected = ''): Malformed => ({
  type: 'Malformed',
  path,
  expected,
  found: foundIn(found),
});

/** The first of a request's names that is no name. */
const misnamedIn = (request: Request): Malformed | undefined => {
  const { actor, commandId, correlationId } = request;
  if (!ActorId.is(actor.id)) return unfit('actor', actor.id, ActorId.name);
  if (!Roles.is(actor.roles)) return unfit('actor.roles', actor.roles, Roles.name);
  if (!BuiltId.is(commandId)) return unfit('id', commandId, BuiltId.name);
  if (correlationId === undefined || BuiltId.is(correlationId)) return undefined;
  return unfit('correlationId', correlationId, BuiltId.name);
};
const Roles = t.readonlyArray(t.string, 'a list of roles');

/** The command as a frozen copy, so that what is hashed is what is decided, whatever the caller does meanwhile. */
const decoded = (
  { commands }: Runnable,
  { type, data }: Command,
  sha256: Sha256 | undefined,
): E.Either<EngineRejection, Pick<Checked, 'command' | 'payloadHash'>> => {
  const noJson = noJsonIn(data);
  if (noJson !== undefined) {
    return E.left(unfit(pathOf(noJson.keys), noJson.value, noJson.expected));
  }
  const own = frozenJson(data);
  const bytes = utf8.encode(`{"data":${own.text},"type":${JSON.stringify(type)}}`);
  const size = bytes.length;
  if (size > COMMAND_BYTES) return E.left({ type: 'TooLarge', size, limit: COMMAND_BYTES });
  const command = { type, data: own.value };
  const valid = commands.decode({ ...command, version: commands.versionOf(type) });
  if (E.isLeft(valid)) return E.left(asMalformed(valid.left));
  return E.right({ command, payloadHash: digestOfBytes(bytes, sha256) });
};
const utf8 = new TextEncoder();

const asMalformed = (wrong: Undecodable): Malformed => {
  if (wrong.type === 'Malformed') return wrong;
  if (wrong.type === 'UnknownVersion') {
    return unfit('command', wrong.messageType, `version ${wrong.latest}`);
  }
  return unfit('command', wrong.messageType, `one of ${wrong.known.join(', ')}`);
};
