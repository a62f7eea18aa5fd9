import fc from 'fast-check';
import { edges, isFinal, targets } from '../../src/engine/machine.ts';
import type { NestedMachine } from '../../src/engine/nested.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, storyOf, type Played } from '../support/arbitrary-histories.ts';
import { search, withStory } from '../support/arbitrary-runs.ts';

type Step = { readonly id: string; readonly from: string; readonly type: string; to: string };

/** Whom an event has moved; a member that is gone has come to the final status to which the event leads. */
const moved = (
  { machine, members }: NestedMachine<Status>,
  [before, after]: readonly [Status, Status],
  type: string,
): readonly Step[] => {
  const [was, is] = [members(before), members(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((id) => {
    const from = was[id] ?? machine.initial;
    const to = is[id] ?? targets(machine, from, type).find((each) => isFinal(machine, each));
    return from === to && from !== undefined ? [] : [{ id, from, type, to: to ?? 'nowhere' }];
  });
};

const nested = ruled.flatMap(([name, subsystem, guide]) =>
  (subsystem.nested ?? []).map((each) => [`${name} ${each.name}`, each, subsystem, guide] as const),
);

describe.each(nested)('engine N42: the nested machine %s', (_, each, subsystem, guide) => {
  const { decider, machine: outer } = subsystem;

  const stepsOf = ({ events }: Played): readonly Step[] => {
    let state: Status = decider.initial;
    return events.flatMap((event) => {
      const before = state;
      state = decider.evolve(state, event);
      return moved(each, [before, state], event.type);
    });
  };

  test('is declared in statuses that can be reached and events that the stream has', () => {
    const { machine } = each;
    const reached = new Set([machine.initial]);
    for (const from of reached) {
      for (const edge of edges(machine)) if (edge.from === from) reached.add(edge.to);
    }
    expect([...reached].toSorted()).toEqual(Object.keys(machine.states).toSorted());
    const known = new Set(edges(outer).map(({ type }) => type));
    expect(edges(machine).filter(({ type }) => !known.has(type))).toEqual([]);
  });

  test('moves its members along declared edges alone', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const { id, from, type, to } of stepsOf(played)) {
              expect([id, ...targets(each.machine, from, type)]).toContain(to);
            }
          },
        );
      }),
      search(200),
    );
  });

  test('begins and ends: no member comes again, and every edge that moves one is walked', () => {
    const missing = new Set(
      edges(each.machine)
        .filter(({ from, to }) => from !== to)
        .map(({ from, type, to }) => `${from} --> ${to}: ${type}`),
    );
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        if (missing.size === 0) return;
        const born = new Set<string>();
        for (const { id, from, type, to } of stepsOf(play(subsystem, guide, script))) {
          missing.delete(`${from} --> ${to}: ${type}`);
          if (from !== each.machine.initial) continue;
          expect(born.has(id)).toBe(false);
          born.add(id);
        }
      }),
      search(20_000),
    );
    expect([...missing]).toEqual([]);
  });
});

test('engine N42: the registry has nested machines to hold to this', () => {
  expect(nested.map(([name]) => name)).toEqual(['account Holds', 'account Withdrawals']);
});
