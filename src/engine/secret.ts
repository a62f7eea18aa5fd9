import * as t from 'io-ts';
import type { TE } from './fp.ts';

const ENV = /^env:[A-Za-z_][A-Za-z0-9_]*$/;
const FILE = /^file:\/[^\u0000-\u001f\u007f]+$/;

const isReference = (value: unknown): value is string =>
  typeof value === 'string' && (ENV.test(value) || FILE.test(value));

/**
 * Where a secret is to be found: `env:NAME` or `file:/absolute/path`. What is no reference may be the secret itself, written in the wrong
 * place, so an error does not show it.
 */
export const SecretReference = new t.Type<string>(
  'a reference to a secret (env:NAME or file:/path)',
  isReference,
  (value, context) =>
    isReference(value) ? t.success(value) : t.failure('a text that is not shown', context),
  t.identity,
);

/** A secret in the hands of whoever uses it. Printed, put into a text or written as JSON it shows its reference alone. */
export type Secret = {
  readonly reference: string;
  /** The value; it goes to what needs it and nowhere else. */
  readonly reveal: () => string;
  readonly toString: () => string;
  readonly toJSON: () => string;
};

/** A secret that could not be had; it never holds a value. */
export type SecretMissing = {
  readonly type: 'SecretMissing';
  /** As it was given; `(not shown)` where it is no reference. */
  readonly reference: string;
  readonly remedy: string;
};

/** The port of secrets: a reference is resolved each time it is used, so that a changed secret is a new one at once. */
export type Secrets = {
  readonly resolve: (reference: string) => TE.TaskEither<SecretMissing, Secret>;
};

/** What Node's `console.log` and `util.inspect` ask an object for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Wraps a value that was resolved. */
export const secretOf = (reference: string, value: string): Secret => {
  const shown = () => `[secret ${reference}]`;
  return Object.freeze({
    reference,
    reveal: () => value,
    toString: shown,
    toJSON: shown,
    [INSPECT]: shown,
  });
};

export const secretMissing = (reference: string, remedy: string): SecretMissing => ({
  type: 'SecretMissing',
  reference: isReference(reference) ? reference : '(not shown)',
  remedy,
});
