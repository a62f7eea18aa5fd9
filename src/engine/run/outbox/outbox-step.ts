import { E } from '../../fp.ts';
import type { Report } from '../../outbox.ts';
import { isHistoryFailure } from '../../replay.ts';
import { describeFailure, StoreFailed } from '../../store.ts';
import { orFailed } from '../consumer.ts';
import { ATTEMPTS } from '../delivery.ts';
import {
  lookedUp,
  preparedFor,
  preparedIn,
  submitsIn,
  submitted,
  type OpenStage,
  type Try,
} from './outbox-call.ts';
import {
  DONE,
  again,
  ended,
  failed,
  reported,
  told,
  type Ending,
  type StepParts,
} from './outbox-ending.ts';
import { askedBy, recordedIn } from './outbox-intake.ts';

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

/** Where nobody is told of it, it stands as failed: an outcome that nobody knows is not lost. */
const unanswered = async (parts: StepParts, seen: Try, cause: string): Promise<Ending> => {
  const { effect, recorded } = seen;
  if (effect.unanswered === undefined) return failed(cause);
  return ended(parts, seen, [effect.unanswered(recorded, cause)]);
};

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
