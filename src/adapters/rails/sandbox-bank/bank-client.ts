import * as t from 'io-ts';
import { malformed } from '../../../engine/codec.ts';
import { E } from '../../../engine/fp.ts';
import type { Classification } from '../../resilience/failure.ts';

/** Why the bank's process gave no answer that is one. Its address is in no message: it may carry a password. */
class BankFailed extends Error {
  override readonly name = 'BankFailed';
  readonly means: Classification;
  constructor(message: string, means: Classification) {
    super(message);
    this.means = means;
  }
}

/** What an error of a call to the bank means; a connection that broke may have broken after the effect. */
export const classified = (cause: unknown): Classification =>
  cause instanceof BankFailed ? cause.means : { kind: 'unknownOutcome' };

/** A broken connection, with a code such as ECONNREFUSED. */
const Broken = t.type({ cause: t.type({ code: t.string }) });

const unreachable = (cause: unknown): BankFailed => {
  const code = Broken.is(cause) ? cause.cause.code : 'no code';
  // Nobody listens: nothing was sent.
  const kind = code === 'ECONNREFUSED' ? 'transient' : 'unknownOutcome';
  return new BankFailed(`the connection failed (${code})`, { kind });
};

/** How much of the bank's own words a message repeats, in characters. */
const SHOWN = 200;

const refusedWith = (status: number, text: string): BankFailed => {
  const kind = status >= 400 && status < 500 ? 'callerMistake' : 'unknownOutcome';
  return new BankFailed(`status ${status}: ${text.slice(0, SHOWN)}`, { kind });
};

const notUnderstood = (expected: string): BankFailed =>
  new BankFailed(`an answer that is not ${expected}`, { kind: 'permanent' });

/** A request to the bank's process. */
export type BankRequest = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
};

/** The bank's answer as a codec has it. Rejects with `BankFailed`, or as `signal` is aborted. */
export const askBank = async <A>(
  url: string,
  { method, path, body, signal }: BankRequest,
  codec: t.Type<A>,
): Promise<A> => {
  const { status, text } = await exchanged(new URL(path, url), {
    method,
    signal,
    // A redirect would carry an order to somebody else.
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (status < 200 || status > 299) throw refusedWith(status, text);
  const json = E.tryCatch(
    (): unknown => JSON.parse(text),
    () => notUnderstood('JSON'),
  );
  if (E.isLeft(json)) throw json.left;
  const answer = codec.decode(json.right);
  if (E.isRight(answer)) return answer.right;
  const { path: place, expected } = malformed(answer.left);
  throw notUnderstood(`${expected} at ${place}`);
};

const exchanged = async (url: URL, request: RequestInit) => {
  try {
    const response = await fetch(url, request);
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    if (request.signal?.aborted === true) throw request.signal.reason;
    throw unreachable(cause);
  }
};
