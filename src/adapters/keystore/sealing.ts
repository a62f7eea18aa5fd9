import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { E } from '../../engine/fp.ts';
import {
  COST,
  headerBytes,
  NONCE_BYTES,
  SALT_BYTES,
  type KeyName,
  type Keystore,
  type KeystoreHeader,
} from './format.ts';

const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** scrypt needs 128 * N * r bytes, and Node.js wants to be told how much it may take. */
const memoryFor = (logN: number, r: number): number => 256 * 2 ** logN * r;

const derivedKey = (passphrase: string, { kdf }: KeystoreHeader): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { logN, r, p, salt } = kdf;
    const cost = { N: 2 ** logN, r, p, maxmem: memoryFor(logN, r) };
    scrypt(passphrase, Buffer.from(salt, 'base64'), KEY_BYTES, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

/** A secret key under a passphrase, with a new salt and a new nonce. */
export const sealed = async (
  secret: Uint8Array,
  key: KeyName,
  passphrase: string,
): Promise<Keystore> => {
  const header: KeystoreHeader = {
    format: 'chancery-keystore',
    v: 1,
    kdf: { name: 'scrypt', ...COST, salt: randomBytes(SALT_BYTES).toString('base64') },
    cipher: { name: 'aes-256-gcm', nonce: randomBytes(NONCE_BYTES).toString('base64') },
    key,
  };
  const nonce = Buffer.from(header.cipher.nonce, 'base64');
  const cipher = createCipheriv('aes-256-gcm', await derivedKey(passphrase, header), nonce);
  cipher.setAAD(headerBytes(header));
  const text = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return { ...header, sealed: text.toString('base64') };
};

/** The secret key in a keystore; a Left where the passphrase or anything in the file is not what it was. */
export const unsealed = async (
  { sealed: text, ...header }: Keystore,
  passphrase: string,
): Promise<E.Either<string, Uint8Array>> => {
  const key = await derivedKey(passphrase, header);
  const bytes = Buffer.from(text, 'base64');
  const nonce = Buffer.from(header.cipher.nonce, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(headerBytes(header));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return E.tryCatch(
    () => Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]),
    String,
  );
};
