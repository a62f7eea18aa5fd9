import { E } from '../../engine/fp.ts';
import { queryOf } from './address-query.ts';

/** Where a server is. */
export type Address = {
  /** For people: hosts and ports, without user and password. */
  readonly name: string;
  /** A connection string as the client takes it, or a socket in the file system. */
  readonly to: { readonly connectionString: string } | { readonly socket: string };
  readonly isSecure: boolean;
  /** What must never be shown. */
  readonly password: string | undefined;
  /** Where the user and the password are to be found, if they are not in the connection string. */
  readonly references?: Login;
};

/** What is wrong with an address. None of it is shown: it may hold a password where nobody expects one. */
export type BadAddress = { readonly reason: string; readonly remedy: string };

type Host = { readonly name: string; readonly port: number };
/** A user and a password, or references to both. */
export type Login = { readonly user: string; readonly password: string };

const SHAPE =
  /^(?<scheme>[a-z]+)(?<discover>\+discover)?:\/\/(?:(?<login>[^@/?]*)@)?(?<hosts>[^@/?]+)\/?(?:\?(?<query>.*))?$/u;

const SCHEMES: ReadonlySet<string> = new Set(['esdb', 'kurrentdb', 'kdb']);
const EXAMPLE =
  'esdb://user:password@host:2113 or, for a local server, esdb://localhost:2113?tls=false';
const HOST = /^(?<name>[\w.-]+)(?::(?<port>\d{1,5}))?$/u;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3})$/u;

const bad = (reason: string, remedy = `write ${EXAMPLE}`): E.Either<BadAddress, never> =>
  E.left({ reason, remedy });

const hostOf = (text: string): Host | undefined => {
  const { name, port = '2113' } = HOST.exec(text)?.groups ?? {};
  const number = Number(port);
  return name === undefined || number < 1 || number > 65_535 ? undefined : { name, port: number };
};

const hostsOf = (text: string): E.Either<BadAddress, readonly Host[]> => {
  const hosts = text.split(',').map(hostOf);
  const known = hosts.filter((host) => host !== undefined);
  if (known.length === hosts.length) return E.right(known);
  return bad(`host ${hosts.indexOf(undefined) + 1} is no name or IPv4 address with a port`);
};

const decoded = (text: string): string | undefined =>
  E.toUnion(
    E.tryCatch(
      () => decodeURIComponent(text),
      () => undefined,
    ),
  );

const loginOf = (text: string | undefined): E.Either<BadAddress, Login | undefined> => {
  if (text === undefined) return E.right(undefined);
  const colon = text.indexOf(':');
  const user = decoded(text.slice(0, Math.max(colon, 0)));
  const password = decoded(text.slice(colon + 1));
  if (colon > 0 && user !== undefined && password !== undefined && password !== '') {
    return E.right({ user, password });
  }
  const remedy = 'write user:password@ before the host, what is no letter or digit percent-encoded';
  return bad('it has an @ and no user with a password before it', remedy);
};

/** Keys that are for us alone: the client knows none of them. */
const REFERENCES = ['user', 'password'] as const;

/** Takes the references to secrets out of the settings. */
const referencesIn = (
  query: ReadonlyMap<string, string>,
  login: Login | undefined,
): E.Either<BadAddress, Login | undefined> => {
  const [user, password] = REFERENCES.map((key) => query.get(key));
  if (user === undefined && password === undefined) return E.right(undefined);
  if (user === undefined || password === undefined) {
    return bad('one of its settings user and password is missing', 'write both, or neither');
  }
  if (login === undefined) return E.right({ user, password });
  return bad('it names a user twice', 'take out user:password@, or the settings user and password');
};

/** A connection string with a user and a password in it. */
export const loggedIn = (connectionString: string, { user, password }: Login): string => {
  const login = [user, password].map(encodeURIComponent).join(':');
  return connectionString.replace('://', () => `://${login}@`);
};

const socketAt = (path: string): E.Either<BadAddress, Address> =>
  path.startsWith('/')
    ? E.right({
        name: `unix:${path}`,
        to: { socket: `unix:${path}` },
        isSecure: false,
        password: undefined,
      })
    : bad('the path of its socket does not begin with /', 'write unix:/path/to/socket');

const composed = (
  discover: boolean,
  hosts: readonly Host[],
  login: Login | undefined,
  query: ReadonlyMap<string, string>,
): E.Either<BadAddress, Address> => {
  const references = referencesIn(query, login);
  if (E.isLeft(references)) return references;
  const isSecure = query.get('tls') !== 'false';
  const isLocal = hosts.every(({ name }) => LOOPBACK.test(name));
  const isNamed = login !== undefined || references.right !== undefined;
  if (isNamed && !isSecure && !isLocal) {
    const remedy = 'take out tls=false, or the user and the password';
    return bad('it would send a password to another machine without TLS', remedy);
  }
  const places = hosts.map(({ name, port }) => `${name}:${port}`).join(',');
  // The client would look at the first of several hosts alone.
  const scheme = discover && hosts.length === 1 ? 'esdb+discover' : 'esdb';
  const settings = [...query]
    .filter(([key]) => !REFERENCES.some((reference) => reference === key))
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  const name = `${scheme}://${places}`;
  const nameless = settings.length === 0 ? name : `${name}?${settings.join('&')}`;
  const connectionString = login === undefined ? nameless : loggedIn(nameless, login);
  return E.right({
    name,
    to: { connectionString },
    isSecure,
    password: login?.password,
    ...(references.right === undefined ? {} : { references: references.right }),
  });
};

/**
 * An address from `esdb://`, `kurrentdb://` or `kdb://`, each with `+discover` or without, `[user:password@]host[:port][,host...]`,
 * `?key=value&...`, or from `unix:/path`. In place of `user:password@` the keys `user` and `password` may name references to secrets. What the client would only warn about, showing all of it, is refused.
 */
export const addressOf = (text: string): E.Either<BadAddress, Address> => {
  if (text.startsWith('unix:')) return socketAt(text.slice('unix:'.length));
  const parts = SHAPE.exec(text.trim())?.groups;
  if (parts === undefined) return bad('it is no connection string');
  if (!SCHEMES.has(parts['scheme']!)) return bad('its scheme is not esdb, kurrentdb or kdb');
  const hosts = hostsOf(parts['hosts']!);
  if (E.isLeft(hosts)) return hosts;
  const login = loginOf(parts['login']);
  if (E.isLeft(login)) return login;
  const query = queryOf(parts['query'] ?? '');
  if (E.isLeft(query)) return query;
  return composed(parts['discover'] !== undefined, hosts.right, login.right, query.right);
};
