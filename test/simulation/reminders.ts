import * as t from 'io-ts';
import { Instant } from '../../src/engine/clock.ts';
import { accept, byCommand, refuse, type Decider } from '../../src/engine/decider.ts';
import { evolver, machine, type StateOf } from '../../src/engine/machine.ts';
import { readModel, type Projection } from '../../src/engine/projection.ts';
import { statusForbids, type CommonRejection } from '../../src/engine/refusal.ts';
import { subsystem } from '../../src/engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../src/engine/vocabulary.ts';

/** A reminder rings at its instant unless it is moved or cancelled before; what it rang for is told outside, and that it was. */
const reminderEvents = vocabulary({
  ReminderSet: { due: Instant },
  ReminderMoved: { due: Instant },
  ReminderCancelled: {},
  ReminderRang: { due: Instant },
  ReminderTold: { rings: t.number },
});
export type ReminderEvent = MessageOf<typeof reminderEvents>;

const reminderMachine = machine<ReminderEvent>()('Unset', {
  Unset: { ReminderSet: 'Set', ReminderTold: 'Unset' },
  Set: {
    ReminderMoved: 'Set',
    ReminderCancelled: 'Unset',
    ReminderRang: 'Unset',
    ReminderTold: 'Set',
  },
});

export type Reminder = StateOf<
  typeof reminderMachine,
  { Unset: { rings: number; told: number }; Set: { due: number; rings: number; told: number } }
>;

export const reminderCommands = vocabulary({
  SetReminder: { due: Instant },
  MoveReminder: { due: Instant },
  CancelReminder: {},
  Ring: { due: Instant },
  Tell: {},
});
type ReminderCommand = MessageOf<typeof reminderCommands>;
type ReminderRejection =
  CommonRejection | { readonly type: 'NotRinging'; readonly due: number | null };

const { ReminderSet, ReminderMoved, ReminderCancelled, ReminderRang, ReminderTold } =
  reminderEvents.of;

const counts = ({ rings, told }: Reminder) => ({ rings, told });

const reminder: Decider<ReminderCommand, Reminder, ReminderEvent, ReminderRejection> = {
  version: 1,
  initial: { status: 'Unset', rings: 0, told: 0 },
  evolve: evolver<typeof reminderMachine, Reminder, ReminderEvent>({
    ReminderSet: (state, { due }) => ({ status: 'Set', due, ...counts(state) }),
    ReminderMoved: (state, { due }) => ({ status: 'Set', due, ...counts(state) }),
    ReminderCancelled: (state) => ({ status: 'Unset', ...counts(state) }),
    ReminderRang: ({ rings, told }) => ({ status: 'Unset', rings: rings + 1, told }),
    ReminderTold: (state) => {
      state.told += 1;
    },
  }),
  decide: byCommand({
    SetReminder: ({ due }, state) =>
      state.status === 'Set' ? statusForbids(state.status) : accept(ReminderSet({ due })),
    MoveReminder: ({ due }, state) =>
      state.status === 'Set' ? accept(ReminderMoved({ due })) : statusForbids(state.status),
    CancelReminder: (_, state) =>
      state.status === 'Set' ? accept(ReminderCancelled({})) : accept(),
    Ring: ({ due }, state, { at }) => {
      if (state.status === 'Set' && state.due === due && at >= due) {
        return accept(ReminderRang({ due }));
      }
      return refuse({ type: 'NotRinging', due: state.status === 'Set' ? state.due : null });
    },
    Tell: (_, { rings }) => accept(ReminderTold({ rings })),
  }),
};

type ReminderRow = { readonly due: number | null; readonly rings: number; readonly told: number };
const reminders = readModel<ReminderRow>('reminders', {
  waiting: ({ due }) => (due === null ? undefined : 'yes'),
});

type Change = (row: ReminderRow) => ReminderRow;
const changing =
  (change: Change) =>
  (
    tables: Parameters<NonNullable<Projection<ReminderEvent>['on']['ReminderSet']>>[0],
    { envelope }: { readonly envelope: { readonly stream: string } },
  ): void => {
    const rows = tables(reminders);
    const before = rows.get(envelope.stream) ?? { due: null, rings: 0, told: 0 };
    rows.set(envelope.stream, change(before));
  };

const remindersProjection: Projection<ReminderEvent> = {
  name: 'reminders',
  version: 1,
  models: [reminders],
  on: {
    ReminderSet: (tables, recorded) =>
      changing((row) => ({ ...row, due: recorded.data.due }))(tables, recorded),
    ReminderMoved: (tables, recorded) =>
      changing((row) => ({ ...row, due: recorded.data.due }))(tables, recorded),
    ReminderCancelled: changing((row) => ({ ...row, due: null })),
    ReminderRang: changing((row) => ({ ...row, due: null, rings: row.rings + 1 })),
    ReminderTold: changing((row) => ({ ...row, told: row.told + 1 })),
  },
};

const anyone = { who: 'anyone', when: 'always', refusals: [] };

export const reminderSubsystem = subsystem({
  category: 'reminder',
  area: 'simulation',
  decider: reminder,
  events: reminderEvents,
  commands: reminderCommands,
  machine: reminderMachine,
  about: {
    summary: 'A reminder that rings at its instant.',
    commands: {
      SetReminder: anyone,
      MoveReminder: anyone,
      CancelReminder: anyone,
      Ring: { ...anyone, refusals: ['NotRinging'] },
      Tell: anyone,
    },
  },
  projections: [remindersProjection],
  reactions: [],
  due: (state) =>
    state.status === 'Set'
      ? [{ at: state.due, command: reminderCommands.of.Ring({ due: state.due }) }]
      : [],
});
