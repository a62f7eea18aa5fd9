import * as t from 'io-ts';
import { ActorId, text } from '../../../engine/codec.ts';
import { Instant } from '../../../engine/clock.ts';
import { vocabulary, type MessageOf } from '../../../engine/vocabulary.ts';

/** How many leaves a tree has. */
export const Size = t.refinement(
  t.number,
  (size) => Number.isSafeInteger(size) && size > 0,
  'a size (a whole number from 1)',
);

export const HashText = text('a hash (32 bytes in lower-case hex)', (hash) =>
  /^[0-9a-f]{64}$/.test(hash),
);
const SignatureText = text('a signature (64 bytes in lower-case hex)', (signature) =>
  /^[0-9a-f]{128}$/.test(signature),
);
const PublicKeyText = text('a public key (32 bytes in lower-case hex)', (key) =>
  /^[0-9a-f]{64}$/.test(key),
);
const KeyId = text(
  'a key id (did:key:z...)',
  (did) => did.startsWith('did:key:z') && did.length <= 128,
);
const PositionText = text(
  'a position of the log (1 to 64 characters)',
  (position) => position.length > 0 && position.length <= 64,
);
const Reason = text(
  'a reason (1 to 500 characters)',
  (reason) => reason.length > 0 && reason.length <= 500,
);

/** What a signed checkpoint holds. `position`: where the last leaf lies that it covers. `instant`: when it was signed. */
export const checkpointFields = {
  size: Size,
  root: HashText,
  position: PositionText,
  instant: Instant,
  keyId: KeyId,
  signature: SignatureText,
};

/** What the change to another key holds: both keys have signed it. */
export const rotationFields = {
  keyId: KeyId,
  publicKey: PublicKeyText,
  byOld: SignatureText,
  byNew: SignatureText,
};

export const resumptionFields = { reason: Reason };

export const logCheckpointEvents = vocabulary({
  CheckpointSigned: checkpointFields,
  KeyRotated: rotationFields,
  /** `ours` is the root that was signed for a size, `theirs` what another has computed for it. */
  TreeForked: { size: Size, ours: HashText, theirs: HashText },
  SigningResumed: { ...resumptionFields, by: ActorId },
});
export type LogCheckpointEvent = MessageOf<typeof logCheckpointEvents>;
