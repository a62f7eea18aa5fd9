import { existsSync } from 'node:fs';
import { E } from '../../engine/fp.ts';
import { SecretReference } from '../../engine/secret.ts';

type Problem = { readonly reason: string; readonly remedy: string };
type Setting = { readonly expected: string; readonly isRight: (value: string) => boolean };

const oneOf = (...values: readonly string[]): Setting => ({
  expected: values.join(' or '),
  isRight: (value) => values.includes(value),
});
const file: Setting = { expected: 'a file that is there', isRight: (path) => existsSync(path) };
const secret: Setting = { expected: 'env:NAME or file:/path', isRight: SecretReference.is };
const milliseconds: Setting = {
  expected: 'whole milliseconds above 0',
  isRight: (value) => /^[1-9]\d{0,8}$/u.test(value),
};

/** What a connection string may say behind the question mark. */
const settings: Readonly<Record<string, Setting>> = {
  user: secret,
  password: secret,
  tls: oneOf('true', 'false'),
  tlsCAFile: file,
  // The client takes no notice of false, and warns with the whole string.
  tlsVerifyCert: oneOf('true'),
  userCertFile: file,
  userKeyFile: file,
  nodePreference: oneOf('leader', 'follower', 'readOnlyReplica', 'random'),
  connectionName: { expected: 'a name', isRight: (value) => value !== '' },
  // Without it the revision that a conflict tells is wrong.
  throwOnAppendFailure: oneOf('true'),
  maxDiscoverAttempts: { expected: 'a count', isRight: (value) => /^[1-9]\d{0,3}$/u.test(value) },
  discoveryInterval: milliseconds,
  gossipTimeout: { expected: 'whole seconds', isRight: (value) => /^[1-9]\d{0,3}$/u.test(value) },
  keepAliveInterval: {
    expected: '10000 or more',
    isRight: (value) => /^[1-9]\d{4,8}$/u.test(value),
  },
  keepAliveTimeout: milliseconds,
  defaultDeadline: milliseconds,
};

/** Keys are told apart by their letters alone, as the client does. */
const flat = (key: string): string => key.trim().toLowerCase().replaceAll(/[_-]/gu, '');
const names = new Map(Object.keys(settings).map((name) => [flat(name), name]));

const problem = (reason: string, remedy: string): E.Either<Problem, never> =>
  E.left({ reason, remedy });

const settingIn = (pair: string): E.Either<Problem, readonly [string, string]> => {
  const equals = pair.indexOf('=');
  const name = names.get(flat(pair.slice(0, Math.max(equals, 0))));
  if (name === undefined) {
    const known = Object.keys(settings).join(', ');
    return problem('a setting behind its question mark is not known', `known are ${known}`);
  }
  const text = pair.slice(equals + 1).trim();
  const value = E.toUnion(
    E.tryCatch(
      () => decodeURIComponent(text),
      () => '',
    ),
  );
  const { expected, isRight } = settings[name]!;
  if (isRight(value)) return E.right([name, value]);
  return problem(`its setting ${name} is not ${expected}`, `write ${name}=${expected}`);
};

/** The settings of a connection string by the names that the client knows. */
export const queryOf = (text: string): E.Either<Problem, ReadonlyMap<string, string>> => {
  if (text === '') return E.right(new Map());
  const found = E.traverseArray(settingIn)(text.split('&'));
  return E.isLeft(found) ? found : E.right(new Map(found.right));
};
