import { INSTANCE_STREAM, instanceEvents } from './instance.ts';
import { leaseSubsystem } from '../lease.ts';
import { LOG_TREE } from './companion.ts';
import { JOURNALS } from './journal.ts';
import type { AnyEffect } from '../outbox.ts';
import { OUTBOX_TABLES } from './outbox/outbox-table.ts';
import { SNAPSHOTS } from '../snapshot.ts';
import { partsOf } from '../store.ts';
import type { AnySubsystem } from '../subsystem.ts';

/** A name that cannot be used: another thing of its kind has it, or it is no name. */
export type WrongName =
  | { readonly type: 'NamedTwice'; readonly what: string; readonly name: string }
  | {
      readonly type: 'NoName';
      readonly what: string;
      readonly name: string;
      readonly expected: string;
    };

/** Names under which the engine itself keeps something. */
export const OWN_CATEGORY = partsOf(INSTANCE_STREAM)?.category ?? '';
const OWN_EVENTS = [instanceEvents, leaseSubsystem.events].flatMap(({ payloads }) =>
  Object.keys(payloads),
);
const OWN_COMMANDS = Object.keys(leaseSubsystem.commands.payloads);
const OWN_TABLES = [
  'deadlines',
  'deadlineStreams',
  'deadLetters',
  'projectionVersions',
  LOG_TREE,
  ...OUTBOX_TABLES,
  'reactionsFinished',
  SNAPSHOTS,
];

/** Whether a table is the engine's own, or a journal's, and not a read model's. */
export const isOwnTable = (table: string): boolean =>
  OWN_TABLES.includes(table) || table.startsWith(JOURNALS);

/** What people can type and a table, a stream or a type can be called. */
const NAME = /^[A-Za-z][A-Za-z0-9]*$/;
const CATEGORY = /^[a-z][A-Za-z0-9]*$/;
const REACTION = /^[^\u0000-\u001f]+$/u;

/** The first name that is no name or that two things of a kind have: each is there once in the system. */
export const wrongName = (
  subsystems: readonly AnySubsystem[],
  effects: readonly AnyEffect[],
): WrongName | undefined => {
  const projections = [...new Set(subsystems.flatMap((row) => row.projections))];
  const reactions = [...new Set(subsystems.flatMap((row) => row.reactions)), ...effects];
  const models = projections.flatMap((projection) => projection.models);
  const typesOf = (of: 'events' | 'commands') =>
    subsystems.flatMap((row) => Object.keys(row[of].payloads));
  const categories = subsystems.map(({ category }) => category);
  return (
    unfit('category', categories, CATEGORY, [OWN_CATEGORY, leaseSubsystem.category]) ??
    unfit('event', typesOf('events'), NAME, OWN_EVENTS) ??
    unfit('command', typesOf('commands'), NAME, OWN_COMMANDS) ??
    unfit('projection', projections.map(named), NAME) ??
    unfit('read model', models.map(named), NAME, OWN_TABLES) ??
    unfit('reaction', reactions.map(named), REACTION)
  );
};

const named = ({ name }: { readonly name: string }): string => name;

const unfit = (
  what: string,
  names: readonly string[],
  form: RegExp,
  taken: readonly string[] = [],
): WrongName | undefined => {
  const odd = names.find((name) => !form.test(name));
  if (odd !== undefined) return { type: 'NoName', what, name: odd, expected: form.source };
  const twice = [...taken, ...names].find((name, index, all) => all.indexOf(name) !== index);
  return twice === undefined ? undefined : { type: 'NamedTwice', what, name: twice };
};
