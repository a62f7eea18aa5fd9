import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  KEY_BYTES,
  SIGNATURE_BYTES,
  verifyEd25519,
  type SignatureCheck,
} from '../domain/shared/ed25519.ts';
import { E } from '../engine/fp.ts';
import { signaturesToKnow } from './known-signatures.ts';

/** Keys that are kept as the native library wants them. */
const KEPT_KEYS = 10_000;

/** RFC 8410: what comes before the 32 bytes of a public key in its SubjectPublicKeyInfo. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const keyObjectOf = (key: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' });

/** What Node.js itself says of a signature. It differs between versions in what it refuses, and never accepts what ZIP 215 refuses. */
export const nativeEd25519 = (): SignatureCheck => {
  const keys = new LRUCache<string, KeyObject>({ max: KEPT_KEYS });
  const known = (key: Uint8Array): KeyObject => {
    const name = Buffer.from(key).toString('latin1');
    const kept = keys.get(name) ?? keyObjectOf(key);
    keys.set(name, kept);
    return kept;
  };
  return ({ key, message, signature }) => {
    if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    const verdict = E.tryCatch(() => verify(null, message, known(key), signature), String);
    return E.isRight(verdict) && verdict.right;
  };
};

/** A fast check of signatures, and whether the fast part passed its test at the start. */
export type NativeFirst = { readonly check: SignatureCheck; readonly isNativeOn: boolean };

/**
 * The native check, and for what it refuses the pure one: what it accepts satisfies ZIP 215 too. That is tested first, with signatures
 * of every strange kind; a native check that accepts one too many is not used.
 */
export const nativeFirst = (native: SignatureCheck = nativeEd25519()): NativeFirst => {
  const isNativeOn = signaturesToKnow().every((signed) => !native(signed) || verifyEd25519(signed));
  if (!isNativeOn) return { check: verifyEd25519, isNativeOn };
  return { check: (signed) => native(signed) || verifyEd25519(signed), isNativeOn };
};
