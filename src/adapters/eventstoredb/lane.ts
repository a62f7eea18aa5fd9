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

const canClose = (channel: unknown): channel is { readonly close: () => void } =>
  typeof channel === 'object' &&
  channel !== null &&
  'close' in channel &&
  typeof channel.close === 'function';

/** The client ends its calls and leaves its connection open: a process would not end before the server ends it. */
const hangUp = async (client: Client): Promise<void> => {
  const getChannel: unknown = Reflect.get(client, 'getChannel');
  const channel: unknown = typeof getChannel === 'function' ? await getChannel() : undefined;
  if (canClose(channel)) channel.close();
};

const end = async (client: Client): Promise<void> => {
  await client.dispose();
  // In a cluster that does not answer it takes a while to learn that there is nothing to hang up.
  hangUp(client).catch(ignore);
};

export const lane = (connect: () => Client): Lane => {
  let current: Client | undefined;
  return {
    client: () => (current ??= connect()),
    renew: (broken) => {
      if (current === broken) current = undefined;
      end(broken).catch(ignore);
    },
    close: async () => {
      const last = current;
      current = undefined;
      if (last !== undefined) await end(last);
    },
  };
};
