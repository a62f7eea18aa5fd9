import { freeze } from 'immer';
import type { Clock, VirtualClock } from '../clock.ts';
import { headOf, runUntil, settled } from './driver.ts';
import { atTheEdge, leaving, unwrapped } from './edge.ts';
import { EngineFailed, type Engine } from './engine.ts';
import { followers, type Followers } from './followers.ts';
import { E } from '../fp.ts';
import { pureSha256 } from '../ids.ts';
import { historyOf, stateAt } from './history.ts';
import { journal } from './journal.ts';
import { life, type Life } from './life.ts';
import { deadLettersOf, outboxOf } from './operator.ts';
import { opened, type OpenFailure, type Opened, type Opening } from './opening.ts';
import { projectionDigest } from './projection-digest.ts';
import type { BuildTold, ProjectionRunner } from './projection-runner.ts';
import { query } from './query.ts';
import { replayCheck } from './replay-check.ts';
import { statusOf } from './status.ts';
import type { Position } from '../store.ts';
import { tapsFor } from './telemetry-taps.ts';
import { isShared, wired, type Wiring } from './wiring.ts';

/** When snapshots are taken where nobody has said it. */
const EVERY_500 = { every: 500 };

/** Opens the store and starts what runs by itself: projections, then the outbox, deadlines and reactions. Rejects with `EngineFailed`. */
export const startEngine = async (opening: Opening): Promise<Engine> => {
  const { store, instance } = unwrapped(await opened(opening)());
  const started = E.tryCatch(() => startedOn({ store, instance }, opening), leaving);
  if (E.isRight(started)) return started.right;
  await store.close();
  throw started.left;
};

const startedOn = ({ store, instance }: Opened, opening: Opening): Engine => {
  const { clock, subsystems, effects = [], settings = {}, readOnly = false } = opening;
  const { sha256 = pureSha256, scratch, newId, newSeed, snapshots = EVERY_500 } = opening;
  const blind = isShared(store) && !readOnly && effects.find(({ lookUp }) => lookUp === undefined);
  if (blind) throw new EngineFailed(notRepeatable(blind.name));
  const taps = tapsFor(opening.telemetry, clock);
  const ports = { store, clock, sha256, newId, newSeed, taps };
  const parts = { ...instance, ...ports, subsystems, effects, settings };
  const beside = { companions: companionsOf(opening) };
  const wiring = wired({
    ...parts,
    ...beside,
    readOnly,
    snapshots: readOnly ? 'never' : snapshots,
  });
  const live = clock.kind === 'wall' && !readOnly ? followers(wiring) : undefined;
  const recorded = instance.clock;
  const digest = (name: string, position: Position) =>
    projectionDigest(wiring, runnerNamed(wiring, name).projection, position, { scratch, sha256 });
  return engineOver({
    wiring,
    live,
    readOnly,
    recorded,
    digest,
    ...life(wiring, opening.newId, live),
  });
};

/** Who only looks has none. */
const companionsOf = ({ readOnly = false, companions = [] }: Opening) =>
  readOnly ? [] : companions;

const notRepeatable = (effect: string): OpenFailure => ({
  type: 'EffectNotRepeatable',
  effect,
  reason:
    'several engines may write this store, and who takes over could not look up what has gone out',
  remedy: 'give it a lookUp, or a store that one process writes',
});

type Parts = Life & {
  readonly wiring: Wiring;
  readonly live: Followers | undefined;
  readonly readOnly: boolean;
  /** By which clock the store lives: one that only looks may have another. */
  readonly recorded: Clock['kind'];
  readonly digest: Engine['digest'];
};

const engineOver = (parts: Parts): Engine => {
  const { wiring, sendTE, close } = parts;
  const operated = { wiring, refuseReadOnly: () => refuseReadOnly(parts) };
  return {
    instance: wiring.instance,
    now: wiring.clock.now,
    sendTE,
    // The outcome is of the subsystem's own types: its vocabularies have decoded the command and encoded the events.
    send: async (_, stream, command, options) =>
      unwrapped(await sendTE(stream, command, options)()) as never,
    ...atTheEdge(reading(parts)),
    ...atTheEdge(running(parts)),
    query: (model) => {
      const asked = atTheEdge(query(wiring.shelf, model, wiring.changes));
      return { ...asked, where: (where) => atTheEdge(asked.where(where)) };
    },
    journal: (name) => atTheEdge(journal(wiring.store.rows, name)),
    deadLetters: atTheEdge(deadLettersOf(operated)),
    outbox: atTheEdge(outboxOf(operated)),
    close,
    [Symbol.asyncDispose]: close,
  };
};

/** What only looks. */
const reading = ({
  wiring,
  recorded,
}: Parts): Pick<Engine, 'history' | 'stateAt' | 'streams' | 'log' | 'deadlines' | 'status'> => {
  const { store, subsystems, clock, instance } = wiring;
  const histories = { events: store.events, clock, instance };
  return {
    history: async (stream, from) =>
      freeze(unwrapped(await historyOf(histories, stream, from)()), true),
    stateAt: async ({ category }, stream, point) => {
      const subsystem = subsystems.get(category);
      if (subsystem === undefined) throw new Error(`this engine has no subsystem ${category}`);
      // The state is of the subsystem's own type: its machine has led there.
      return freeze(unwrapped(await stateAt(histories, subsystem, stream, point)()), true) as never;
    },
    streams: async (options) => unwrapped(await store.events.streams(options)()),
    log: (subscription) => store.events.subscribe(subscription),
    deadlines: (limit) => wiring.deadlines.pending(limit),
    status: () => statusOf(wiring, recorded),
  };
};

/** What lets the engine's own parts run. */
const running = (
  parts: Parts,
): Pick<Engine, 'waitFor' | 'settle' | 'runUntil' | 'rebuild' | 'checkReplay' | 'digest'> => {
  const { wiring, readOnly, isClosing } = parts;
  return {
    waitFor: async (position) => {
      await Promise.all(wiring.projections.map((projection) => projection.advance(position)));
      if (isClosing()) throw new EngineFailed({ type: 'EngineClosed' });
    },
    // Where nothing reacts, all is settled.
    settle: async () => (readOnly ? undefined : settled(wiring)),
    runUntil: async (instant) => {
      const { clock } = wiring;
      if (!isVirtual(clock)) throw new Error('only a virtual clock can be moved');
      refuseReadOnly(parts);
      await runUntil(wiring, clock, instant);
    },
    rebuild: (projection, told) => rebuilt(parts, projection, told),
    digest: parts.digest,
    checkReplay: () => replayCheck(wiring, (projection) => rebuilt(parts, projection)),
  };
};

const isVirtual = (clock: Clock): clock is VirtualClock => clock.kind === 'virtual';

const refuseReadOnly = ({ readOnly, wiring }: Parts): void => {
  if (!readOnly) return;
  const path = wiring.store.events.name;
  const reason = 'it was opened read-only';
  throw new EngineFailed({
    type: 'StoreUnavailable',
    path,
    reason,
    remedy: 'open it for writing',
  });
};

const runnerNamed = ({ projections }: Wiring, name: string): ProjectionRunner => {
  const runner = projections.find(({ projection }) => projection.name === name);
  if (runner !== undefined) return runner;
  const known = projections.map(({ projection }) => projection.name).join(', ');
  throw new Error(`there is no projection ${name}; there are ${known}`);
};

const rebuilt = async ({ wiring }: Parts, name: string, told?: BuildTold) => {
  const runner = runnerNamed(wiring, name);
  await runner.rebuild(told);
  const head = await headOf(wiring);
  if (head !== undefined) await runner.advance(head);
  return runner.status();
};
