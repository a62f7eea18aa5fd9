import type { Clock } from '../../clock.ts';
import { E } from '../../fp.ts';
import { reactionCommandId } from '../../ids.ts';
import type { Effect, Report } from '../../outbox.ts';
import { isHistoryFailure } from '../../replay.ts';
import {
  describeFailure,
  isOutage,
  StoreFailed,
  type Envelope,
  type EventStore,
} from '../../store.ts';
import type { Runnable } from '../../subsystem.ts';
import { orFailed } from '../consumer.ts';
import { ATTEMPTS, type Send } from '../delivery.ts';
import type { FactFinder } from '../fact-finder.ts';
import {
  lookedUp,
  preparedFor,
  preparedIn,
  stillOurs,
  submitsIn,
  submitted,
  type OpenStage,
  type Try,
} from './outbox-call.ts';
import { askedBy, recordedIn } from './outbox-intake.ts';

/** What a step needs of the engine. */
export type StepParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly clock: Clock;
  readonly facts: FactFinder;
  /** `causedBy`: the event whose work is reported on. */
  readonly report: (causedBy: Envelope, effect: Effect) => Send;
};

/** How a try has ended: the work is over, is to be tried again from where it is stored, or cannot be done. */
export type Ending =
  | { readonly end: 'done' }
  /** `outage`: it is tried again however often that was. */
  | { readonly end: 'again' | 'outage' | 'failed'; readonly cause: string };

const DONE: Ending = { end: 'done' };
const again = (cause: string): Ending => ({ end: 'again', cause });
const failed = (cause: string): Ending => ({ end: 'failed', cause });

const NO_ANSWER = 'it was sent and not answered';

/** Takes a work as far as it goes. Rejects with `CutShort`, `StoreFailed`, or what a bug in the effect's declarations throws. */
export type Step = (parts: StepParts, given: Omit<Try, 'recorded'>) => Promise<Ending>;

export const stepped: Step = async (parts, given) => {
  const { stage, event } = given.work;
  const read = parts.events.read(event.stream, { from: event.revision, limit: 1 });
  const [envelope] = orFailed(await read());
  if (envelope === undefined) return failed(`${event.stream} has no revision ${event.revision}`);
  const recorded = recordedIn(parts.owners, envelope);
  if (E.isLeft(recorded)) return failed(recorded.left);
  const seen = { ...given, recorded: recorded.right };
  if (stage.state === 'failed') return failed('it has failed already');
  if (stage.state === 'reporting') return reported(parts, seen, stage.reports);
  return stage.state === 'waiting' ? asked(parts, seen, stage) : begun(parts, seen, stage);
};

const begun = (parts: StepParts, seen: Try, stage: OpenStage): Promise<Ending> =>
  seen.effect.attempts === 'events' ? once(parts, seen, stage) : sent(parts, seen, stage);

/** What could not be read when it was taken in stands under its event's id, and need not concern the effect. */
const asked = async (
  parts: StepParts,
  seen: Try,
  stage: Extract<OpenStage, { readonly state: 'waiting' }>,
): Promise<Ending> => {
  const { work, effect, recorded } = seen;
  const found = askedBy(effect, recorded);
  if (E.isLeft(found)) return failed(found.left);
  if (found.right === undefined) return DONE;
  const { key } = found.right;
  if (key === work.key || work.key !== recorded.envelope.id) return begun(parts, seen, stage);
  seen.store(stage, key);
  return begun(parts, { ...seen, work: { ...work, key } }, stage);
};

/** Looks up what is known already, and sends what nobody knows of. */
const sent = async (parts: StepParts, seen: Try, stage: OpenStage): Promise<Ending> => {
  const before = await lookedUp(seen, preparedIn(stage));
  if (E.isLeft(before)) return again(before.left);
  if (before.right.length > 0) return told(parts, seen, before.right);
  const submits = submitsIn(stage);
  const obstacle = await obstacleOf(parts, seen);
  if (obstacle !== undefined && submits === 0) return ended(parts, seen, obstacle);
  // It may have gone out: only an answer ends it now.
  if (obstacle !== undefined || submits >= ATTEMPTS) return again('nobody knows what became of it');
  const prepared = await preparedFor(seen, stage);
  if (E.isLeft(prepared)) return again(prepared.left);
  const late = await lateObstacleOf(parts, seen, stage);
  if (late !== undefined) return ended(parts, seen, late);
  return sentOff(parts, seen, prepared.right, submits + 1);
};

/** Sends it, and looks up at once what became of it where no answer came back. */
const sentOff = async (
  parts: StepParts,
  seen: Try,
  prepared: unknown,
  submits: number,
): Promise<Ending> => {
  const answers = await submitted(seen, prepared, submits);
  if (E.isRight(answers) && answers.right.length > 0) return told(parts, seen, answers.right);
  const after = await lookedUp(seen, prepared);
  if (E.isRight(after) && after.right.length > 0) return told(parts, seen, after.right);
  return again(E.isLeft(answers) ? answers.left : NO_ANSWER);
};

/** One attempt, whatever comes of it: the stream that asked for it decides whether there is another. */
const once = async (parts: StepParts, seen: Try, stage: OpenStage): Promise<Ending> => {
  const before = await lookedUp(seen, preparedIn(stage));
  if (E.isRight(before) && before.right.length > 0) return told(parts, seen, before.right);
  if (E.isLeft(before)) return unanswered(parts, seen, before.left);
  if (submitsIn(stage) > 0) return unanswered(parts, seen, 'the attempt was cut short');
  const obstacle = await obstacleOf(parts, seen);
  if (obstacle !== undefined) return ended(parts, seen, obstacle);
  const prepared = await preparedFor(seen, stage);
  if (E.isLeft(prepared)) return unanswered(parts, seen, prepared.left);
  const late = await lateObstacleOf(parts, seen, stage);
  if (late !== undefined) return ended(parts, seen, late);
  const answers = await submitted(seen, prepared.right, 1);
  if (E.isLeft(answers)) return unanswered(parts, seen, answers.left);
  if (answers.right.length === 0) return unanswered(parts, seen, NO_ANSWER);
  return told(parts, seen, answers.right);
};

const unanswered = (parts: StepParts, seen: Try, cause: string): Promise<Ending> =>
  ended(parts, seen, [seen.effect.unanswered?.(seen.recorded, cause)]);

/** Why it must not go out, as what is to be reported of that; undefined: it may. */
const obstacleOf = async (
  { clock, facts }: StepParts,
  { effect, recorded }: Try,
): Promise<readonly (Report | undefined)[] | undefined> => {
  const now = clock.now();
  const isPast = effect.notAfter !== undefined && now >= effect.notAfter(recorded);
  if (isPast) return [effect.expired?.(recorded)];
  if (effect.rereads === undefined) return undefined;
  const found = await facts(effect.rereads(recorded), now)();
  if (E.isLeft(found)) {
    if (isHistoryFailure(found.left)) throw new Error(describeFailure(found.left));
    throw new StoreFailed(found.left);
  }
  const isWanted = effect.isWanted?.(recorded, found.right) ?? true;
  return isWanted ? undefined : [effect.unwanted?.(recorded)];
};

/** The same once it was prepared just now, which has taken its time. */
const lateObstacleOf = async (parts: StepParts, seen: Try, stage: OpenStage) =>
  stage.state === 'waiting' && seen.effect.prepare !== undefined
    ? obstacleOf(parts, seen)
    : undefined;

const told = (parts: StepParts, seen: Try, answers: readonly unknown[]): Promise<Ending> =>
  ended(
    parts,
    seen,
    answers.map((answer) => seen.effect.report(seen.recorded, answer)),
  );

/** What is to be reported is stored first, so that a restart reports the same and asks nobody anew. */
const ended = async (
  parts: StepParts,
  seen: Try,
  all: readonly (Report | undefined)[],
): Promise<Ending> => {
  const reports = all.filter((report) => report !== undefined);
  if (reports.length === 0) return DONE;
  seen.store({ state: 'reporting', reports });
  return reported(parts, seen, reports);
};

/** Somebody has reported otherwise under the same id: this report changes nothing. */
const SUPERSEDED = 'CommandIdReused';

const reported = async (
  parts: StepParts,
  seen: Try,
  reports: readonly Report[],
): Promise<Ending> => {
  const { effect, recorded } = seen;
  const { envelope } = recorded;
  const send = parts.report(envelope, effect);
  for (const [index, report] of reports.entries()) {
    const id = reactionCommandId(parts.instance, effect.name, envelope.id, index);
    await stillOurs(seen);
    const answer = await send(report, id);
    if (E.isLeft(answer)) {
      const cause = describeFailure(answer.left);
      return isOutage(answer.left) ? { end: 'outage', cause } : again(cause);
    }
    if (answer.right.outcome !== 'refused') continue;
    const { refusal } = answer.right;
    if ([SUPERSEDED, ...(effect.ends ?? [])].includes(refusal.type)) continue;
    return failed(`refused: ${JSON.stringify(refusal)}`);
  }
  return DONE;
};
