import type { Actor, Command } from '../../src/engine/decider.ts';
import { deadlineCommandId } from '../../src/engine/ids.ts';
import type { Effect } from '../../src/engine/outbox.ts';
import { senderOf, type Envelope } from '../../src/engine/store.ts';
import { calledOutside, type Reach } from './outside.ts';
import {
  reminderCommands,
  reminderSubsystem,
  type Reminder,
  type ReminderEvent,
} from './reminders.ts';
import type { AtRest, Following, Line, Scene, Workload } from './workload.ts';

const { SetReminder, MoveReminder, CancelReminder, Ring, Tell } = reminderCommands.of;

const people: readonly Actor[] = ['ada', 'bob'].map((id) => ({ id, roles: [] }));

/** Tells outside, under the event's id, that a reminder rang: whoever hears it twice has heard it once. */
const tellWhenRang =
  (heard: Map<string, number>) =>
  (reach: Reach): Effect<ReminderEvent, null, number> => ({
    name: 'tellWhenRang',
    on: ['ReminderRang'],
    submit: async ({ key, recorded }) => {
      const times = (heard.get(key) ?? 0) + 1;
      const { stream } = recorded.envelope;
      await calledOutside(reach, `tell ${stream}`, () => heard.set(key, times));
      return [times];
    },
    lookUp: async ({ key }) => heard.get(key),
    report: ({ envelope: { stream } }) => ({ stream, command: Tell({}) }),
  });

const line = ({ now, chance, log }: Scene): Omit<Line, 'id'> => {
  const stream = `reminder-${chance.int(1, 5)}`;
  const wait = chance.pick([-5, 0, 1, 40, 1_000, 70_000, 86_400_000]);
  const isSet = log.state(stream).status === 'Set';
  const due = now + wait;
  const command = chance.weighted<Command>([
    [isSet ? 1 : 10, SetReminder({ due })],
    [isSet ? 8 : 1, MoveReminder({ due })],
    [2, CancelReminder({})],
    [1, Ring({ due })],
  ]);
  return { stream, actor: chance.pick(people), command };
};

const altered = ({ type }: Command): Command | undefined =>
  type === 'MoveReminder' ? MoveReminder({ due: 1 }) : undefined;

const follows = ({ type, stream }: Envelope): readonly Following[] =>
  type === 'ReminderRang' ? [{ reaction: 'tellWhenRang', n: 0, stream, ends: [] }] : [];

/** Each rings once for what it was last set to, not before that, and its command is that deadline's alone (N17). */
const checkRings = ({ log }: AtRest): void => {
  for (const stream of log.streams()) {
    if (!stream.startsWith('reminder-')) continue;
    if (log.state(stream).status === 'Set') throw new Error(`N17: ${stream} never rings`);
    for (const envelope of log.history(stream)) {
      const { type, data, metadata, revision } = envelope;
      if (type !== 'ReminderRang') continue;
      const { due } = data as { readonly due: number };
      const place = `${stream}@${revision}`;
      if (metadata.at < due) throw new Error(`N17: ${place} rang before its instant`);
      if (senderOf(envelope) !== 'system') continue;
      const deadline = { stream, at: due, target: stream, commandType: 'Ring' };
      const ids = log
        .history(stream)
        .slice(0, revision)
        .map((each) => deadlineCommandId('simulation', { ...deadline, revision: each.revision }));
      if (!ids.includes(metadata.commandId)) throw new Error(`N17: ${place} is another's ring`);
    }
  }
};

/** Whatever rang was heard of outside, and all of it was told (N19). */
const checkTold = (heard: ReadonlyMap<string, number>, { log }: AtRest): void => {
  for (const { id, type, stream, revision } of log.events) {
    if (type !== 'ReminderRang' || heard.has(id)) continue;
    throw new Error(`N19: nobody has heard of ${stream}@${revision}`);
  }
};

/** With engines that share a log each of them tells: once per ring they all write the same command. */
const checkCounts = ({ log }: AtRest): void => {
  for (const stream of log.streams().filter((name) => name.startsWith('reminder-'))) {
    const { rings, told } = log.state(stream) as Reminder;
    if (rings !== told) throw new Error(`N19: ${stream} rang ${rings} times and told ${told}`);
  }
};

export const remindersWorkload = (): Workload => {
  const heard = new Map<string, number>();
  return {
    name: 'reminders',
    commands: [8, 25, 60],
    subsystems: [reminderSubsystem],
    effects: (reach) => [tellWhenRang(heard)(reach)],
    line,
    altered,
    follows,
    hopeless: [],
    check: (world) => {
      checkRings(world);
      checkTold(heard, world);
      checkCounts(world);
    },
  };
};
