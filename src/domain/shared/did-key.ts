import { base58btc } from 'multiformats/bases/base58';
import { E } from '../../engine/fp.ts';
import { admitEd25519Key, KEY_BYTES, type KeyUnfit } from './ed25519.ts';

/** The multicodec of an Ed25519 public key, as an unsigned varint. */
const ED25519_CODEC = [0xed, 0x01] as const;
const PREFIX = 'did:key:';
/** A did:key of an Ed25519 key has 56 characters; what is much longer is not decoded. */
const LONGEST = 128;

export type DidRefused = KeyUnfit | { readonly type: 'KeyTypeUnsupported'; readonly did: string };

/** `did:key:z...` of an Ed25519 public key: base58btc of 0xed 0x01 and its 32 bytes (W3C CCG, did:key method). */
export const didOfKey = (key: Uint8Array): string =>
  `${PREFIX}${base58btc.encode(Uint8Array.of(...ED25519_CODEC, ...key))}`;

/** The Ed25519 key that a did names. Keys of other kinds, and keys that may not be registered, are refused. */
export const keyOfDid = (did: string): E.Either<DidRefused, Uint8Array> => {
  const unsupported = E.left({ type: 'KeyTypeUnsupported', did: did.slice(0, LONGEST) } as const);
  if (!did.startsWith(PREFIX) || did.length > LONGEST) return unsupported;
  const decoded = E.tryCatch(() => base58btc.decode(did.slice(PREFIX.length)), String);
  if (E.isLeft(decoded)) return unsupported;
  const bytes = decoded.right;
  const isEd25519 = ED25519_CODEC.every((byte, index) => bytes[index] === byte);
  if (!isEd25519 || bytes.length !== ED25519_CODEC.length + KEY_BYTES) return unsupported;
  return admitEd25519Key(bytes.slice(ED25519_CODEC.length));
};
