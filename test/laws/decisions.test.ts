import fc from 'fast-check';
import { freeze } from 'immer';
import { targets } from '../../src/engine/machine.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import { messageOf, small, wide } from '../support/arbitrary.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import {
  actors,
  decideOn,
  drawFrom,
  play,
  scripts,
  storyOf,
  type Decided,
} from '../support/arbitrary-histories.ts';
import { runs, search, seeds, withStory } from '../support/arbitrary-runs.ts';

/** Refusals of a command's form and of who and when: the page says them in its columns `who`, `accepted when`, `payload`. */
const SAID_ELSEWHERE = ['StatusForbids', 'NotPermitted', 'Malformed', 'TooLarge'];

/** More steps than any limit of repetitions has. */
const MANY = 1_500;

describe.each(ruled)('the decisions of %s', (_, subsystem, guide) => {
  const { commands, events, machine, decider, about } = subsystem;
  const types = [...commands.codecs.keys()];
  const { seed, next } = seeds();

  /** States of every status, a few of each, with the instant at which they were met. */
  const met = new Map<string, Decided[]>();
  /** What each command was ever refused for. */
  const refusals = new Map<string, Set<string>>();
  /** Per type of refusal the names of its fields, as often as they differ. */
  const shapes = new Map<string, Set<string>>();

  const note = (decided: Decided): void => {
    const { command, before, decision } = decided;
    const known = met.get(before.status) ?? [];
    met.set(before.status, known);
    if (known.length < 200) known.push(decided);
    else if (decided.at % 50 === 0) known[decided.at % known.length] = decided;
    if (E.isRight(decision)) return;
    const { left } = decision;
    refusals.set(command.type, (refusals.get(command.type) ?? new Set()).add(left.type));
    const fields = Object.keys(left).filter((field) => field !== 'since');
    shapes.set(left.type, (shapes.get(left.type) ?? new Set()).add(fields.toSorted().join()));
  };

  const named = types.flatMap((type) =>
    (about.commands[type]?.refusals ?? []).map((refusal) => ({ type, refusal })),
  );
  const unseen = () =>
    named.filter(({ type, refusal }) => refusals.get(type)?.has(refusal) !== true);

  /** Decides on frozen values twice: the same answer, and events that their codecs read and the machine declares. */
  const consistent = (
    before: Status,
    asked: Omit<Parameters<typeof decideOn>[3], 'draw'>,
    n: number,
  ): void => {
    const state = freeze(before, true);
    const first = decideOn(subsystem, guide, state, { ...asked, draw: drawFrom(n) });
    const again = decideOn(subsystem, guide, state, { ...asked, draw: drawFrom(n) });
    note(first);
    const wrong: string[] = [];
    if (canonicalJson(again.decision) !== canonicalJson(first.decision)) wrong.push('two answers');
    let current: Status = first.before;
    for (const event of E.isLeft(first.decision) ? [] : first.decision.right) {
      if (events.codecs.get(event.type)?.is(event.data) !== true) wrong.push(canonicalJson(event));
      const from = current.status;
      current = decider.evolve(current, event);
      if (!targets(machine, from, event.type).includes(current.status)) wrong.push(event.type);
    }
    if (wrong.length > 0) throw new Error(canonicalJson({ seed, wrong, before, asked }));
  };

  /** Histories in which one command is asked for again and again, until it has met its limit. */
  const insist = (type: string): void => {
    const ask = { insist: type };
    const isMissing = () =>
      unseen().some((each) => each.type === type && each.refusal === 'TooMany');
    for (let attempt = 0; attempt < 300 && (attempt === 0 || isMissing()); attempt += 1) {
      const steps = Array.from({ length: MANY }, () => ({ seed: next(), wait: { for: 0 }, ask }));
      const id = guide.ids[attempt % guide.ids.length]!;
      play(subsystem, guide, { id, steps }).decided.forEach(note);
    }
  };

  beforeAll(() => {
    for (const type of types) insist(type);
    for (let batch = 0; batch < runs(60); batch += 1) {
      if (
        batch >= runs(6) &&
        unseen().length === 0 &&
        met.size === Object.keys(machine.states).length
      ) {
        return;
      }
      const some = fc.sample(scripts(subsystem, guide), { numRuns: 100, seed: next() });
      for (const script of some) play(subsystem, guide, script).decided.forEach(note);
    }
  });

  test('every status is met', () => {
    const statuses = Object.keys(machine.states).toSorted();
    expect({ seed, met: [...met.keys()].toSorted() }).toEqual({ seed, met: statuses });
  });

  test('every command in every status, from everybody and with any payload, is granted or refused', () => {
    const payloads = new Map(
      types.map((type) => [
        type,
        [small, wide].flatMap((pools) =>
          fc.sample(messageOf(commands.codecs, pools, [type]), { numRuns: runs(20), seed: next() }),
        ),
      ]),
    );
    const draw = drawFrom(next());
    let asked = 0;
    const after = [0, 1, 60_000, 3_600_000, 40 * 86_400_000];
    for (const states of [...met.values()].map((some) => [...some])) {
      for (const type of types) {
        for (const actor of Array.from({ length: runs(2) }, () => actors).flat()) {
          asked += 1;
          const { before, at, self } = draw.pick(states);
          const command = freeze(draw.pick(payloads.get(type)!), true);
          consistent(before, { actor, command, at: at + draw.pick(after), self }, next());
        }
      }
    }
    expect({ seed, asked: types.length * actors.length * met.size }).not.toEqual({
      seed,
      asked: 0,
    });
  });

  test('every refusal is plain JSON with a type', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const { decision } of played.decided) {
              if (E.isRight(decision)) continue;
              const { left } = decision;
              expect(left.type).toMatch(/^[A-Z][A-Za-z]+$/);
              expect(JSON.parse(canonicalJson(left))).toEqual(left);
            }
          },
        );
      }),
      search(150),
    );
  });

  test('a refusal has one meaning: the same facts wherever it is given', () => {
    const differing = [...shapes].filter(([, fields]) => fields.size > 1);
    expect({ seed, differing }).toEqual({ seed, differing: [] });
  });

  test.each(types)(
    '%s: the page names every refusal that it gives of its own, and no other',
    (type) => {
      const given = [...(refusals.get(type) ?? [])].filter(
        (name) => !SAID_ELSEWHERE.includes(name),
      );
      const written = [...(about.commands[type]?.refusals ?? [])].toSorted();
      expect({ seed, refusals: written }).toEqual({ seed, refusals: given.toSorted() });
    },
  );

  test('the page tells of every command', () => {
    expect(Object.keys(about.commands).toSorted()).toEqual(types.toSorted());
  });
});
