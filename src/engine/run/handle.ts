import { batchOf, lapsed } from '../decide.ts';
import { isAsk, type Context } from '../decider.ts';
import type { Clock } from '../clock.ts';
import { type Attempt, type Decided, type HandleFailure } from './attempt.ts';
import type { FactFinder } from './fact-finder.ts';
import { E, type TE } from '../fp.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { LoadFailure, Loaded } from './load.ts';
import type { Outcome } from '../outcome.ts';
import { answeredBefore, recalled } from './recall.ts';
import { recorded, type RecordingParts } from './recording.ts';
import { checked, type Request } from './request.ts';
import type { Runnable } from '../subsystem.ts';

export type Handle = (
  subsystem: Runnable,
  request: Request,
) => TE.TaskEither<HandleFailure, Outcome>;

export type HandleParts = RecordingParts & { readonly facts: FactFinder; readonly clock: Clock };

/** How often a decision is made anew because somebody else wrote to its stream first. */
const CONFLICT_RETRIES = 10;

/**
 * The one place where a decision meets the world: form, memory of commands, state, lapse, facts, decision, append. On a
 * conflict only the missing tail is loaded and the decision made anew.
 */
export const handler = (parts: HandleParts): Handle => {
  const inTurn = keyedQueue();
  return (subsystem, request) => async () => {
    const form = checked(subsystem, request, parts.sha256);
    if (E.isLeft(form)) return E.right({ outcome: 'refused', refusal: form.left });
    const { stream, id } = form.right;
    const self = { stream, id, instance: parts.instance };
    return inTurn(stream, () => attempted(parts, { subsystem, request: form.right, self }));
  };
};

const attempted = async (
  parts: HandleParts,
  attempt: Attempt,
): Promise<E.Either<HandleFailure, Outcome>> => {
  for (let retry = 0; retry <= CONFLICT_RETRIES; retry += 1) {
    const answer = await once(parts, attempt);
    if (E.isRight(answer) && answer.right !== undefined) return E.right(answer.right);
    if (E.isLeft(answer) && answer.left.type !== 'RevisionConflict') return answer;
  }
  const { stream } = attempt.request;
  return E.left({ type: 'TooContended', stream, attempts: CONFLICT_RETRIES + 1 });
};

/** One attempt on the stream as it stands; `undefined`: somebody else was faster. */
const once = async (
  parts: HandleParts,
  attempt: Attempt,
): Promise<E.Either<HandleFailure, Outcome | undefined>> => {
  const loaded = await parts.loader.load(attempt.subsystem, attempt.request.stream)();
  if (E.isLeft(loaded)) return loaded;
  const known = await recalled(parts, attempt, loaded.right);
  if (E.isLeft(known)) return known;
  if (known.right !== undefined) return answeredBefore(parts, attempt, known.right);
  const decided = await decidedOn(parts, attempt, loaded.right);
  if (E.isLeft(decided)) return decided;
  const { decision } = decided.right;
  if (E.isLeft(decision)) return E.right({ outcome: 'refused', refusal: decision.left });
  const batch = batchOf(decision, decided.right.lapsed);
  if (batch.length === 0) return E.right({ outcome: 'granted', lapsed: [], repeated: false });
  return recorded(parts, attempt, loaded.right, decided.right, batch);
};

/** Decides on the state after lapse, asking for facts as often as the decision wants them. */
const decidedOn = async (
  { clock, facts }: HandleParts,
  { subsystem: { decider }, request, self }: Attempt,
  { state, last }: Loaded,
): Promise<E.Either<LoadFailure, Decided>> => {
  const now = clock.now();
  const at = Math.max(now, last?.metadata.at ?? 0, request.notBefore ?? 0);
  const before = lapsed({ decider }, state, { at, self });
  const context: Context = { at, actor: request.actor, self, lapsed: before.events.length };
  let deliberation = decider.decide(request.command, before.state, context);
  while (isAsk(deliberation)) {
    const answers = await facts(deliberation.lookups, at)();
    if (E.isLeft(answers)) return answers;
    deliberation = deliberation.then(answers.right);
  }
  return E.right({ decision: deliberation, lapsed: before.events, at, skewMs: at - now });
};
