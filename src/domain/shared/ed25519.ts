import { hashes, Point, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { compareBytes } from '../../engine/bytes.ts';
import { E } from '../../engine/fp.ts';

/** Bytes that a key is said to have signed. A key has 32 bytes, a signature 64. */
export type SignedMessage = {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/** Whether a signature is one, by the profile `ed25519-zip215/v1`. Every implementation gives the same answer to every input. */
export type SignatureCheck = (signed: SignedMessage) => boolean;

/** The name of the rule by which signatures count, for what records how it was checked. */
export const ED25519_PROFILE = 'ed25519-zip215/v1';

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/**
 * Pure Ed25519 (RFC 8032) without context or prehash, accepted by ZIP 215: encodings of points need not be canonical, S is below
 * the group's order, and [8][S]B = [8]R + [8][k]A. Total: whatever is no signature is false.
 */
export const verifyEd25519: SignatureCheck = ({ key, message, signature }) => {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  // The library has no SHA-512 of its own for its synchronous calls.
  hashes.sha512 ??= sha512;
  return verify(signature, message, key, { zip215: true });
};

/** Why a key is not admitted. */
export type KeyUnfit = {
  readonly type: 'KeyUnfit';
  readonly why: 'length' | 'notCanonical' | 'notOnCurve' | 'smallOrder' | 'torsion';
};

const unfit = (why: KeyUnfit['why']): E.Either<KeyUnfit, never> =>
  E.left({ type: 'KeyUnfit', why });

/**
 * A key that may be registered: 32 bytes, the canonical encoding of a point on the curve, of prime order. Verifying admits more, and
 * under a key of small order one signature fits any message: nobody could be held to it.
 */
export const admitEd25519Key = (key: Uint8Array): E.Either<KeyUnfit, Uint8Array> => {
  if (key.length !== KEY_BYTES) return unfit('length');
  const decoded = E.tryCatch(() => Point.fromBytes(key, true), String);
  if (E.isLeft(decoded)) return unfit('notOnCurve');
  const point = decoded.right;
  if (compareBytes(point.toBytes(), key) !== 0) return unfit('notCanonical');
  if (point.isSmallOrder()) return unfit('smallOrder');
  return point.isTorsionFree() ? E.right(key) : unfit('torsion');
};
