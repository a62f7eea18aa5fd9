/** Runs what is asked for one key in turn, whatever is asked for other keys at once. What waits is held by its callers' promises. */
export type KeyedQueue = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const keyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<void>>();
  return (key, work) => {
    const before = tails.get(key);
    const turn = before === undefined ? work() : before.then(work);
    const leave = (): void => {
      if (tails.get(key) === tail) tails.delete(key);
    };
    // A failure is its caller's; the next in the queue only waits for it.
    const tail = turn.then(leave, leave);
    tails.set(key, tail);
    return turn;
  };
};
