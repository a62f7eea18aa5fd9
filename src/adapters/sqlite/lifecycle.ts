import { E } from '../../engine/fp.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { unavailable } from './failures.ts';

/** Why a file does not serve now; undefined: it does. */
type Refusal = (writes: boolean) => StoreFailure | undefined;

/** Closes what was opened, last first, when a later step of opening fails. */
export const opening = <T>(work: (undo: (step: () => void) => void) => T): T => {
  const steps: (() => void)[] = [];
  try {
    return work((step) => steps.unshift(step));
  } catch (error) {
    for (const step of steps) step();
    throw error;
  }
};

/** The life of an open file: what it refuses, and its end. */
export const lifecycle = (path: string, readOnly: boolean) => {
  let isClosed = false;
  const refusal: Refusal = (writes) => {
    if (isClosed) return { type: 'StoreClosed', path };
    if (!writes || !readOnly) return undefined;
    return unavailable(path, 'it was opened read-only', 'open it for writing');
  };
  /** Runs the closing steps once, each of them whatever becomes of the others; rejects with what failed first. */
  const close = (steps: readonly (() => void)[]) => async () => {
    if (isClosed) return;
    isClosed = true;
    const done = steps.map((step) => E.tryCatch(step, (cause) => cause));
    for (const each of done) if (E.isLeft(each)) throw each.left;
  };
  return { refusal, close };
};
