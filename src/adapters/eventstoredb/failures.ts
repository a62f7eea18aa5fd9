import { StoreFailed, type StoreFailure } from '../../engine/store.ts';
import { APPEND_LIMIT_BYTES } from '../append-rules.ts';
import {
  policyFailureReason,
  type AttemptFailure,
  type PolicyFailure,
} from '../resilience/failure.ts';
import type { Address } from './address.ts';
import { told } from './errors.ts';

/** Takes a password out of a text, as it is and as a connection string holds it. */
export const without = (password: string | undefined, text: string): string => {
  if (password === undefined) return text;
  const forms = [password, encodeURIComponent(password)];
  return forms.reduce((clean, form) => clean.replaceAll(form, '***'), text);
};

/** A store that cannot serve, by the name of its address. */
export const unavailable = (
  { name, password }: Pick<Address, 'name' | 'password'>,
  reason: string,
  remedy: string,
): StoreFailure => ({
  type: 'StoreUnavailable',
  path: name,
  reason: without(password, reason),
  remedy,
});

const CERTIFICATE = /certificate|self.signed|unable to verify/iu;
const TLS = /EPROTO|SSL|TLS|wrong version number|packet length/iu;

/** What to do about an error, by what it says. */
const remedyOf = (
  { isSecure }: Address,
  { type, code, message }: ReturnType<typeof told>,
): string => {
  if (type === 'access-denied' || code === 7 || code === 16) {
    return 'check the user and the password, and that this user may read and write streams and read $all';
  }
  if (isSecure && CERTIFICATE.test(message)) {
    return 'name the file of its certificate authority: tlsCAFile=PATH';
  }
  if (isSecure && TLS.test(message)) return 'if the server speaks no TLS, write tls=false';
  if (isSecure) return 'check that it runs, its host and its port, and that it speaks TLS';
  return 'check that it runs, its host and its port; if it speaks TLS, take out tls=false';
};

const lastOf = (failure: PolicyFailure): AttemptFailure =>
  failure.type === 'RetriesExhausted' ? failure.last : failure;

const causeOf = (failure: PolicyFailure): unknown => {
  const last = lastOf(failure);
  return last.type === 'CallFailed' ? last.cause : undefined;
};

/** What a call of a policy came to as a failure of the store; `stream` is what it was about. */
export const storeFailure = (
  address: Address,
  failure: PolicyFailure,
  stream = '$all',
): StoreFailure => {
  const cause = causeOf(failure);
  if (cause instanceof StoreFailed) return cause.failure;
  const error = told(cause);
  if (error.type === 'stream-deleted') return { type: 'StreamDeleted', stream };
  if (error.type === 'access-denied') {
    return unavailable(address, `access to ${stream} is denied`, remedyOf(address, error));
  }
  const repeat = failure.outcomeUnknown && stream !== '$all';
  const remedy = remedyOf(address, error);
  const again = 'then do the same again: what was written is recognised by its id';
  const todo = repeat ? `${remedy}; ${again}` : remedy;
  return unavailable(address, policyFailureReason(failure), todo);
};

/** An append that the server finds too large although it is within what all stores take. */
export const tooLargeForServer = (size: number, error: unknown): StoreFailure => {
  const limit =
    error instanceof Error && 'maxAppendSize' in error && typeof error.maxAppendSize === 'number'
      ? error.maxAppendSize
      : APPEND_LIMIT_BYTES;
  return { type: 'AppendTooLarge', size, limit };
};
