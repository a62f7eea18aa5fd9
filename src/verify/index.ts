export { BUNDLE_BYTES, type Bundle, type BundledEvent } from './bundle.ts';
export type { BundleRefused } from './refusal.ts';
export { verifyBundle, type BundleProven } from './verify-bundle.ts';
export type { LeafEvent } from '../domain/proof/log-checkpoint/leaf.ts';
export {
  isCheckpointSigned,
  type Rotation,
  type SignedStatement,
} from '../domain/proof/log-checkpoint/statements.ts';
export { didOfKey } from '../domain/shared/did-key.ts';
export {
  verifyConsistency,
  type Consistency,
  type ProofRefused,
} from '../domain/shared/merkle-proofs.ts';
