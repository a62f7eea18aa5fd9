import type { ProofRefused } from '../domain/shared/merkle-proofs.ts';

/** Why a bundle proves nothing. */
export type BundleRefused =
  | { readonly type: 'TooLarge'; readonly size: number; readonly limit: number }
  /** It is no JSON object. */
  | { readonly type: 'NoBundle' }
  | { readonly type: 'FormatUnknown'; readonly found: string; readonly known: string }
  /** A field is missing, is not what it should be, or is one too many. */
  | { readonly type: 'BundleMalformed'; readonly path: string }
  /** The key that is trusted is not among those that lead to the checkpoint. */
  | { readonly type: 'KeyUntrusted'; readonly key: string }
  /** A key took the place of another without the signatures of both. */
  | { readonly type: 'RotationInvalid'; readonly keyId: string }
  /** The checkpoint names another key than the last one. */
  | { readonly type: 'KeyNotCurrent'; readonly keyId: string; readonly current: string }
  | { readonly type: 'SignatureInvalid'; readonly keyId: string }
  /** There are fewer or more events than revisions. */
  | { readonly type: 'EventsMissing'; readonly expected: number; readonly found: number }
  /** The bytes are no event's. */
  | { readonly type: 'EventMalformed'; readonly revision: number }
  | { readonly type: 'InstanceDiffers'; readonly revision: number; readonly found: string }
  | { readonly type: 'StreamDiffers'; readonly revision: number; readonly found: string }
  | { readonly type: 'RevisionDiffers'; readonly revision: number; readonly found: number }
  /** An event lies in the tree before one of a lower revision. */
  | { readonly type: 'OrderDiffers'; readonly revision: number }
  /** The proof does not lead from the event to the root. */
  | {
      readonly type: 'EventUnproven';
      readonly revision: number;
      readonly why: ProofRefused['why'];
    };
