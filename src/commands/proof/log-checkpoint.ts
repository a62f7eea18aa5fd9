import * as t from 'io-ts';
import {
  checkpointFields,
  HashText,
  logCheckpointEvents,
  resumptionFields,
  rotationFields,
  Size,
  type LogCheckpointEvent,
} from '../../domain/proof/log-checkpoint/events.ts';
import {
  evolveLogCheckpoint,
  initialLogCheckpoint,
  type LogCheckpoint,
  type Signed,
} from '../../domain/proof/log-checkpoint/state.ts';
import {
  isCheckpointSigned,
  isRotationSigned,
} from '../../domain/proof/log-checkpoint/statements.ts';
import { closed } from '../../engine/codec.ts';
import {
  accept,
  byCommand,
  refuse,
  type Context,
  type Decider,
  type Decision,
} from '../../engine/decider.ts';
import { notPermitted, statusForbids, type CommonRejection } from '../../engine/refusal.ts';
import type { About } from '../../engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../engine/vocabulary.ts';

/** The root that the sender has computed for a size that it knows to be signed; null: it knows of none. */
const Base = t.union([closed({ size: Size, root: HashText }), t.null]);

export const logCheckpointCommands = vocabulary({
  SignCheckpoint: { ...checkpointFields, base: Base },
  RotateKey: rotationFields,
  ResumeSigning: resumptionFields,
});
export type LogCheckpointCommand = MessageOf<typeof logCheckpointCommands>;
type DataOf<Type> = Extract<LogCheckpointCommand, { readonly type: Type }>['data'];

export type LogCheckpointRejection =
  | CommonRejection
  /** A later checkpoint has been signed than the sender goes on from. */
  | { readonly type: 'BaseOutdated'; readonly size: number }
  /** Another key signs this log. */
  | { readonly type: 'KeyNotCurrent'; readonly current: string }
  | { readonly type: 'SignatureInvalid'; readonly keyId: string }
  /** The stream of an instance's checkpoints is named by the instance. */
  | { readonly type: 'InstanceUnknown'; readonly expected: string };

type Answer = Decision<LogCheckpointRejection, LogCheckpointEvent>;
const { CheckpointSigned, KeyRotated, TreeForked, SigningResumed } = logCheckpointEvents.of;

/** The role in which an engine signs, and the one of those who look after it. */
const SIGNER = 'prover';
const OPERATOR = 'operator';

const isPermitted = ({ actor }: Context, role: string): boolean => actor.roles.includes(role);

const signCheckpoint = (
  { base, ...checkpoint }: DataOf<'SignCheckpoint'>,
  state: LogCheckpoint,
  context: Context,
): Answer => {
  if (isCovered(state, checkpoint, base)) return accept();
  if (state.status === 'Halted') return statusForbids(state.status);
  if (!isPermitted(context, SIGNER)) return notPermitted(context.actor);
  const unfit = unfitness(checkpoint, state, context);
  if (unfit !== undefined) return refuse(unfit);
  if (state.status === 'Unstarted') return accept(CheckpointSigned(checkpoint));
  if (isAnother(state, checkpoint, base)) return accept(forkOf(state, checkpoint, base));
  if (base?.size !== state.size) return refuse({ type: 'BaseOutdated', size: state.size });
  return accept(CheckpointSigned(checkpoint));
};

/** Why nothing that is said by this checkpoint counts; undefined: it is this log's, signed by the key that signs now. */
const unfitness = (
  checkpoint: Omit<DataOf<'SignCheckpoint'>, 'base'>,
  state: LogCheckpoint,
  { self: { id, instance } }: Context,
): LogCheckpointRejection | undefined => {
  if (id !== instance) return { type: 'InstanceUnknown', expected: instance };
  const { keyId } = checkpoint;
  if (state.status === 'Signing' && keyId !== state.keyId) {
    return { type: 'KeyNotCurrent', current: state.keyId };
  }
  return isCheckpointSigned(instance, checkpoint) ? undefined : { type: 'SignatureInvalid', keyId };
};

/** Whether a size has been signed, and nothing is said of it that is not so. */
const isCovered = (state: LogCheckpoint, checkpoint: Root, base: Root | null): boolean =>
  state.status !== 'Unstarted' &&
  checkpoint.size <= state.size &&
  !isAnother(state, checkpoint, base);

type Root = { readonly size: number; readonly root: string };

/** Whether the sender has another root for the size that was signed last. */
const isAnother = (signed: Signed, checkpoint: Root, base: Root | null): boolean =>
  [checkpoint, base].some((root) => root?.size === signed.size && root.root !== signed.root);

const forkOf = (signed: Signed, checkpoint: Root, base: Root | null) => {
  const theirs = checkpoint.size === signed.size ? checkpoint.root : (base?.root ?? '');
  return TreeForked({ size: signed.size, ours: signed.root, theirs });
};

const rotateKey = (
  rotation: DataOf<'RotateKey'>,
  state: LogCheckpoint,
  context: Context,
): Answer => {
  if (state.status === 'Signing' && state.keyId === rotation.keyId) return accept();
  if (state.status !== 'Signing') return statusForbids(state.status);
  if (!isPermitted(context, OPERATOR)) return notPermitted(context.actor);
  if (!isRotationSigned(context.self.instance, state.keyId, rotation)) {
    return refuse({ type: 'SignatureInvalid', keyId: rotation.keyId });
  }
  return accept(KeyRotated(rotation));
};

const resumeSigning = (
  { reason }: DataOf<'ResumeSigning'>,
  state: LogCheckpoint,
  context: Context,
): Answer => {
  if (state.status === 'Signing') return accept();
  if (state.status !== 'Halted') return statusForbids(state.status);
  if (!isPermitted(context, OPERATOR)) return notPermitted(context.actor);
  return accept(SigningResumed({ reason, by: context.actor.id }));
};

/** The checkpoints of a log: who has signed which root over how many events. */
export const logCheckpoint: Decider<
  LogCheckpointCommand,
  LogCheckpoint,
  LogCheckpointEvent,
  LogCheckpointRejection
> = {
  version: 1,
  initial: initialLogCheckpoint,
  evolve: evolveLogCheckpoint,
  decide: byCommand({
    SignCheckpoint: signCheckpoint,
    RotateKey: rotateKey,
    ResumeSigning: resumeSigning,
  }),
};

export const logCheckpointAbout: About<LogCheckpointCommand, LogCheckpointRejection> = {
  summary:
    'The signed checkpoints of a log: roots over all its events, which nobody can rewrite without the key.',
  commands: {
    SignCheckpoint: {
      who: 'prover, the engine that signs',
      when: 'Unstarted or Signing, under the name logCheckpoint-<instance>, by the key that signs now',
      refusals: ['InstanceUnknown', 'KeyNotCurrent', 'SignatureInvalid', 'BaseOutdated'],
    },
    RotateKey: {
      who: 'operator',
      when: 'Signing, signed by the key that signs now and by the new one',
      refusals: ['SignatureInvalid'],
    },
    ResumeSigning: {
      who: 'operator, who has found out why two trees were seen',
      when: 'Halted',
      refusals: [],
    },
  },
};
