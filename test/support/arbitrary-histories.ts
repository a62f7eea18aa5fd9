import fc from 'fast-check';
import { freeze } from 'immer';
import { lapsed, settle } from '../../src/engine/decide.ts';
import {
  isAsk,
  type Actor,
  type Command,
  type Decision,
  type Rejection,
  type Self,
} from '../../src/engine/decider.ts';
import type { Lookup } from '../../src/engine/facts.ts';
import { E } from '../../src/engine/fp.ts';
import { isFinal } from '../../src/engine/machine.ts';
import type { Runnable, Status } from '../../src/engine/subsystem.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';
import { defaultSettings } from '../../src/settings.ts';
import { messageOf, small } from './arbitrary.ts';

/** A command, and who asks. */
export type Asked = { readonly actor: Actor; readonly command: Command };

/** Choices that follow from one number, so that a history is replayed from what fast-check prints. */
export type Draw = {
  readonly below: (bound: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly percent: (chance: number) => boolean;
};

export const drawFrom = (seed: number): Draw => {
  let state = seed | 0;
  // mulberry32
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 1) % bound;
  };
  return {
    below,
    pick: (from) => {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[below(from.length)]!;
    },
    percent: (chance) => below(100) < chance,
  };
};

/** What a state most likely grants, and what it should refuse or have no need of. */
export type Candidates = { readonly allowed: readonly Asked[]; readonly refused: readonly Asked[] };

/** Where a command is asked: the stream's state after lapse, its name, and the choices that are free. */
export type Scene = {
  readonly state: Status;
  readonly at: number;
  readonly self: Self;
  readonly draw: Draw;
};

/** How a subsystem is led into all its statuses. Every subsystem obeys the laws without one; with one they see more. */
export type Guide = {
  /** The ids of the streams that histories are about. */
  readonly ids: readonly string[];
  readonly commandsFor: (scene: Scene) => Candidates;
  /** What is said to a decision that asks; undefined: what anybody is told. */
  readonly answer?: (lookup: Lookup, command: Command, scene: Scene) => unknown;
};

export const unguided: Guide = {
  ids: ['1'],
  commandsFor: () => ({ allowed: [], refused: [] }),
};

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long the next command waits: a while, or until just before, at or just after the next deadline. */
type Wait = { readonly for: number } | { readonly deadline: -1 | 0 | 1 };

/** A step of a history, made concrete by the state that it meets. */
type Step = {
  readonly seed: number;
  readonly wait: Wait;
  readonly ask: 'allowed' | 'refused' | Asked | Insisting;
};

/** Asks for one type of command as often as the state offers it, so that limits are met. */
type Insisting = { readonly insist: string };

/** Everybody who may come: parties, strangers, and every role. */
export const actors: readonly Actor[] = [
  ...['ada', 'bob', 'cyd', 'dan', 'judy', 'eve', 'platform'].map((id) => ({ id, roles: [] })),
  { id: 'system', roles: ['system'] },
  { id: 'sandbox', roles: ['rail'] },
  { id: 'tess', roles: ['treasurer'] },
];

const wait: fc.Arbitrary<Wait> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ for: fc.nat(HOUR / 60) }) },
  { weight: 2, arbitrary: fc.record({ for: fc.nat(4 * HOUR) }) },
  { weight: 1, arbitrary: fc.record({ for: fc.nat(100 * DAY) }) },
  {
    weight: 2,
    arbitrary: fc.record({ deadline: fc.constantFrom(-1 as const, 0 as const, 1 as const) }),
  },
);

/** Histories of a subsystem: which stream, and the steps. */
export type Script = { readonly id: string; readonly steps: readonly Step[] };

export const scripts = (
  { commands }: Runnable,
  { ids }: Guide,
  { min = 5, max = 40 } = {},
): fc.Arbitrary<Script> => {
  const seed = fc.nat();
  const asked: fc.Arbitrary<Asked> = fc.record({
    actor: fc.constantFrom(...actors),
    command: messageOf(commands.codecs, small),
  });
  const ask = fc.oneof(
    { weight: 7, arbitrary: fc.constant('allowed' as const) },
    { weight: 2, arbitrary: fc.constant('refused' as const) },
    { weight: 2, arbitrary: asked },
  );
  const step: fc.Arbitrary<Step> = fc.record({ seed, wait, ask });
  return fc.record({
    id: fc.constantFrom(...ids),
    // Every length and every choice as likely as any other: the deep statuses are far away.
    steps: fc.noBias(fc.array(step, { minLength: min, maxLength: max, size: 'max' })),
  });
};

const told = (lookup: Lookup): unknown => {
  if (lookup.kind === 'settings') {
    return (defaultSettings as Readonly<Record<string, unknown>>)[lookup.scope];
  }
  if (lookup.kind === 'seed') return '07'.repeat(32);
  if (lookup.kind === 'row') return { row: undefined, position: '7', current: true };
  return undefined;
};

/** What a decision is told, whatever it asks. */
export const answerTo = (guide: Guide, lookup: Lookup, command: Command, scene: Scene): unknown =>
  guide.answer?.(lookup, command, scene) ?? told(lookup);

/** A command that has been decided: on which state, after which lapsed events, and how. */
export type Decided = Asked & {
  readonly at: number;
  readonly self: Self;
  readonly before: Status;
  readonly lapsed: readonly DomainEvent[];
  readonly decision: Decision<Rejection, DomainEvent>;
};

/** Decides on a state as the engine does: lapse first, then the command, with facts from the guide. */
export const decideOn = (
  subsystem: Runnable,
  guide: Guide,
  recorded: Status,
  asked: Asked & { readonly at: number; readonly self: Self; readonly draw: Draw },
): Decided => {
  const { actor, command, at, self, draw } = asked;
  const { events, state } = lapsed(subsystem, recorded, { at, self });
  const context = { at, actor, self, lapsed: events.length };
  let deliberation = subsystem.decider.decide(command, freeze(state, true), context);
  while (isAsk(deliberation)) {
    const scene = { state, at, self, draw };
    const facts = Object.fromEntries(
      Object.entries(deliberation.lookups).map(([name, lookup]) => [
        name,
        answerTo(guide, lookup, command, scene),
      ]),
    );
    deliberation = deliberation.then(facts);
  }
  return {
    actor,
    command,
    at,
    self,
    before: state,
    lapsed: events,
    decision: settle(deliberation, {}),
  };
};

const nextDue = ({ due }: Runnable, state: Status, self: Self): number | undefined => {
  const instants = due?.(state, self).map(({ at }) => at) ?? [];
  return instants.length === 0 ? undefined : Math.min(...instants);
};

const instantOf = (step: Step, now: number, due: number | undefined): number => {
  if ('for' in step.wait) return now + step.wait.for;
  return Math.max(now, (due ?? now) + step.wait.deadline);
};

/** When, before a command at `until`, somebody records what time has caused. */
export type Sweep = (scene: {
  readonly subsystem: Runnable;
  readonly state: Status;
  readonly self: Self;
  readonly from: number;
  readonly until: number;
}) => readonly number[];

export type Played = {
  readonly id: string;
  readonly self: Self;
  readonly decided: readonly Decided[];
  readonly events: readonly DomainEvent[];
  readonly state: Status;
  readonly at: number;
};

/** The first command of a type that the state allows, if every chance turns out well. */
const insisted = (guide: Guide, type: string, scene: Scene): Asked | undefined => {
  const draw: Draw = { ...scene.draw, percent: () => true };
  const { allowed } = guide.commandsFor({ ...scene, draw });
  return allowed.find(({ command }) => command.type === type);
};

/** The command of a step, made of the state that it meets; undefined: the guide knows none. */
const concrete = (guide: Guide, { ask }: Step, scene: Scene): Asked | undefined => {
  if (typeof ask === 'object' && 'command' in ask) return ask;
  const found = typeof ask === 'object' ? insisted(guide, ask.insist, scene) : undefined;
  if (found !== undefined) return found;
  const { allowed, refused } = guide.commandsFor(scene);
  const wanted = ask === 'refused' ? refused : allowed;
  const all = wanted.length > 0 ? wanted : [...allowed, ...refused];
  return all.length > 0 ? scene.draw.pick(all) : undefined;
};

/** Plays a script on the decider alone, with everything it is given frozen; `sweep` never by default. */
export const play = (
  subsystem: Runnable,
  guide: Guide,
  { id, steps }: Script,
  sweep: Sweep = () => [],
): Played => {
  const { decider, category, machine } = subsystem;
  const self: Self = { stream: `${category}-${id}`, id, instance: 'laws' };
  const events: DomainEvent[] = [];
  const decided: Decided[] = [];
  let state: Status = freeze(decider.initial, true);
  let at = 1_000;
  const append = ({ lapsed: before, decision }: Decided) => {
    if (E.isLeft(decision)) return;
    for (const event of [...before, ...decision.right]) {
      events.push(freeze(event, true));
      state = freeze(decider.evolve(state, event), true);
    }
  };
  for (const step of steps) {
    // There is nothing to insist on where nothing can be written any more.
    if (typeof step.ask === 'object' && 'insist' in step.ask && isFinal(machine, state.status))
      break;
    const now = lapsed(subsystem, state, { at, self }).state;
    const until = instantOf(step, at, nextDue(subsystem, now, self));
    for (const instant of sweep({ subsystem, state, self, from: at, until })) {
      for (const { command } of subsystem.due?.(state, self) ?? []) {
        const system = { id: 'system', roles: ['system'] };
        const asked = { actor: system, command, at: instant, self, draw: drawFrom(0) };
        append(decideOn(subsystem, guide, state, asked));
      }
    }
    at = until;
    const draw = drawFrom(step.seed);
    const current = lapsed(subsystem, state, { at, self }).state;
    const asked = concrete(guide, step, { state: current, at, self, draw });
    if (asked === undefined) continue;
    const answer = decideOn(subsystem, guide, state, { ...asked, at, self, draw });
    decided.push(answer);
    append(answer);
  }
  return { id, self, decided, events, state, at };
};

/** What was asked, a line per command. */
export const storyOf = ({ decided, self }: Pick<Played, 'decided' | 'self'>): readonly string[] =>
  decided.map(({ at, actor, command, lapsed: before, decision }) => {
    const { type, data } = command;
    const line = JSON.stringify({ stream: self.stream, command: type, data, actor, at });
    const answer = E.isLeft(decision)
      ? `refused ${JSON.stringify(decision.left)}`
      : decision.right.map(({ type: event }) => event).join(', ') || 'already so';
    const time = before.map(({ type: event }) => event).join(', ');
    return `${line}  # ${time === '' ? '' : `time: ${time}; `}${answer}`;
  });
