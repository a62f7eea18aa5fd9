import fc from 'fast-check';
import { edges, isFinal, targets } from '../../src/engine/machine.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, storyOf, type Played } from '../support/arbitrary-histories.ts';
import { search, withStory } from '../support/arbitrary-runs.ts';

describe.each(ruled)('the machine of %s', (_, subsystem, guide) => {
  const { decider, machine, events } = subsystem;

  /** Every step of a history: the status before, the event, the status after. */
  const steps = ({ events: history }: Played) => {
    let state: Status = decider.initial;
    return history.map((event) => {
      const from = state.status;
      state = decider.evolve(state, event);
      return { from, type: event.type, to: state.status, state };
    });
  };

  test('every accepted event, lapse included, follows an edge of the machine', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const { from, type, to } of steps(played)) {
              expect(targets(machine, from, type)).toContain(to);
            }
          },
        );
      }),
      search(200),
    );
  });

  test('every edge of the machine is walked by some history', () => {
    const missing = new Set(
      edges(machine).map(({ from, type, to }) => `${from} --> ${to}: ${type}`),
    );
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        if (missing.size === 0) return;
        for (const { from, type, to } of steps(play(subsystem, guide, script))) {
          missing.delete(`${from} --> ${to}: ${type}`);
        }
      }),
      search(20_000),
    );
    expect([...missing]).toEqual([]);
  });

  test('every event of the vocabulary has an edge, and every edge an event of the vocabulary', () => {
    const drawn = [...new Set(edges(machine).map(({ type }) => type))].toSorted();
    expect(drawn).toEqual(Object.keys(events.payloads).toSorted());
  });

  test('the first status is the initial state, and every status can be reached', () => {
    const reached = new Set([machine.initial]);
    for (const from of reached) {
      for (const edge of edges(machine)) if (edge.from === from) reached.add(edge.to);
    }
    expect(decider.initial.status).toBe(machine.initial);
    expect([...reached].toSorted()).toEqual(Object.keys(machine.states).toSorted());
  });

  test('folding in place gives what folding step by step gives, and a snapshot at any point plus the tail the same', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide, { max: 25 }), (script) => {
        const played = play(subsystem, guide, script);
        const live = canonicalJson(played.state);
        withStory(
          () => storyOf(played),
          () => {
            const snapshots = [decider.initial, ...steps(played).map(({ state }) => state)];
            for (const [taken, snapshot] of snapshots.entries()) {
              const own = JSON.parse(canonicalJson(snapshot)) as Status;
              const tail = structuredClone(played.events.slice(taken));
              const folded = tail.reduce<Status>(decider.evolve.owned, own);
              expect(canonicalJson(folded)).toBe(live);
            }
          },
        );
      }),
      search(80),
    );
  });

  test('a terminal status accepts nothing that writes, and nothing falls due in it', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const { from, type } of steps(played)) {
              expect([from, type, isFinal(machine, from)]).toEqual([from, type, false]);
            }
            if (!isFinal(machine, played.state.status)) return;
            expect(subsystem.due?.(played.state, played.self) ?? []).toEqual([]);
          },
        );
      }),
      search(100),
    );
  });
});
