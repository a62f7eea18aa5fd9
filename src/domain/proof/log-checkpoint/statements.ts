import { canonicalBytes, compareBytes } from '../../../engine/bytes.ts';
import { E } from '../../../engine/fp.ts';
import { keyOfDid } from '../../shared/did-key.ts';
import { verifyEd25519, type SignatureCheck } from '../../shared/ed25519.ts';

/** What a checkpoint says: the root (hex) over the first `size` leaves of an instance's log, at an instant, in the name of a key. */
export type Statement = {
  readonly size: number;
  readonly root: string;
  readonly instant: number;
  readonly keyId: string;
};
export type SignedStatement = Statement & { readonly signature: string };

/** That a key takes the place of another: both sign it. Keys are named by their did:key; `publicKey` and signatures are hex. */
export type Rotation = {
  readonly keyId: string;
  readonly publicKey: string;
  readonly byOld: string;
  readonly byNew: string;
};

export const CHECKPOINT = 'checkpoint';
export const KEY_ROTATION = 'key-rotation';

/** What a character is worth as a hex digit; 16: it is none. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? 16 : digit;
});

/** The bytes in a text of lower-case hex digits; none where it is none. */
export const fromHex = (text: string): Uint8Array => {
  const bytes = new Uint8Array(Math.floor(text.length / 2));
  for (let index = 0; index < bytes.length; index += 1) {
    const high = DIGITS[text.charCodeAt(2 * index)] ?? 16;
    const low = DIGITS[text.charCodeAt(2 * index + 1)] ?? 16;
    if (high === 16 || low === 16) return new Uint8Array();
    bytes[index] = 16 * high + low;
  }
  return 2 * bytes.length === text.length ? bytes : new Uint8Array();
};

/** `[chancery/checkpoint/1, instance, size, root, instant, keyId]` in canonical bytes. */
export const checkpointBytes = (
  instance: string,
  { size, root, instant, keyId }: Statement,
): Uint8Array =>
  canonicalBytes('chancery/checkpoint/1', instance, size, fromHex(root), instant, keyId);

/** `[chancery/key-rotation/1, instance, old keyId, keyId, public key]` in canonical bytes. */
export const rotationBytes = (
  instance: string,
  old: string,
  { keyId, publicKey }: Pick<Rotation, 'keyId' | 'publicKey'>,
): Uint8Array =>
  canonicalBytes('chancery/key-rotation/1', instance, old, keyId, fromHex(publicKey));

/** How signatures are checked, and how a did:key becomes its key: what checks many keeps the keys that it has seen. */
export type Checking = {
  readonly check: SignatureCheck;
  readonly keyOf: (keyId: string) => Uint8Array | undefined;
};

const keyOf = (keyId: string): Uint8Array | undefined => {
  const key = keyOfDid(keyId);
  return E.isRight(key) ? key.right : undefined;
};

const plainly: Checking = { check: verifyEd25519, keyOf };

/** Keeps the keys that it has seen. Whether a key may be used costs more than whether it has signed. */
export const checkingMany = (check: SignatureCheck): Checking => {
  const known = new Map<string, Uint8Array | undefined>();
  return {
    check,
    keyOf: (keyId) => {
      if (!known.has(keyId)) known.set(keyId, keyOf(keyId));
      return known.get(keyId);
    },
  };
};

const isSignedBy = (
  keyId: string,
  message: Uint8Array,
  signature: string,
  checking: Checking,
): boolean => {
  const key = checking.keyOf(keyId);
  return key !== undefined && checking.check({ key, message, signature: fromHex(signature) });
};

/** Whether the key that a checkpoint names has signed it. */
export const isCheckpointSigned = (
  instance: string,
  signed: SignedStatement,
  checking = plainly,
): boolean =>
  isSignedBy(signed.keyId, checkpointBytes(instance, signed), signed.signature, checking);

/** Whether the old key and the new one have signed a rotation, and the new one is the key that its name names. */
export const isRotationSigned = (
  instance: string,
  old: string,
  rotation: Rotation,
  checking = plainly,
): boolean => {
  const { keyId, publicKey, byOld, byNew } = rotation;
  const key = checking.keyOf(keyId);
  if (key === undefined || compareBytes(key, fromHex(publicKey)) !== 0) return false;
  const bytes = rotationBytes(instance, old, rotation);
  return isSignedBy(old, bytes, byOld, checking) && isSignedBy(keyId, bytes, byNew, checking);
};
