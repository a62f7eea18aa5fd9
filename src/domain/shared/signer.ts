import { canonicalBytes, compareBytes } from '../../engine/bytes.ts';
import type { TE } from '../../engine/fp.ts';

/** Why nothing was signed. A failure never holds a secret. */
export type SignFailure =
  | { readonly type: 'SignerUnavailable'; readonly reason: string; readonly remedy: string }
  /** The bytes are no record of the purpose: a signer signs nothing whose purpose it was not told. */
  | { readonly type: 'PurposeMismatch'; readonly purpose: string };

/**
 * The port of whatever holds a key. `sign` gives the 64 bytes of an Ed25519 signature over bytes that are canonical (docs/canonical-bytes.md)
 * and begin with the tag of their purpose, `chancery/<purpose>/1`: a signature made for one purpose is good for no other.
 */
export type Signer = {
  /** What holds the key, for people; no secret. */
  readonly describe: () => string;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly sign: (purpose: string, bytes: Uint8Array) => TE.TaskEither<SignFailure, Uint8Array>;
  /** Forgets the key. */
  readonly close: () => void;
};

/** Whether bytes begin with the tag of a purpose. */
export const isOfPurpose = (purpose: string, bytes: Uint8Array): boolean => {
  const tag = canonicalBytes(`chancery/${purpose}/1`);
  return compareBytes(bytes.subarray(0, tag.length), tag) === 0;
};
