import { StoreFailed } from '../../engine/store.ts';
import type { Client } from './library.ts';

/** One client at a time: what has hung, or remembers an error for ever, is replaced by a new one. */
export type Lane = {
  /** Rejects with `StoreFailed` once the lane is closed: what is under way then must not dial anew. */
  readonly client: () => Promise<Client>;
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

const givenUp = new WeakSet<Client>();

/** Whether a client was given up: it ends reads that are under way as if there were no more to read. */
export const isGivenUp = (client: Client): boolean => givenUp.has(client);

/** The client ends its calls and leaves its connection open: a process would not end before the server ends it. */
const hangUp = async (client: Client): Promise<void> => {
  const getChannel: unknown = Reflect.get(client, 'getChannel');
  const channel: unknown = typeof getChannel === 'function' ? await getChannel() : undefined;
  if (canClose(channel)) channel.close();
};

const end = async (client: Client): Promise<void> => {
  givenUp.add(client);
  await client.dispose();
  // In a cluster that does not answer it takes a while to learn that there is nothing to hang up.
  hangUp(client).catch(ignore);
};

/** The lane of a store by its name; `connect` makes a client, and may reject. */
export const lane = (name: string, connect: () => Promise<Client>): Lane => {
  let current: Promise<Client> | undefined;
  let isClosed = false;
  const forget = (making: Promise<Client>): void => {
    if (current === making) current = undefined;
  };
  const made = (): Promise<Client> => {
    const making = connect();
    current = making;
    making.catch(() => forget(making));
    return making;
  };
  return {
    client: async () => {
      if (!isClosed) {
        const client = await (current ?? made());
        if (!isClosed) return client;
      }
      throw new StoreFailed({ type: 'StoreClosed', path: name });
    },
    renew: (broken) => {
      const last = current;
      const forgetBroken = async (): Promise<void> => {
        if (last !== undefined && (await last) === broken) forget(last);
      };
      forgetBroken().catch(ignore);
      end(broken).catch(ignore);
    },
    close: async () => {
      isClosed = true;
      const last = current;
      current = undefined;
      // A client that could not be made has told whoever wanted it.
      if (last !== undefined) await last.then(end, ignore);
    },
  };
};
