import { optional, closed, type FieldsOf } from '../../src/engine/codec.ts';
import { byCommand, refuse, type Decider } from '../../src/engine/decider.ts';
import { evolver, machine, type StateOf } from '../../src/engine/machine.ts';
import { vocabulary, type MessageOf } from '../../src/engine/vocabulary.ts';
import * as t from 'io-ts';

/** What the compiler must refuse: `tsc` checks this file, nobody runs it. */
type Event =
  | { readonly type: 'Opened'; readonly data: { readonly n: number } }
  | { readonly type: 'Closed'; readonly data: { readonly at: number } };
const door = machine<Event>()('A', { A: { Opened: 'B' }, B: { Closed: 'C' }, C: {} });
type State = StateOf<typeof door, { A: object; B: { n: number }; C: { n: number } }>;

// @ts-expect-error -- an event the vocabulary does not know
machine<Event>()('A', { A: { Exploded: 'A' } });
// @ts-expect-error -- a target that is not a status
machine<Event>()('A', { A: { Opened: 'Nowhere' } });
// @ts-expect-error -- an initial status that is not declared
machine<Event>()('Z', { A: { Opened: 'A' } });
// @ts-expect-error -- a status without its shape
export type Missing = StateOf<typeof door, { A: object; B: { n: number } }>;

evolver<typeof door, State, Event>({
  // @ts-expect-error -- Opened leads to B, never to C
  Opened: (_, { n }) => ({ status: 'C', n }),
  Closed: ({ n }) => ({ status: 'C', n }),
});
// @ts-expect-error -- the table must be total
evolver<typeof door, State, Event>({ Opened: (_, { n }) => ({ status: 'B', n }) });
evolver<typeof door, State, Event>({
  Opened: (_, { n }) => ({ status: 'B', n }),
  // @ts-expect-error -- Closed happens in B, which has an n and no m
  Closed: ({ m }) => ({ status: 'C', n: m }),
});

const commands = vocabulary({ Open: { n: t.number, note: optional(t.string) }, Close: {} });
type Command = MessageOf<typeof commands>;
commands.of.Open({ n: 1 });
// @ts-expect-error -- a payload without a required field
commands.of.Open({});
// @ts-expect-error -- a command that is not in the vocabulary
commands.of.Slam({});
// @ts-expect-error -- an optional field is left out, not undefined
commands.of.Open({ n: 1, note: undefined });

type Rejection = { readonly type: 'AlreadyOpen'; readonly n: number };
type DoorDecider = Decider<Command, State, Event, Rejection>;
// @ts-expect-error -- a command without its decision
export const partial: DoorDecider['decide'] = byCommand<Command, State, Event, Rejection>({
  Open: () => refuse({ type: 'AlreadyOpen', n: 1 }),
});
export const wrongFacts: DoorDecider['decide'] = byCommand<Command, State, Event, Rejection>({
  // @ts-expect-error -- a refusal without its facts
  Open: () => refuse({ type: 'AlreadyOpen' }),
  Close: () => refuse({ type: 'AlreadyOpen', n: 1 }),
});

const point = closed({ x: t.number, label: optional(t.string) });
export const here: FieldsOf<typeof point.props> = { x: 1 };
// @ts-expect-error -- records are closed
export const elsewhere: FieldsOf<typeof point.props> = { x: 1, y: 2 };
