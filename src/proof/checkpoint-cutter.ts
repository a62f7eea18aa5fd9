import { CHECKPOINT, checkpointBytes } from '../domain/proof/log-checkpoint/statements.ts';
import type { Anchor, Anchored } from '../domain/shared/anchor.ts';
import type { Signer } from '../domain/shared/signer.ts';
import { logCheckpointCommands } from '../commands/proof/log-checkpoint.ts';
import { toHex } from '../engine/bytes.ts';
import type { Clock } from '../engine/clock.ts';
import { E } from '../engine/fp.ts';
import type { CompanionParts } from '../engine/run/companion.ts';
import { describeFailure } from '../engine/store.ts';
import { isNewer, type Coverage } from './coverage.ts';
import type { LeafKeeper } from './leaf-keeper.ts';

/** A checkpoint is cut after so many events, and so long after the first that none covers, in milliseconds. */
const CUT_EVENTS = 4_096;
const CUT_MS = 60_000;

/** In whose name an engine signs. */
const PROVER = { id: 'prover', roles: ['prover'] };

export type Proving = {
  readonly signer: Signer;
  readonly anchors?: readonly Anchor[];
};

type Parts = Proving &
  Pick<CompanionParts, 'instance' | 'clock' | 'activity' | 'dispatch'> & {
    readonly keeper: LeafKeeper;
    readonly coverage: Coverage;
  };

/** Cuts checkpoints: signs the root over all that is kept, and appends it where nobody was faster. */
export const checkpointCutter = (parts: Parts) => {
  const { clock, activity, coverage } = parts;
  let failure: string | undefined;
  let timer: ReturnType<Clock['scheduler']['schedule']> | undefined;
  let cutting: Promise<void> | undefined;
  let isStopped = false;

  const attempted = async (): Promise<void> => {
    try {
      failure = await activity.during(() => signed(parts));
    } catch (cause) {
      failure = String(cause);
    }
    cutting = undefined;
    arm();
  };
  const cut = (): Promise<void> => (cutting ??= attempted());
  const disarm = (): void => {
    timer?.unsubscribe();
    timer = undefined;
  };
  const arm = (): void => {
    if (isStopped || coverage.uncovered() === 0) return disarm();
    timer ??= clock.scheduler.schedule(() => {
      timer = undefined;
      void cut();
    }, CUT_MS);
  };
  return {
    failure: () => failure,
    /** Leaves were kept. After a failure the timer alone tries again. */
    kept: (): void => {
      arm();
      const isDue = coverage.uncovered() >= CUT_EVENTS && failure === undefined;
      if (isDue && !isStopped) void cut();
    },
    /** Covers what is uncovered, and cuts no more. */
    stop: async (): Promise<void> => {
      isStopped = true;
      disarm();
      await cutting;
      if (coverage.uncovered() > 0) await cut();
    },
  };
};

/** Signs and appends one checkpoint: why that could not be; undefined: it stands, or somebody was faster. */
const signed = async (parts: Parts): Promise<string | undefined> => {
  const { instance, clock, keeper, coverage, signer, dispatch } = parts;
  const [size, covered] = [keeper.size(), coverage.covered()];
  const position = keeper.lastPosition();
  // The last checkpoint covers events that are not kept yet.
  if (position === undefined || covered > size) return undefined;
  const base = covered === 0 ? null : { size: covered, root: keeper.rootAt(covered) };
  const { keyId } = signer;
  const statement = { size, root: keeper.root(), instant: clock.now(), keyId };
  const signature = await signer.sign(CHECKPOINT, checkpointBytes(instance, statement))();
  if (E.isLeft(signature)) return describeFailure(signature.left);
  const checkpoint = { ...statement, signature: toHex(signature.right) };
  const command = logCheckpointCommands.of.SignCheckpoint({ ...checkpoint, position, base });
  const commandId = `checkpoint/${size}/${statement.instant}/${covered}`;
  const stream = `logCheckpoint-${instance}`;
  const answer = await dispatch({ stream, command, actor: PROVER, commandId })();
  if (E.isLeft(answer)) return describeFailure(answer.left);
  const { outcome } = answer.right;
  if (outcome === 'refused') {
    const { refusal } = answer.right;
    return isNewer(refusal) ? undefined : describeFailure(refusal);
  }
  if (outcome === 'granted') return undefined;
  if (answer.right.events.some(({ type }) => type === 'TreeForked')) return FORKED;
  return published(parts, { instance, ...checkpoint });
};
const FORKED =
  'TreeForked: this log is not the one that was signed; find out why, then resume signing';

const published = async (
  { anchors = [] }: Parts,
  checkpoint: Anchored,
): Promise<string | undefined> => {
  const problems: string[] = [];
  for (const anchor of anchors) {
    const done = await anchor.publish(checkpoint)();
    if (E.isLeft(done)) problems.push(describeFailure(done.left));
  }
  return problems.length === 0 ? undefined : problems.join('; ');
};
