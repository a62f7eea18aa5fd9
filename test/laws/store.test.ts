import fc from 'fast-check';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { lapsed } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/decider.ts';
import { E, TE } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { replay } from '../../src/engine/replay.ts';
import { handler } from '../../src/engine/run/handle.ts';
import { pureSha256 } from '../../src/engine/ids.ts';
import { loader } from '../../src/engine/run/load.ts';
import type { EventStore } from '../../src/engine/store.ts';
import type { Runnable, Status } from '../../src/engine/subsystem.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import {
  answerTo,
  drawFrom,
  play,
  scripts,
  storyOf,
  type Guide,
  type Played,
  type Scene,
} from '../support/arbitrary-histories.ts';
import { retold, search } from '../support/arbitrary-runs.ts';

const unwrapped = <T>(answer: E.Either<unknown, T>): T => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

const logOf = async (events: EventStore): Promise<number> => {
  const head = unwrapped(await events.head()());
  return head === undefined ? 0 : Number(head);
};

/** A decision made by the engine's handle on a new memory store, with facts from the guide. */
const onStore = async (subsystem: Runnable, guide: Guide, self: Played['self']) => {
  const { events } = unwrapped(await memoryStore().open({ readOnly: false })());
  const clock = virtualClock(1_000);
  const streams = loader(events, clock);
  let scene: Scene | undefined;
  let asking: Command = { type: '', data: {} };
  const handle = handler({
    instance: self.instance,
    events,
    loader: streams,
    clock,
    sha256: pureSha256,
    facts: (lookups) =>
      TE.right(
        Object.fromEntries(
          Object.entries(lookups).map(([name, lookup]) => [
            name,
            answerTo(guide, lookup, asking, scene!),
          ]),
        ),
      ),
  });
  const state = async () => unwrapped(await streams.load(subsystem, self.stream)()).state;
  const send = async (
    { actor, command }: Played['decided'][number],
    commandId: string,
    seed: number,
  ): Promise<Outcome> => {
    const at = clock.now();
    asking = command;
    scene = {
      state: lapsed(subsystem, await state(), { at, self }).state,
      at,
      self,
      draw: drawFrom(seed),
    };
    return unwrapped(await handle(subsystem, { stream: self.stream, command, actor, commandId })());
  };
  return { events, state, send, clock };
};

describe.each(ruled)('%s on a store', (_, subsystem, guide) => {
  test('engine N2, N3: a command repeated by its id adds nothing and is answered as the first time; another under its id is refused', async () => {
    await fc.assert(
      fc.asyncProperty(scripts(subsystem, guide, { max: 30 }), fc.nat(), async (script, seed) => {
        const played = play(subsystem, guide, script);
        const { events, send, clock } = await onStore(subsystem, guide, played.self);
        const first: { readonly n: number; readonly outcome: Outcome }[] = [];
        const repeated = async (n: number, outcome: Outcome) => {
          const before = await logOf(events);
          const again = await send(played.decided[n]!, `c${n}`, seed + 99);
          expect(again).toEqual({ ...outcome, repeated: true });
          const others = played.decided.filter(
            ({ actor, command }) =>
              actor.id === played.decided[n]!.actor.id &&
              canonicalJson(command) !== canonicalJson(played.decided[n]!.command),
          );
          for (const other of others.slice(0, 1)) {
            const refusal = { type: 'CommandIdReused', commandId: `c${n}` };
            expect(await send(other, `c${n}`, seed)).toEqual({ outcome: 'refused', refusal });
          }
          expect(await logOf(events)).toBe(before);
        };
        try {
          for (const [n, asked] of played.decided.entries()) {
            clock.moveTo(asked.at);
            const before = await logOf(events);
            const outcome = await send(asked, `c${n}`, seed + n);
            // What has written nothing is not remembered: asked again it is decided anew (N3).
            if ((await logOf(events)) === before) continue;
            first.push({ n, outcome });
            await repeated(n, outcome);
          }
          clock.moveTo(clock.now() + 86_400_000 * 400);
          for (const { n, outcome } of first) await repeated(n, outcome);
        } catch (cause) {
          throw retold(storyOf(played), cause);
        }
      }),
      search(60),
    );
  });

  test('engine N9: the fold of what is stored is the state that commands were decided on', async () => {
    await fc.assert(
      fc.asyncProperty(scripts(subsystem, guide), fc.nat(), async (script, seed) => {
        const played = play(subsystem, guide, script);
        const { events, state, send, clock } = await onStore(subsystem, guide, played.self);
        try {
          for (const [n, asked] of played.decided.entries()) {
            clock.moveTo(asked.at);
            await send(asked, `c${n}`, seed + n);
          }
          const history = unwrapped(await events.read(played.self.stream)());
          const initial = structuredClone(subsystem.decider.initial);
          const folded = unwrapped(replay(subsystem, initial, history));
          expect(canonicalJson(folded)).toBe(canonicalJson(await state()));
          const decoded = history.map((each) => unwrapped(subsystem.events.decode(each)));
          const stepwise = decoded.reduce<Status>(
            subsystem.decider.evolve,
            subsystem.decider.initial,
          );
          expect(canonicalJson(stepwise)).toBe(canonicalJson(folded));
        } catch (cause) {
          throw retold(storyOf(played), cause);
        }
      }),
      search(60),
    );
  });
});
