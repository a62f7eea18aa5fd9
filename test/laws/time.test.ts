import fc from 'fast-check';
import { lapsed } from '../../src/engine/decide.ts';
import { E } from '../../src/engine/fp.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import {
  play,
  scripts,
  storyOf,
  type Decided,
  type Played,
  type Sweep,
} from '../support/arbitrary-histories.ts';
import { search, withStory } from '../support/arbitrary-runs.ts';

/** The instants at which something falls due by itself between two commands, in order. */
const deadlines: Sweep = ({ subsystem, state, self, from, until }) => {
  const found: number[] = [];
  let current: Status = state;
  for (;;) {
    const due = subsystem.due?.(current, self).map(({ at }) => at) ?? [];
    const next = due.length === 0 ? Infinity : Math.min(...due);
    if (next > until || found.includes(next)) return found.filter((at) => at >= from);
    found.push(next);
    current = lapsed(subsystem, current, { at: next, self }).state;
  }
};

const sweeps: readonly (readonly [when: string, sweep: Sweep])[] = [
  ['at every deadline', deadlines],
  ['twice at every deadline', (scene) => deadlines(scene).flatMap((at) => [at, at])],
  [
    'too early',
    (scene) => [scene.from, ...deadlines(scene).map((at) => Math.max(scene.from, at - 1))],
  ],
  ['late', ({ until }) => [until, until]],
  ['only at the last deadline', (scene) => deadlines(scene).slice(-1)],
];

describe.each(ruled)('time in %s', (_, subsystem, guide) => {
  const { decider } = subsystem;

  /** The commands by which the engine sweeps: their own answer says whether there was something left to sweep. */
  const sweeping = (played: Played): ReadonlySet<string> => {
    const types = new Set<string>();
    let state: Status = decider.initial;
    for (const event of played.events) {
      state = decider.evolve(state, event);
      for (const { command } of subsystem.due?.(state, played.self) ?? []) types.add(command.type);
    }
    return types;
  };
  const answerOf = ({ decision }: Decided) =>
    E.isLeft(decision) ? { refused: decision.left } : { own: decision.right };

  test.each(sweeps)('a decision does not depend on whether anybody swept: %s', (_when, sweep) => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const unswept = play(subsystem, guide, script);
        const swept = play(subsystem, guide, script, sweep);
        withStory(
          () => storyOf(unswept),
          () => {
            const exempt = sweeping(unswept);
            const asked = ({ decided }: Played) =>
              decided.filter(({ command }) => !exempt.has(command.type)).map(answerOf);
            expect(asked(swept)).toEqual(asked(unswept));
            const end = ({ state, self, events, at }: Played) => {
              const rest = lapsed(subsystem, state, { at, self });
              return { state: rest.state, events: [...events, ...rest.events] };
            };
            expect(end(swept)).toEqual(end(unswept));
          },
        );
      }),
      search(80),
    );
  });

  test('what falls due and what lapses are the same instants, and lapse in parts is lapse at once', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), fc.nat(200 * 86_400_000), (script, later) => {
        const { state, self, at } = play(subsystem, guide, script);
        const now = lapsed(subsystem, state, { at, self });
        expect(lapsed(subsystem, now.state, { at, self }).events).toEqual([]);
        const whole = lapsed(subsystem, now.state, { at: at + later, self });
        const parts = [];
        let current = now.state;
        const scene = { subsystem, state: current, self, from: at, until: at + later };
        for (const due of deadlines(scene)) {
          expect(lapsed(subsystem, current, { at: due - 1, self }).events).toEqual([]);
          const part = lapsed(subsystem, current, { at: due, self });
          expect(part.events).not.toEqual([]);
          parts.push(...part.events);
          current = part.state;
        }
        expect(parts).toEqual(whole.events);
        expect(current).toEqual(whole.state);
      }),
      search(100),
    );
  });
});
