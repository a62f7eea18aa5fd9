import type { Malformed } from '../../engine/codec.ts';
import type { Outcome } from '../../engine/outcome.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';
import { failureReason, type Failure } from '../failure-text.ts';
import { inline } from '../output.ts';
import type { LineCommand, Unreadable } from './command-line.ts';

type Refusal = { readonly type: string; readonly facts: Readonly<Record<string, unknown>> };

type Accepted = {
  readonly revision: number;
  readonly position: string;
  readonly events: readonly DomainEvent[];
};
type Granted = { readonly lapsed: readonly DomainEvent[] };
type Refused = { readonly refusal: Refusal };

/** What a command was answered, the first time or again. */
type Answer =
  | ({ readonly outcome: 'accepted' } & Accepted)
  | ({ readonly outcome: 'granted' } & Granted)
  | ({ readonly outcome: 'refused' } & Refused)
  | ({ readonly outcome: 'repeated'; readonly first: 'accepted' } & Accepted)
  | ({ readonly outcome: 'repeated'; readonly first: 'granted' } & Granted)
  | ({ readonly outcome: 'repeated'; readonly first: 'refused' } & Refused);

type Failed = {
  readonly outcome: 'failed';
  readonly failure: { readonly type: string; readonly reason: string };
};
type Misread = { readonly outcome: 'malformed' } & Omit<Malformed, 'type'>;

/** The outcome of a line, as `--json` prints it. */
export type LineOutcome = {
  readonly line: number;
  readonly id?: string;
  readonly stream?: string;
  readonly command?: string;
  /** By how much the line's instant was raised, because the clock had passed it. */
  readonly skewMs?: number;
} & (Answer | Failed | Misread);

const misread = ({ path, expected, found }: Malformed): Misread => ({
  outcome: 'malformed',
  path,
  expected,
  found,
});

/** The outcome of a line that is no command. */
export const unreadableOutcome = (line: number, unreadable: Unreadable): LineOutcome => {
  const { type: _, path, expected, found, ...told } = unreadable;
  return { line, ...told, outcome: 'malformed', path, expected, found };
};

const answerOf = (outcome: Outcome): Answer | Misread => {
  if (outcome.outcome === 'refused') {
    const { refusal } = outcome;
    if ('expected' in refusal && refusal.type === 'Malformed') return misread(refusal);
    const { type, ...facts } = refusal;
    return { outcome: 'refused', refusal: { type, facts } };
  }
  const { repeated: _, ...answer } = outcome;
  return answer;
};

/** A line that has been answered is answered the same again, and its command is not sent; what is malformed stays so. */
export const repeatedOutcome = (first: LineOutcome): LineOutcome => {
  if (first.outcome === 'accepted') {
    return { ...first, outcome: 'repeated', first: first.outcome };
  }
  if (first.outcome === 'granted') return { ...first, outcome: 'repeated', first: first.outcome };
  if (first.outcome === 'refused') return { ...first, outcome: 'repeated', first: first.outcome };
  return first;
};

const placeOf = (line: number, { id, stream, command }: LineCommand) => ({
  line,
  id,
  stream,
  command: command.type,
});

/** The outcome of a line whose command has been answered. */
export const outcomeOf = (
  line: number,
  command: LineCommand,
  outcome: Outcome,
  skewMs: number,
): LineOutcome => {
  const answered = {
    ...placeOf(line, command),
    ...(skewMs > 0 ? { skewMs } : {}),
    ...answerOf(outcome),
  };
  return 'repeated' in outcome && outcome.repeated ? repeatedOutcome(answered) : answered;
};

/** The outcome of a line whose command, or what follows from it, has met a failure. */
export const failedOutcome = (
  line: number,
  command: LineCommand,
  failure: Failure,
): LineOutcome => ({
  ...placeOf(line, command),
  outcome: 'failed',
  failure: { type: failure.type, reason: failureReason(failure) },
});

/** A store that fails will fail the next line too; a stream whose history is damaged is its own trouble alone. */
export const isStoreFailure = (outcome: LineOutcome): boolean =>
  outcome.outcome === 'failed' && outcome.failure.type.startsWith('Store');

/** What the line was answered the first time: what a run that was killed and one that was not have in common. */
export const firstOutcome = (outcome: LineOutcome): string =>
  outcome.outcome === 'repeated' ? outcome.first : outcome.outcome;

/** An outcome as one line for people. */
export const describeOutcome = (outcome: LineOutcome): string => {
  const { line, stream = '-', command = '-', skewMs } = outcome;
  const late = skewMs === undefined ? '' : `  (${skewMs} ms late)`;
  return inline(
    `${String(line).padStart(6)}  ${outcome.outcome.padEnd(9)}  ${stream} ${command}  ${detailOf(outcome)}${late}`,
  ).trimEnd();
};

const detailOf = (outcome: LineOutcome): string => {
  if (outcome.outcome === 'malformed') {
    const { path, expected, found } = outcome;
    return `${path || 'the line'}: expected ${expected}, found ${found}`;
  }
  if (outcome.outcome === 'failed') return `${outcome.failure.type}: ${outcome.failure.reason}`;
  if ('refusal' in outcome) {
    const { type, facts } = outcome.refusal;
    return Object.keys(facts).length === 0 ? type : `${type} ${JSON.stringify(facts)}`;
  }
  const events = 'events' in outcome ? outcome.events : outcome.lapsed;
  return events.map(({ type }) => type).join(', ');
};
