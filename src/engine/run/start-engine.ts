import { freeze } from 'immer';
import { firstValueFrom, timer } from 'rxjs';
import type { Clock, VirtualClock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import { deadLetter, deadLetterGone, deadLetters } from './dead-letters.ts';
import type { Command } from '../decider.ts';
import { followers, headOf, runUntil, settled, type Followers } from './driver.ts';
import {
  EngineFailed,
  type Engine,
  type EngineStatus,
  type SendFailure,
  type SendOptions,
} from './engine.ts';
import { E, TE, pipe } from '../fp.ts';
import { historyOf, stateAt } from './history.ts';
import { opened, type OpenFailure, type Opening } from './opening.ts';
import type { Outcome } from '../outcome.ts';
import { journal } from './journal.ts';
import { query } from './query.ts';
import { replayCheck } from './replay-check.ts';
import { impostor } from './request.ts';
import { dispatched, wired, type Wiring } from './wiring.ts';

/** How long `close` waits for commands that are under way, in milliseconds. */
const DRAIN_MS = 10_000;

/** Opens the store and starts what runs by itself: projections, then deadlines and reactions. Rejects with `EngineFailed`. */
export const startEngine = async (opening: Opening): Promise<Engine> => {
  const { store, instance } = unwrapped(await opened(opening)());
  const wiring = wired({
    instance: instance.instance,
    store,
    clock: opening.clock,
    subsystems: opening.subsystems,
    effects: opening.effects ?? [],
    settings: opening.settings ?? {},
  });
  const isLive = opening.clock.kind === 'wall' && opening.readOnly !== true;
  return engineOver(wiring, opening, instance.clock, isLive ? followers(wiring) : undefined);
};

const unwrapped = <T>(answer: E.Either<OpenFailure | SendFailure, T>): T => {
  if (E.isLeft(answer)) throw new EngineFailed(answer.left);
  return answer.right;
};

const isVirtual = (clock: Clock): clock is VirtualClock => clock.kind === 'virtual';

const engineOver = (
  wiring: Wiring,
  opening: Opening,
  recorded: EngineStatus['clock'],
  live: Followers | undefined,
): Engine => {
  const { clock, store, subsystems } = wiring;
  const { sendTE, close } = sending(wiring, opening, live);
  const engine: Engine = {
    instance: wiring.instance,
    now: clock.now,
    sendTE,
    // The outcome is of the subsystem's own types: its vocabularies have decoded the command and encoded the events.
    send: async (_, stream, command, options) =>
      unwrapped(await sendTE(stream, command, options)()) as never,
    query: (model) => query(store.rows, model, wiring.changes),
    history: async (stream, from) =>
      freeze(unwrapped(await historyOf(store.events, stream, from)()), true),
    stateAt: async ({ category }, stream, point) => {
      const subsystem = subsystems.get(category);
      if (subsystem === undefined) throw new Error(`this engine has no subsystem ${category}`);
      const { instance } = wiring;
      const found = await stateAt({ events: store.events, instance }, subsystem, stream, point)();
      return freeze(unwrapped(found), true) as never;
    },
    streams: async (options) => unwrapped(await store.events.streams(options)()),
    log: (subscription) => store.events.subscribe(subscription),
    journal: (name) => journal(store.rows, name),
    checkReplay: () => replayCheck(wiring, (projection) => rebuilt(wiring, projection, live)),
    waitFor: async (position) => {
      await Promise.all(wiring.projections.map((projection) => projection.advance(position)));
    },
    settle: () => settled(wiring),
    runUntil: async (instant) => {
      if (!isVirtual(clock)) throw new Error('only a virtual clock can be moved');
      await runUntil(wiring, clock, instant);
    },
    rebuild: (projection) => rebuilt(wiring, projection, live),
    deadLetters: deadLettersOf(wiring),
    deadlines: (limit) => wiring.deadlines.pending(limit),
    status: () => statusOf(wiring, recorded),
    close,
    [Symbol.asyncDispose]: close,
  };
  return engine;
};

const sending = (wiring: Wiring, { newId }: Opening, live: Followers | undefined) => {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  const sendTE =
    (stream: string, command: Command, options: SendOptions): TE.TaskEither<SendFailure, Outcome> =>
    async () => {
      if (closing !== undefined) return E.left({ type: 'EngineClosed' });
      const { actor, commandId = newId(), correlationId } = options;
      const claim = impostor(actor);
      if (claim !== undefined) return E.right({ outcome: 'refused', refusal: claim });
      const request = {
        stream,
        command,
        actor,
        commandId,
        ...(correlationId === undefined ? {} : { correlationId }),
      };
      const answer = pipe(
        dispatched(wiring, request),
        TE.map((outcome) => freeze(outcome, true)),
      )();
      underWay.add(answer);
      return answer.finally(() => underWay.delete(answer));
    };

  const close = (): Promise<void> => {
    closing ??= (async () => {
      const drained = Promise.all(underWay);
      await Promise.race([drained, firstValueFrom(timer(DRAIN_MS, wiring.clock.scheduler))]);
      await (live?.stop() ??
        Promise.all(
          [...wiring.projections, wiring.deadlines, ...wiring.reactions].map((runner) =>
            runner.stop(),
          ),
        ));
      await wiring.store.close();
    })();
    return closing;
  };
  return { sendTE, close };
};

const rebuilt = async (wiring: Wiring, name: string, live: Followers | undefined) => {
  const runner = wiring.projections.find(({ projection }) => projection.name === name);
  if (runner === undefined) {
    const known = wiring.projections.map(({ projection }) => projection.name).join(', ');
    throw new Error(`there is no projection ${name}; there are ${known}`);
  }
  await runner.rebuild();
  const head = await headOf(wiring);
  if (head !== undefined) await runner.advance(head);
  live?.follow(runner);
  return runner.status();
};

const deadLettersOf = ({ store: { rows }, reactions }: Wiring): Engine['deadLetters'] => ({
  list: (limit, after) => deadLetters(rows, limit, after),
  retry: async (key) => {
    const letter = deadLetter(rows, key);
    const runner = reactions.find(({ reaction }) => reaction.name === letter?.reaction);
    return runner?.retry(key);
  },
  drop: (key) => {
    if (deadLetter(rows, key) === undefined) return false;
    orFailed(rows.commit({ changes: [deadLetterGone(key)] }));
    return true;
  },
});

const statusOf = async (
  wiring: Wiring,
  recorded: EngineStatus['clock'],
): Promise<EngineStatus> => {
  const { instance, store, projections, reactions, deadlines, sent } = wiring;
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
    })),
    deadlines: { position: deadlines.position(), nearest: deadlines.nearest() },
    sent: { ...sent },
  };
};
