import { E } from '../../engine/fp.ts';
import type { Malformed } from '../../engine/codec.ts';
import type { Outcome } from '../../engine/outcome.ts';
import type { SendFailure } from '../../engine/run/engine.ts';
import { describeFailure } from '../../engine/store.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';
import type { LineCommand, Unreadable } from './command-line.ts';

type Refusal = { readonly type: string; readonly facts: Readonly<Record<string, unknown>> };

/** What a command was answered the first time. */
export type Answer =
  | {
      readonly outcome: 'accepted';
      readonly revision: number;
      readonly position: string;
      readonly events: readonly DomainEvent[];
    }
  | { readonly outcome: 'granted'; readonly lapsed: readonly DomainEvent[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

type Repeated = { readonly outcome: 'repeated'; readonly first: Answer['outcome'] } & Omit<
  Answer,
  'outcome'
>;
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
} & (Answer | Repeated | Failed | Misread);

export const repeatedOf = (answer: Answer): Repeated => {
  const { outcome, ...rest } = answer;
  return { outcome: 'repeated', first: outcome, ...rest };
};

const misread = ({ path, expected, found }: Malformed): Misread => ({
  outcome: 'malformed',
  path,
  expected,
  found,
});

/** The outcome of a line that is no command. */
export const unreadableOutcome = (line: number, wrong: Unreadable): LineOutcome => {
  const { type: _, path, expected, found, ...told } = wrong;
  return { line, ...told, outcome: 'malformed', path, expected, found };
};

const answered = (outcome: Outcome): Answer | Repeated | Misread => {
  if (outcome.outcome === 'refused') {
    const { refusal } = outcome;
    if ('expected' in refusal && refusal.type === 'Malformed') return misread(refusal);
    const { type, ...facts } = refusal;
    return { outcome: 'refused', refusal: { type, facts } };
  }
  const { repeated, ...answer } = outcome;
  return repeated ? repeatedOf(answer) : answer;
};

/** The outcome of a line whose command has been sent. */
export const outcomeOf = (
  line: number,
  { id, stream, command }: LineCommand,
  answer: E.Either<SendFailure, Outcome>,
  skewMs: number,
): LineOutcome => ({
  line,
  id,
  stream,
  command: command.type,
  ...(skewMs > 0 ? { skewMs } : {}),
  ...(E.isLeft(answer)
    ? {
        outcome: 'failed',
        failure: { type: answer.left.type, reason: describeFailure(answer.left) },
      }
    : answered(answer.right)),
});

/** What the line was answered the first time: what a run that was killed and one that was not have in common. */
export const firstOutcome = (outcome: LineOutcome): string =>
  outcome.outcome === 'repeated' ? outcome.first : outcome.outcome;

/** An outcome as one line for people. */
export const describeOutcome = (outcome: LineOutcome): string => {
  const { line, stream = '', command = '' } = outcome;
  return `${String(line).padStart(6)}  ${outcome.outcome.padEnd(9)}  ${stream} ${command}  ${detailOf(outcome)}`.trimEnd();
};

const detailOf = (outcome: LineOutcome): string => {
  if (outcome.outcome === 'malformed') {
    return `${outcome.path || 'the line'}: expected ${outcome.expected}, found ${outcome.found}`;
  }
  if (outcome.outcome === 'failed') return outcome.failure.reason;
  if ('refusal' in outcome) return refusalText(outcome.refusal);
  if ('events' in outcome) return outcome.events.map(({ type }) => type).join(', ');
  if ('lapsed' in outcome) return outcome.lapsed.map(({ type }) => type).join(', ');
  return '';
};

const refusalText = (refusal: unknown): string => {
  if (
    typeof refusal !== 'object' ||
    refusal === null ||
    !('type' in refusal) ||
    !('facts' in refusal)
  )
    return '';
  return `${String(refusal.type)} ${JSON.stringify(refusal.facts)}`;
};
