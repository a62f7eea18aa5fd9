import type { Client } from './library.ts';

/** One client at a time: what has hung, or remembers an error for ever, is replaced by a new one. */
export type Lane = {
  readonly client: () => Client;
  /** Replaces a client, unless somebody has done so already; calls on it end. */
  readonly renew: (broken: Client) => void;
  readonly close: () => Promise<void>;
};

/** Nobody waits for what a client that is given up says at the end. */
export const ignore = (): void => undefined;

export const lane = (connect: () => Client): Lane => {
  let current: Client | undefined;
  return {
    client: () => (current ??= connect()),
    renew: (broken) => {
      if (current === broken) current = undefined;
      broken.dispose().catch(ignore);
    },
    close: async () => {
      await current?.dispose();
      current = undefined;
    },
  };
};
