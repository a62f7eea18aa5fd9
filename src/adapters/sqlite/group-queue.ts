/** A queue whose items are worked off in groups, one group per turn of the event loop. */
export type GroupQueue<Item> = {
  readonly push: (item: Item) => void;
  /** Works off all that waits now. */
  readonly flush: () => void;
};

/** A group takes no more than this, so that the event loop is not held long. */
const GROUP_ITEMS = 512;
const GROUP_BYTES = 1_048_576;

/**
 * Items that wait together are worked off together. The next group starts a turn of the event loop later, so that all who were woken
 * by the last one can join it.
 */
export const groupQueue = <Item>(
  sizeOf: (item: Item) => number,
  work: (group: readonly Item[]) => void,
): GroupQueue<Item> => {
  let queue: Item[] = [];
  let scheduled = false;
  const next = (): readonly Item[] => {
    let [count, bytes] = [0, 0];
    while (count < Math.min(queue.length, GROUP_ITEMS)) {
      bytes += sizeOf(queue[count]!);
      if (count > 0 && bytes > GROUP_BYTES) break;
      count += 1;
    }
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  };
  const schedule = (): void => {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    scheduled = false;
    if (queue.length > 0) work(next());
    schedule();
  };
  return {
    push: (item) => {
      queue.push(item);
      schedule();
    },
    flush: () => {
      while (queue.length > 0) work(next());
    },
  };
};
