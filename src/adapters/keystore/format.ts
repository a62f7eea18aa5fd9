import * as t from 'io-ts';
import { canonicalBytes } from '../../engine/bytes.ts';
import { ActorId, closed, malformed, text } from '../../engine/codec.ts';
import { E } from '../../engine/fp.ts';

/** What has kept a keystore from being made or opened. None holds a secret. */
export type KeystoreFailure =
  | {
      readonly type: 'KeystoreUnavailable';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    }
  /** What lies there is no keystore of a version that this code reads. */
  | {
      readonly type: 'KeystoreDamaged';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    }
  /** The passphrase is wrong, or a byte of the file is not what was written: which of them cannot be told. */
  | { readonly type: 'KeystoreLocked'; readonly path: string; readonly remedy: string }
  /** Guessing its passphrase would be too cheap. */
  | {
      readonly type: 'ParametersWeak';
      readonly path: string;
      readonly found: string;
      readonly least: string;
    }
  /** Opening it would cost too much memory or time: a trap, or a slip. */
  | {
      readonly type: 'ParametersTooCostly';
      readonly path: string;
      readonly found: string;
      readonly most: string;
    };

const base64 = (bytes: number, name: string) =>
  text(`${name} (${bytes} bytes in base64)`, (value) => isBase64Of(value, bytes));

const isBase64Of = (value: string, bytes: number): boolean => {
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === value;
};

const Count = t.refinement(
  t.number,
  (value) => Number.isSafeInteger(value) && value > 0,
  'a count',
);

export const SALT_BYTES = 32;
export const NONCE_BYTES = 12;
/** 32 bytes of a secret key, and the 16 of the tag that AES-GCM puts behind them. */
const SEALED_BYTES = 48;

const Key = closed({ identity: ActorId, version: Count, did: t.string }, 'a key');
/** Whose key it is, which of theirs, and its public part. */
export type KeyName = t.TypeOf<typeof Key>;

const Keystore = closed({
  format: t.literal('chancery-keystore'),
  v: t.literal(1),
  kdf: closed({
    name: t.literal('scrypt'),
    logN: Count,
    r: t.literal(8),
    p: Count,
    salt: base64(SALT_BYTES, 'a salt'),
  }),
  cipher: closed({ name: t.literal('aes-256-gcm'), nonce: base64(NONCE_BYTES, 'a nonce') }),
  key: Key,
  sealed: base64(SEALED_BYTES, 'a sealed key'),
});
/** A keystore file, version 1. */
export type Keystore = t.TypeOf<typeof Keystore>;
export type KeystoreHeader = Omit<Keystore, 'sealed'>;

/** What a sealed key is bound to: all of the file but itself. */
export const headerBytes = ({ format, v, kdf, cipher, key }: KeystoreHeader): Uint8Array =>
  canonicalBytes(
    'chancery/keystore/1',
    key.identity,
    canonicalBytes(format, v),
    canonicalBytes(kdf.name, kdf.logN, kdf.r, kdf.p, Buffer.from(kdf.salt, 'base64')),
    canonicalBytes(cipher.name, Buffer.from(cipher.nonce, 'base64')),
    canonicalBytes(key.version, key.did),
  );

/** scrypt's cost: logN is the binary logarithm of N. New files get the default; a weaker one is written anew when it is opened. */
export const COST = { logN: 17, r: 8, p: 1 } as const;
const LEAST_LOG_N = 15;
const MOST_LOG_N = 20;
const MOST_P = 4;

/** The keystore in a file's text, if its parameters are neither too weak nor a trap. */
export const keystoreIn = (content: string, path: string): E.Either<KeystoreFailure, Keystore> => {
  const parsed = E.tryCatch((): unknown => JSON.parse(content), String);
  const remedy = 'restore the file from your backup of keys';
  if (E.isLeft(parsed)) {
    return E.left({ type: 'KeystoreDamaged', path, reason: 'it is no JSON', remedy });
  }
  const decoded = Keystore.decode(parsed.right);
  if (E.isLeft(decoded)) {
    const { path: place, expected } = malformed(decoded.left);
    const reason = place === '' ? `it is not ${expected}` : `${place} is not ${expected}`;
    return E.left({ type: 'KeystoreDamaged', path, reason, remedy });
  }
  return affordable(decoded.right, path);
};

const affordable = (keystore: Keystore, path: string): E.Either<KeystoreFailure, Keystore> => {
  const { logN, p } = keystore.kdf;
  if (logN < LEAST_LOG_N) {
    return E.left({
      type: 'ParametersWeak',
      path,
      found: `logN ${logN}`,
      least: `logN ${LEAST_LOG_N}`,
    });
  }
  if (logN > MOST_LOG_N || p > MOST_P) {
    const most = `logN ${MOST_LOG_N}, p ${MOST_P}`;
    return E.left({ type: 'ParametersTooCostly', path, found: `logN ${logN}, p ${p}`, most });
  }
  return E.right(keystore);
};

/** Whether a keystore costs less to guess than one that is written now. */
export const isDated = ({ kdf }: Keystore): boolean => kdf.logN < COST.logN;
