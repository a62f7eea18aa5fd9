import { EngineFailed, type SendFailure } from './engine.ts';
import { E } from '../fp.ts';
import type { OpenFailure } from './opening.ts';
import { StoreFailed } from '../store.ts';

/** The value of an answer, or its failure thrown as `EngineFailed`. */
export const unwrapped = <T>(answer: E.Either<OpenFailure | SendFailure, T>): T => {
  if (E.isLeft(answer)) throw new EngineFailed(answer.left);
  return answer.right;
};

/** A failure of the store as what leaves the engine; anything else is a bug and stays as it is. */
export const leaving = (cause: unknown): unknown =>
  cause instanceof StoreFailed ? new EngineFailed(cause.failure) : cause;

type Method = (...given: never[]) => unknown;

const guarded =
  (method: Method): Method =>
  (...given) => {
    const answer = E.tryCatch(() => method(...given), leaving);
    if (E.isLeft(answer)) throw answer.left;
    if (!(answer.right instanceof Promise)) return answer.right;
    return answer.right.catch((cause: unknown) => {
      throw leaving(cause);
    });
  };

/** The same methods, from which a failure of the store leaves as `EngineFailed`, whether they answer at once or with a promise. */
export const atTheEdge = <Methods extends Readonly<Record<string, Method>>>(
  methods: Methods,
): Methods =>
  // A guarded method takes and gives what the method does.
  Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, guarded(method)]),
  ) as unknown as Methods;
