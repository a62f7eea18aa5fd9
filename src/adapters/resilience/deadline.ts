/** A limit in milliseconds, or none. */
export type Limit = number | 'off';

/** The monotonic instant at which a run ends whatever happens: the nearer of two limits. */
export const deadlineOf = (now: number, totalMs: Limit, ownMs: Limit): number =>
  now + Math.min(totalMs === 'off' ? Infinity : totalMs, ownMs === 'off' ? Infinity : ownMs);

/** What cuts an attempt off, and after how long: its own limit, or what is left of the whole run. */
export type Cut = { readonly what: 'attempt' | 'total'; readonly afterMs: number };

/** The nearer of an attempt's own limit and the deadline of its run. */
export const cutOf = (attemptMs: Limit, deadlineAt: number, now: number): Cut => {
  const left = Math.max(deadlineAt - now, 0);
  if (attemptMs !== 'off' && attemptMs < left) return { what: 'attempt', afterMs: attemptMs };
  return { what: 'total', afterMs: left };
};
