import { timer } from 'rxjs';
import type { Call } from '../../outbox.ts';

/** How long a call may take where its effect does not say, in milliseconds of real time. */
const CALL_MS = 30_000;

/** The engine closes, or another one takes over: what is under way is left as it is stored. */
export class CutShort extends Error {
  override readonly name = 'CutShort';
}

export const closed = (): CutShort => new CutShort('the engine closes');

/** How calls to the outside world are made: within a time limit, and until the engine closes. */
export type Calling = {
  readonly timeoutMs: number | undefined;
  readonly closing: AbortSignal;
  readonly fence: number;
};

/** The answer of a call; rejects when its time is over, as real time goes, or with `CutShort`. A late answer is nobody's. */
export const answered = async <Answer>(
  { timeoutMs = CALL_MS, closing, fence }: Calling,
  ask: (call: Call) => Promise<Answer>,
): Promise<Answer> => {
  if (closing.aborted) throw closed();
  const { promise: given, reject } = Promise.withResolvers<never>();
  const call = new AbortController();
  const end = (cause: Error): void => {
    call.abort(cause);
    reject(cause);
  };
  const cut = (): void => end(closed());
  closing.addEventListener('abort', cut);
  const limit = timer(timeoutMs).subscribe(() => end(new Error(`no answer in ${timeoutMs} ms`)));
  try {
    return await Promise.race([given, ask({ signal: call.signal, fence })]);
  } finally {
    limit.unsubscribe();
    closing.removeEventListener('abort', cut);
  }
};
