import { freeze } from 'immer';
import { firstValueFrom, from, race, timer } from 'rxjs';
import type { Engine } from './engine.ts';
import type { Followers } from './followers.ts';
import { E } from '../fp.ts';
import type { Outcome } from '../outcome.ts';
import { impostor } from './request.ts';
import type { Wiring } from './wiring.ts';

/** How long `close` waits at each of its steps for work that is under way, in milliseconds of wall time. */
const DRAIN_MS = 10_000;

export type Life = Pick<Engine, 'sendTE' | 'close'> & { readonly isClosing: () => boolean };

const frozen = (outcome: Outcome): Outcome => freeze(outcome, true);

/** Callers' commands from the opening of an engine to its close. */
export const life = (wiring: Wiring, newId: () => string, live: Followers | undefined): Life => {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  const sendTE: Engine['sendTE'] = (stream, command, options) => async () => {
    if (closing !== undefined) return E.left({ type: 'EngineClosed' });
    const { commandId = newId(), ...rest } = options;
    const refusal = impostor(rest.actor);
    if (refusal !== undefined) return E.right({ outcome: 'refused', refusal });
    // Called here and now, so that the payload is the one that was sent, whatever the caller does to it then.
    const answer = wiring.dispatch({ stream, command, commandId, ...rest })();
    underWay.add(answer);
    try {
      return E.map(frozen)(await answer);
    } finally {
      underWay.delete(answer);
    }
  };

  return {
    sendTE,
    isClosing: () => closing !== undefined,
    close: () => (closing ??= closed(wiring, live, underWay)),
  };
};

/**
 * Lets callers' commands end, then what the engine does by itself, then what both read; then closes the store. None of them is waited
 * for without end, and whatever goes wrong on the way the store is closed.
 */
const closed = async (
  { projections, outbox, deadlines, reactions, companions, activity, snapshots, store }: Wiring,
  live: Followers | undefined,
  underWay: ReadonlySet<Promise<unknown>>,
): Promise<void> => {
  const acting = [...outbox, ...reactions];
  const steps: readonly (() => Promise<unknown> | undefined)[] = [
    () => Promise.allSettled(underWay),
    () => live?.stop(),
    () => Promise.all([deadlines.stop(), ...acting.map((runner) => runner.halt())]),
    () => activity.idle(),
    () => Promise.all(acting.map((runner) => runner.stop())),
    () => Promise.all(companions.map((companion) => companion.stop())),
    () => Promise.all(projections.map((runner) => runner.stop())),
    () => snapshots.stop(),
  ];
  const failures: unknown[] = [];
  for (const step of steps) {
    await drained(step).catch((cause: unknown) => failures.push(cause));
  }
  await store.close().catch((cause: unknown) => failures.push(cause));
  if (failures.length > 0) throw failures[0];
};

/** Waits for work to end, but not for ever; no timer stays behind. */
const drained = async (step: () => Promise<unknown> | undefined): Promise<void> => {
  const work = step();
  if (work !== undefined) await firstValueFrom(race(from(work), timer(DRAIN_MS)));
};
