import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { TE } from '../../engine/fp.ts';
import { isOfPurpose, type Signer } from '../../domain/shared/signer.ts';
import type { KeyName } from './format.ts';

/** RFC 8410: what comes before the 32 bytes of a secret key in its PKCS #8 form. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_BYTES = 32;

const privateKeyOf = (secret: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: 'der', type: 'pkcs8' });

/** The public key of a secret one: both have 32 bytes. */
export const publicKeyOf = (secret: Uint8Array): Uint8Array => {
  const spki = createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(-PUBLIC_BYTES));
};

/** A signer that holds a secret key in the memory of this process. */
export const signerOf = (secret: Uint8Array, { did }: KeyName, where: string): Signer => {
  let key: KeyObject | undefined = privateKeyOf(secret);
  return {
    describe: () => where,
    keyId: did,
    publicKey: publicKeyOf(secret),
    sign: (purpose, bytes) => async () => {
      if (key === undefined) {
        const remedy = 'open the keystore again';
        return TE.left({
          type: 'SignerUnavailable' as const,
          reason: `${where} is closed`,
          remedy,
        })();
      }
      if (!isOfPurpose(purpose, bytes)) {
        return TE.left({ type: 'PurposeMismatch' as const, purpose })();
      }
      return TE.right(new Uint8Array(sign(null, bytes, key)))();
    },
    close: () => {
      key = undefined;
    },
  };
};
