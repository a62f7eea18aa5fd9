import { batchOf, lapsed } from '../decide.ts';
import { isAsk, type Context, type Decision, type Rejection } from '../decider.ts';
import type { Clock } from '../clock.ts';
import { type Attempt, type Decided, type HandleFailure } from './attempt.ts';
import type { FactFinder } from './fact-finder.ts';
import { E, TE, pipe } from '../fp.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { Loaded } from './load.ts';
import type { Outcome } from '../outcome.ts';
import { answeredBefore, recalled } from './recall.ts';
import { recorded, type RecordingParts } from './recording.ts';
import { checked, type Request } from './request.ts';
import type { Runnable } from '../subsystem.ts';
import type { DomainEvent } from '../vocabulary.ts';

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
    return inTurn(
      stream,
      attempted(parts, { subsystem, request: form.right, self }, CONFLICT_RETRIES),
    );
  };
};

const attempted = (
  parts: HandleParts,
  attempt: Attempt,
  retries: number,
): TE.TaskEither<HandleFailure, Outcome> =>
  pipe(
    once(parts, attempt),
    TE.orElse((failure): TE.TaskEither<HandleFailure, Outcome | undefined> =>
      failure.type === 'RevisionConflict' ? TE.right(undefined) : TE.left(failure),
    ),
    TE.flatMap((outcome): TE.TaskEither<HandleFailure, Outcome> => {
      if (outcome !== undefined) return TE.right(outcome);
      if (retries > 0) return attempted(parts, attempt, retries - 1);
      const { stream } = attempt.request;
      return TE.left({ type: 'TooContended', stream, attempts: CONFLICT_RETRIES + 1 });
    }),
  );

/** One attempt on the stream as it stands; `undefined`: somebody else was faster. */
const once = (
  parts: HandleParts,
  attempt: Attempt,
): TE.TaskEither<HandleFailure, Outcome | undefined> =>
  pipe(
    parts.loader.load(attempt.subsystem, attempt.request.stream),
    TE.flatMap((loaded) =>
      pipe(
        recalled(parts, attempt, loaded),
        TE.flatMap((known) =>
          known === undefined
            ? decidedAnew(parts, attempt, loaded)
            : answeredBefore(parts, attempt, known),
        ),
      ),
    ),
  );

const decidedAnew = (
  parts: HandleParts,
  attempt: Attempt,
  loaded: Loaded,
): TE.TaskEither<HandleFailure, Outcome | undefined> =>
  pipe(
    decided(parts, attempt, loaded),
    TE.flatMap((answer): TE.TaskEither<HandleFailure, Outcome | undefined> => {
      if (E.isLeft(answer.decision)) {
        return TE.right({ outcome: 'refused', refusal: answer.decision.left });
      }
      const batch = batchOf(answer.decision, answer.lapsed);
      if (batch.length === 0) return TE.right({ outcome: 'granted', lapsed: [], repeated: false });
      return recorded(parts, attempt, loaded, answer, batch);
    }),
  );

/** Decides on the state after lapse, asking for facts as often as the decision wants them. */
const decided = (
  { clock, facts }: HandleParts,
  { subsystem: { decider }, request, self }: Attempt,
  { state, last }: Loaded,
): TE.TaskEither<HandleFailure, Decided> => {
  const now = clock.now();
  const at = Math.max(now, last?.metadata.at ?? 0);
  const before = lapsed({ decider }, state, { at, self });
  const context: Context = { at, actor: request.actor, self, lapsed: before.events.length };
  const settled = (
    deliberation: ReturnType<typeof decider.decide>,
  ): TE.TaskEither<HandleFailure, Decision<Rejection, DomainEvent>> => {
    if (!isAsk(deliberation)) return TE.right(deliberation);
    return pipe(
      facts(deliberation.lookups, at),
      TE.flatMap((answers) => settled(deliberation.then(answers))),
    );
  };
  return pipe(
    settled(decider.decide(request.command, before.state, context)),
    TE.map((decision) => ({ decision, lapsed: before.events, at, skewMs: at - now })),
  );
};
