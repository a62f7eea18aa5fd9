import { E } from '../../engine/fp.ts';
import type { Secrets } from '../../engine/secret.ts';
import { StoreFailed } from '../../engine/store.ts';
import { loggedIn, type Address, type Login } from './address.ts';
import { unavailable, without } from './failures.ts';
import type { Client, Library } from './library.ts';

const revealed = async (address: Address, secrets: Secrets, text: string): Promise<string> => {
  const found = await secrets.resolve(text)();
  if (E.isRight(found)) return found.right.reveal();
  const { reference, remedy } = found.left;
  throw new StoreFailed(unavailable(address, `there is no secret ${reference}`, remedy));
};

/** The client's own errors may show the whole of what it was given. */
const dialled = (
  { EventStoreDBClient }: Library,
  address: Address,
  text: string,
  hidden: Login,
): Client => {
  try {
    return EventStoreDBClient.connectionString(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const reason = without(hidden.user, without(hidden.password, message));
    throw new StoreFailed(unavailable(address, reason, 'correct its connection string'));
  }
};

/** Makes clients for an address, each with its secrets as they are then; a client dials nothing before its first call. */
export const connector =
  (library: Library, address: Address, secrets: Secrets) => async (): Promise<Client> => {
    const { to, references } = address;
    const { EventStoreDBClient } = library;
    if ('socket' in to) return new EventStoreDBClient({ endpoint: to.socket }, { insecure: true });
    if (references === undefined) return EventStoreDBClient.connectionString(to.connectionString);
    const user = await revealed(address, secrets, references.user);
    const password = await revealed(address, secrets, references.password);
    const login = { user, password };
    return dialled(library, address, loggedIn(to.connectionString, login), login);
  };
