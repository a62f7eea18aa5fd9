import type { Clock } from '../../engine/clock.ts';

/** How something ended that was not waited for for ever. */
export type Ending<Value> =
  | { readonly type: 'Done'; readonly value: Value }
  | { readonly type: 'Threw'; readonly cause: unknown }
  | { readonly type: 'OutOfTime' }
  | { readonly type: 'Aborted'; readonly reason: unknown };

/** When waiting ends at the latest: after `limitMs` (Infinity: never), or as the signal aborts. */
export type Bounds = { readonly limitMs: number; readonly signal: AbortSignal | undefined };

/**
 * Settles at the first of: the end of `begin`, the limit, the abort. It never rejects, and leaves no timer and no listener behind.
 * What `begin` comes to later is lost.
 */
export const race = <Value>(
  { scheduler }: Pick<Clock, 'scheduler'>,
  { limitMs, signal }: Bounds,
  begin: () => Promise<Value>,
): Promise<Ending<Value>> =>
  new Promise((resolve) => {
    const leave = () => end({ type: 'Aborted', reason: signal?.reason });
    const timer =
      limitMs === Infinity
        ? undefined
        : scheduler.schedule(() => end({ type: 'OutOfTime' }), limitMs);
    const end = (ending: Ending<Value>) => {
      timer?.unsubscribe();
      signal?.removeEventListener('abort', leave);
      resolve(ending);
    };
    if (signal?.aborted === true) return leave();
    signal?.addEventListener('abort', leave, { once: true });
    begun(begin).then(
      (value) => end({ type: 'Done', value }),
      (cause: unknown) => end({ type: 'Threw', cause }),
    );
  });

const begun = <Value>(begin: () => Promise<Value>): Promise<Value> => {
  try {
    return begin();
  } catch (cause) {
    return Promise.reject(cause);
  }
};

/** What never ends by itself. */
export const never = (): Promise<never> => new Promise(() => undefined);
