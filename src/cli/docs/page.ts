import { edges, toMermaid, type Drawn } from '../../engine/machine.ts';
import type { AnySubsystem } from '../../engine/subsystem.ts';
import { payloadText } from './codec-text.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells)),
];

const commandRows = ({ commands, about }: AnySubsystem) =>
  Object.entries(commands.payloads).map(([type, props]) => {
    const { who = '', when = '', refusals = [] } = about.commands[type] ?? {};
    return [type, who, when, payloadText(props), refusals.join(', ') || '-'];
  });

const eventRows = ({ events, machine }: AnySubsystem) =>
  Object.entries(events.payloads).map(([type, props]) => {
    const steps = edges(machine).filter((edge) => edge.type === type);
    const from = [...new Set(steps.map((edge) => edge.from))].join(', ');
    const to = [...new Set(steps.map((edge) => edge.to))].join(', ');
    return [type, String(events.versionOf(type)), `${from} -> ${to}`, payloadText(props)];
  });

const modelRows = ({ projections }: AnySubsystem) =>
  projections.flatMap(({ name, version, models }) =>
    models.map((model) => [
      model.name,
      `${name} ${version}`,
      Object.keys(model.indexes).join(', ') || '-',
    ]),
  );

const reactionRows = ({ reactions }: AnySubsystem) =>
  reactions.map(({ name, on, ends = [] }) => [name, on.join(', '), ends.join(', ') || '-']);

const drawing = (drawn: Drawn): readonly string[] => ['```mermaid', toMermaid(drawn), '```'];

const nestedSections = ({ nested = [] }: AnySubsystem): readonly string[] =>
  nested.flatMap(({ name, machine }) => section(`${name} within one stream`, drawing(machine)));

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

const tableOr = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => (rows.length === 0 ? [] : table(head, rows));

/** The page of a subsystem, written from the running model. */
export const pageOf = (subsystem: AnySubsystem): string => {
  const { category, area, about, machine, due, decider } = subsystem;
  const clockwork =
    due === undefined && decider.lapse === undefined
      ? []
      : [
          'Time alone can cause events here: they precede whatever is decided, and a deadline writes them down.',
          '',
        ];
  return [
    `# ${category}`,
    '',
    `Area ${area}. Streams \`${category}-<id>\`. ${about.summary}`,
    '',
    'Written by `chancery docs` from the running model; edit the model, not this page.',
    '',
    ...section('States', drawing(machine)),
    ...nestedSections(subsystem),
    ...clockwork,
    ...section(
      'Commands',
      table(['command', 'who', 'accepted when', 'payload', 'own refusals'], commandRows(subsystem)),
    ),
    ...section(
      'Events',
      table(['event', 'version', 'from -> to', 'payload'], eventRows(subsystem)),
    ),
    ...section(
      'Read models',
      tableOr(['read model', 'projection', 'indexes'], modelRows(subsystem)),
    ),
    ...section(
      'Reactions',
      tableOr(['reaction', 'on', 'refusals that end it'], reactionRows(subsystem)),
    ),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
};
