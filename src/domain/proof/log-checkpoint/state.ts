import { evolver, machine, type StateOf } from '../../../engine/machine.ts';
import type { LogCheckpointEvent } from './events.ts';

/** The signing of a log's checkpoints: it begins with the first and halts when two trees are seen under one size. */
export const logCheckpointMachine = machine<LogCheckpointEvent>()('Unstarted', {
  Unstarted: { CheckpointSigned: 'Signing' },
  Signing: { CheckpointSigned: 'Signing', KeyRotated: 'Signing', TreeForked: 'Halted' },
  Halted: { SigningResumed: 'Signing' },
});

/** The last checkpoint, and the key that signs the next one. */
export type Signed = { readonly size: number; readonly root: string; readonly keyId: string };
type Fork = { readonly theirs: string };

export type LogCheckpoint = StateOf<
  typeof logCheckpointMachine,
  { Unstarted: object; Signing: Signed; Halted: Signed & Fork }
>;

export const initialLogCheckpoint: LogCheckpoint = { status: 'Unstarted' };

export const evolveLogCheckpoint = evolver<
  typeof logCheckpointMachine,
  LogCheckpoint,
  LogCheckpointEvent
>({
  CheckpointSigned: (_, { size, root, keyId }) => ({ status: 'Signing', size, root, keyId }),
  KeyRotated: (state, { keyId }) => {
    state.keyId = keyId;
  },
  TreeForked: ({ size, root, keyId }, { theirs }) => ({
    status: 'Halted',
    size,
    root,
    keyId,
    theirs,
  }),
  SigningResumed: ({ size, root, keyId }) => ({ status: 'Signing', size, root, keyId }),
});
