import { E } from '../fp.ts';
import { canonicalJson } from '../json.ts';
import { BuiltId, type Malformed } from '../codec.ts';
import type { Actor, Command } from '../decider.ts';
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
};

/** A request whose form is right: the stream's name is split and the payload decoded. */
export type Checked = Request & {
  readonly stream: StreamName;
  readonly id: string;
  readonly payloadHash: string;
};

/** A command is at most this large, as RFC 8785 text. */
export const COMMAND_BYTES = 256 * 1024;

/** Actor ids that stand for the engine itself: nobody may come under them. */
const RESERVED_IDS: readonly string[] = ['system', 'clock'];

const wrongStream = (category: string, found: string): Malformed => ({
  type: 'Malformed',
  path: 'stream',
  expected: `${category}-<id>`,
  found: JSON.stringify(found),
});

/** Refuses whoever claims to be the engine. `roles` may name any role but `system`. */
export const impostor = ({ id, roles }: Actor): EngineRejection | undefined =>
  RESERVED_IDS.includes(id) || roles.includes('system')
    ? { type: 'NotPermitted', actor: id }
    : undefined;

const isStream = (name: string, category: string): name is StreamName =>
  partsOf(name)?.category === category && BuiltId.is(name);

const checkedPayload = ({ commands }: Runnable, { command }: Request) =>
  commands.decode({
    type: command.type,
    version: commands.versionOf(command.type),
    data: command.data,
  });

/** Checks a request's form: its stream, its size, its command's type and payload. */
export const checked = (
  subsystem: Runnable,
  request: Request,
  hash: (text: string) => string,
): E.Either<EngineRejection, Checked> => {
  const { stream, command } = request;
  if (!isStream(stream, subsystem.category)) return E.left(wrongStream(subsystem.category, stream));
  if (!BuiltId.is(request.commandId)) {
    return E.left({
      type: 'Malformed',
      path: 'id',
      expected: BuiltId.name,
      found: JSON.stringify(request.commandId),
    });
  }
  const decoded = checkedPayload(subsystem, request);
  if (E.isLeft(decoded)) return E.left(asMalformed(decoded.left));
  const text = canonicalJson({ type: command.type, data: command.data });
  const size = new TextEncoder().encode(text).length;
  if (size > COMMAND_BYTES) return E.left({ type: 'TooLarge', size, limit: COMMAND_BYTES });
  return E.right({
    ...request,
    stream,
    id: stream.slice(subsystem.category.length + 1),
    payloadHash: hash(text),
  });
};

const asMalformed = (wrong: Undecodable): Malformed => {
  if (wrong.type === 'Malformed') {
    return { ...wrong, path: wrong.path === '' ? 'data' : `data.${wrong.path}` };
  }
  const expected =
    wrong.type === 'UnknownType' ? `one of ${wrong.known.join(', ')}` : `version ${wrong.latest}`;
  return { type: 'Malformed', path: 'command', expected, found: JSON.stringify(wrong.messageType) };
};
