import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { E, type TE } from '../../engine/fp.ts';
import { didOfKey } from '../../domain/shared/did-key.ts';
import type { Signer } from '../../domain/shared/signer.ts';
import { isDated, keystoreIn, type Keystore, type KeystoreFailure } from './format.ts';
import { publicKeyOf, signerOf } from './secret-key.ts';
import { sealed, unsealed } from './sealing.ts';
import { writeSecretly } from './write-secretly.ts';

type Opened<T> = TE.TaskEither<KeystoreFailure, T>;

const SECRET_BYTES = 32;

const unavailable = (path: string, cause: unknown, remedy: string): KeystoreFailure => ({
  type: 'KeystoreUnavailable',
  path,
  reason: cause instanceof Error ? cause.message : String(cause),
  remedy,
});

const attempt = async <T>(
  work: () => Promise<T>,
  path: string,
  remedy: string,
): Promise<E.Either<KeystoreFailure, T>> =>
  work().then(
    (value) => E.right(value),
    (cause: unknown) => E.left(unavailable(path, cause, remedy)),
  );

const textOf = (keystore: Keystore): string => `${JSON.stringify(keystore, null, 2)}\n`;

/** Makes a key and writes it, sealed, into a new file that only its owner reads. An existing file is never overwritten. */
export const createKeystore =
  (
    path: string,
    { identity, version = 1 }: { readonly identity: string; readonly version?: number },
    passphrase: string,
  ): Opened<Signer> =>
  async () => {
    const secret = randomBytes(SECRET_BYTES);
    const did = didOfKey(publicKeyOf(secret));
    const keystore = await sealed(secret, { identity, version, did }, passphrase);
    const remedy = 'name a new file in a directory that this user may write';
    const written = await attempt(
      () => writeSecretly(path, textOf(keystore), { replace: false }),
      path,
      remedy,
    );
    return E.map(() => signerOf(secret, keystore.key, `keystore ${path}`))(written);
  };

/** Opens a keystore. One whose cost is below that of new ones is written anew, in one step. */
export const openKeystore =
  (path: string, passphrase: string): Opened<Signer> =>
  async () => {
    const content = await attempt(
      () => readFile(path, 'utf8'),
      path,
      'name a keystore file that this user may read; chancery keygen makes one',
    );
    if (E.isLeft(content)) return content;
    const found = keystoreIn(content.right, path);
    if (E.isLeft(found)) return found;
    const keystore = found.right;
    const secret = await unsealed(keystore, passphrase);
    if (E.isLeft(secret) || didOfKey(publicKeyOf(secret.right)) !== keystore.key.did) {
      const remedy =
        'give the passphrase of this file; if it is right, the file is damaged: restore it';
      return E.left({ type: 'KeystoreLocked', path, remedy });
    }
    const signer = signerOf(secret.right, keystore.key, `keystore ${path}`);
    if (!isDated(keystore)) return E.right(signer);
    const stronger = await sealed(secret.right, keystore.key, passphrase);
    const rewritten = await attempt(
      () => writeSecretly(path, textOf(stronger), { replace: true }),
      path,
      'its parameters are dated and it could not be written anew: make its directory writable',
    );
    return E.map(() => signer)(rewritten);
  };
