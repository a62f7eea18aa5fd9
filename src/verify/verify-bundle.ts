import type { LeafEvent } from '../domain/proof/log-checkpoint/leaf.ts';
import { leafEventIn } from '../domain/proof/log-checkpoint/leaf-reader.ts';
import {
  checkingMany,
  fromHex,
  isCheckpointSigned,
  isRotationSigned,
  type SignedStatement,
} from '../domain/proof/log-checkpoint/statements.ts';
import { verifyEd25519 } from '../domain/shared/ed25519.ts';
import { leafHash } from '../domain/shared/merkle.ts';
import { verifyInclusion } from '../domain/shared/merkle-proofs.ts';
import { E } from '../engine/fp.ts';
import { bundleIn, type Bundle } from './bundle.ts';
import type { BundleRefused } from './refusal.ts';

/**
 * What a bundle proves: that these events are revisions `from` to `to` of the stream in the log whose root the checkpoint signs. It does
 * not prove that `to` is the newest.
 */
export type BundleProven = {
  readonly type: 'BundleProven';
  readonly instance: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly checkpoint: SignedStatement;
  readonly events: readonly LeafEvent[];
};

type Verdict<T> = E.Either<BundleRefused, T>;

/** Whether the keys lead from the one that is trusted to the checkpoint, and whether that is signed. */
const signedBy = (bundle: Bundle, trusted: string): BundleRefused | undefined => {
  const { instance, checkpoint, keys } = bundle;
  const checking = checkingMany(verifyEd25519);
  let current = keys.first;
  let isTrusted = current === trusted;
  for (const rotation of keys.rotations) {
    if (!isRotationSigned(instance, current, rotation, checking)) {
      return { type: 'RotationInvalid', keyId: rotation.keyId };
    }
    current = rotation.keyId;
    isTrusted ||= current === trusted;
  }
  if (!isTrusted) return { type: 'KeyUntrusted', key: trusted };
  const { keyId } = checkpoint;
  if (keyId !== current) return { type: 'KeyNotCurrent', keyId, current };
  if (isCheckpointSigned(instance, checkpoint, checking)) return undefined;
  return { type: 'SignatureInvalid', keyId };
};

/** The event at a place of the bundle, if it is the one that belongs there and its proof leads to the root. */
const eventAt = (bundle: Bundle, place: number): Verdict<LeafEvent> => {
  const { instance, stream, from, checkpoint, events } = bundle;
  const { index, bytes, proof } = events[place]!; // a place is one of the bundle's events
  const revision = from + place;
  const leaf = fromHex(bytes);
  const event = leafEventIn(leaf);
  if (event === undefined) return E.left({ type: 'EventMalformed', revision });
  if (event.instance !== instance) {
    return E.left({ type: 'InstanceDiffers', revision, found: event.instance });
  }
  if (event.stream !== stream) {
    return E.left({ type: 'StreamDiffers', revision, found: event.stream });
  }
  if (event.revision !== revision) {
    return E.left({ type: 'RevisionDiffers', revision, found: event.revision });
  }
  if ((events[place - 1]?.index ?? -1) >= index) return E.left({ type: 'OrderDiffers', revision });
  const { root, size } = checkpoint;
  const claim = { root: fromHex(root), size, index, leafHash: leafHash(leaf) };
  const verdict = verifyInclusion({ ...claim, proof: proof.map(fromHex) });
  if (E.isRight(verdict)) return E.right(event);
  return E.left({ type: 'EventUnproven', revision, why: verdict.left.why });
};

/** Verifies a bundle's text with nothing but the did:key that is trusted. */
export const verifyBundle = (text: string, trusted: string): Verdict<BundleProven> => {
  const read = bundleIn(text);
  if (E.isLeft(read)) return read;
  const bundle = read.right;
  const { instance, stream, from, to, checkpoint } = bundle;
  const unsigned = signedBy(bundle, trusted);
  if (unsigned !== undefined) return E.left(unsigned);
  const [expected, found] = [to - from + 1, bundle.events.length];
  if (expected < 1 || expected !== found) return E.left({ type: 'EventsMissing', expected, found });
  const events: LeafEvent[] = [];
  for (const place of bundle.events.keys()) {
    const event = eventAt(bundle, place);
    if (E.isLeft(event)) return event;
    events.push(event.right);
  }
  return E.right({ type: 'BundleProven', instance, stream, from, to, checkpoint, events });
};
