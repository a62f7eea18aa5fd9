import { headOf } from './driver.ts';
import { outboxStatus } from './outbox/outbox-status.ts';
import type { EngineStatus } from './engine.ts';
import type { Wiring } from './wiring.ts';

/** How an engine is now. */
export const statusOf = async (
  wiring: Wiring,
  recorded: EngineStatus['clock'],
): Promise<EngineStatus> => {
  const { instance, store, projections, reactions, deadlines, companions } = wiring;
  const { snapshots, sent } = wiring;
  const outbox = await outboxStatus(store.rows, wiring.outbox, wiring.clock);
  return {
    instance,
    clock: recorded,
    store: store.events.name,
    head: await headOf(wiring),
    projections: projections.map((runner) => runner.status()),
    reactions: reactions.map((runner) => ({
      reaction: runner.reaction.name,
      position: runner.position(),
      unfinished: runner.unfinished(),
      ...failing(runner),
    })),
    outbox,
    deadlines: {
      position: deadlines.position(),
      nearest: deadlines.nearest(),
      stuck: deadlines.stuck(),
      ...failing(deadlines),
    },
    snapshots: failing(snapshots),
    companions: companions.map((companion) => ({
      companion: companion.name,
      position: companion.position(),
      ...failing(companion),
    })),
    sent: { ...sent },
  };
};

const failing = (runner: { readonly failure: () => string | undefined }) => {
  const failure = runner.failure();
  return failure === undefined ? {} : { failure };
};
