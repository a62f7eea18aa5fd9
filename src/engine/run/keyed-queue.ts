/** Runs what is asked for one key in turn, whatever is asked for other keys at once. */
export type KeyedQueue = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const keyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key);
    const turn = before === undefined ? work() : before.then(work, work);
    // A failure is its caller's; the next in the queue only waits for it.
    const tail = turn.then(ignore, ignore);
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return turn;
  };
};

const ignore = (): void => undefined;
