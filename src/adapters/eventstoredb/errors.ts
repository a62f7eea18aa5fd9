import { StoreFailed } from '../../engine/store.ts';
import type { Classification } from '../resilience/failure.ts';

/** What the client's errors have: those of commands a type, those of gRPC a code, some both. */
export type Told = {
  readonly type: string | undefined;
  readonly code: number | undefined;
  readonly message: string;
};

export const told = (error: unknown): Told => {
  if (!(error instanceof Error))
    return { type: undefined, code: undefined, message: String(error) };
  const { message } = error;
  const type = 'type' in error && typeof error.type === 'string' ? error.type : undefined;
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  return { type, code, message };
};

const refused: Classification = { kind: 'callerMistake' };
const unknown: Classification = { kind: 'unknownOutcome' };
const permanent: Classification = { kind: 'permanent' };

const byType: Readonly<Record<string, Classification>> = {
  'wrong-expected-version': refused,
  'stream-deleted': refused,
  'stream-not-found': refused,
  'access-denied': refused,
  'invalid-argument': refused,
  'maximum-append-size-exceeded': refused,
  // The client has turned to the leader already.
  'not-leader': { kind: 'transient', retryAfterMs: 0 },
  timeout: unknown,
  'deadline-exceeded': unknown,
  cancelled: unknown,
  unavailable: unknown,
};

/** gRPC: CANCELLED, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE; then UNKNOWN, RESOURCE_EXHAUSTED; then those of rights. */
const byCode: Readonly<Record<number, Classification>> = {
  1: unknown,
  4: unknown,
  10: unknown,
  13: unknown,
  14: unknown,
  2: permanent,
  8: permanent,
  7: refused,
  16: refused,
};

const HOPELESS = /BadRequest|serialization failure/iu;

/** Another node leads, said again after the client had turned to it: nobody leads just now. */
export class NobodyLeads extends Error {
  override readonly name = 'NobodyLeads';
}

/** The client was replaced or closed while it worked: what it has given may be a part. */
export class ClientGivenUp extends Error {
  override readonly name = 'ClientGivenUp';
}

/** The meaning of what a call of the client threw. */
export const classify = (error: unknown): Classification => {
  if (error instanceof StoreFailed) return refused;
  if (error instanceof NobodyLeads || error instanceof ClientGivenUp) return { kind: 'transient' };
  const { type, code, message } = told(error);
  if (type !== undefined && Object.hasOwn(byType, type)) return byType[type]!;
  if (HOPELESS.test(message)) return permanent;
  if (code !== undefined) return byCode[code] ?? permanent;
  // Without a code: what the server says of itself while it starts, or a cluster without a member that answers.
  return type === 'unknown' || /Failed to discover/u.test(message) ? unknown : permanent;
};

/** Whether a client will say the same for ever: it remembers how asking for the server's features failed, which comes as gRPC gave it. */
export const isRemembered = (error: unknown): boolean => {
  const { type, code } = told(error);
  return type === undefined && code !== undefined && code !== 14 && code !== 1 && code !== 12;
};

/** Whether the server does not know the user: who comes with the secrets of today may be known. */
export const isUnknownUser = (error: unknown): boolean => told(error).code === 16;
