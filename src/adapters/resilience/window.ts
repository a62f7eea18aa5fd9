/** How long outcomes count: `buckets` of `bucketMs` each. */
export type Span = { readonly bucketMs: number; readonly buckets: number };

type Bucket = { readonly bucket: number; readonly calls: number; readonly marked: number };

/**
 * Calls, and those of them that are marked, over a span of monotonic time. The current bucket is kept apart, so that counting in it
 * copies nothing else.
 */
export type Window = Bucket & {
  readonly past: readonly Bucket[];
  readonly pastCalls: number;
  readonly pastMarked: number;
};

export const emptyWindow: Window = {
  bucket: 0,
  calls: 0,
  marked: 0,
  past: [],
  pastCalls: 0,
  pastMarked: 0,
};

const sum = (buckets: readonly Bucket[], of: (bucket: Bucket) => number): number =>
  buckets.reduce((total, bucket) => total + of(bucket), 0);

/** The window as it is at an instant: buckets that have left the span are gone. The same object as long as the bucket is the same. */
export const slide = (window: Window, { bucketMs, buckets }: Span, now: number): Window => {
  const bucket = Math.floor(now / bucketMs);
  if (bucket <= window.bucket) return window;
  const { bucket: last, calls, marked } = window;
  const past = [...window.past, { bucket: last, calls, marked }].filter(
    (one) => one.bucket > bucket - buckets && one.calls + one.marked > 0,
  );
  return {
    bucket,
    calls: 0,
    marked: 0,
    past,
    pastCalls: sum(past, (one) => one.calls),
    pastMarked: sum(past, (one) => one.marked),
  };
};

/** A window with so many more calls and marks in its current bucket. */
export const counted = (
  { bucket, calls, marked, past, pastCalls, pastMarked }: Window,
  moreCalls: number,
  moreMarked: number,
): Window => ({
  bucket,
  calls: calls + moreCalls,
  marked: marked + moreMarked,
  past,
  pastCalls,
  pastMarked,
});

export const callsIn = (window: Window): number => window.calls + window.pastCalls;
export const markedIn = (window: Window): number => window.marked + window.pastMarked;
