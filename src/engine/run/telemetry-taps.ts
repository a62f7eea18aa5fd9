import { Observable } from 'rxjs';
import type { Clock } from '../clock.ts';
import { isAsk, type Deliberation, type Rejection } from '../decider.ts';
import { E } from '../fp.ts';
import type { Outcome } from '../outcome.ts';
import type { Reaction, Sending } from '../reaction.ts';
import { CutShort } from './outbox/bounded-call.ts';
import { untapped, type Taps } from './taps.ts';
import type { SpanEnd, Telemetry } from '../telemetry.ts';
import type { DomainEvent } from '../vocabulary.ts';

/** Tells a telemetry what the engine's parts do; without one the parts stay as they are. */
export const tapsFor = (telemetry: Telemetry | undefined, clock: Clock): Taps =>
  telemetry === undefined ? untapped : told(harmless(telemetry), clock);

/** A telemetry whose own bugs stay its own. */
const harmless = ({ span, count, deadlineLate }: Telemetry): Telemetry => ({
  span: (name, attributes) => {
    const begun = E.tryCatch(() => span(name, attributes), String);
    return (end) => void E.tryCatch(() => E.isRight(begun) && begun.right(end), String);
  },
  count: (...args) => void E.tryCatch(() => count(...args), String),
  deadlineLate: (...args) => void E.tryCatch(() => deadlineLate(...args), String),
});

type End = (end: SpanEnd) => void;

/** What a bug threw, on its way on. */
const bug = (end: End, cause: unknown): never => {
  end({ result: 'Bug' });
  throw cause;
};

/** Work that answers a failure or a value, within a span. */
const within = <Failure extends { readonly type: string }, Value>(
  end: End,
  work: Promise<E.Either<Failure, Value>>,
  resultOf: (value: Value) => string = () => 'done',
): Promise<E.Either<Failure, Value>> =>
  work.then(
    (answer) => {
      end({ result: E.isLeft(answer) ? answer.left.type : resultOf(answer.right) });
      return answer;
    },
    (cause: unknown) => bug(end, cause),
  );

const told = (telemetry: Telemetry, clock: Clock): Taps => ({
  ...deciding(telemetry),
  ...following(telemetry, clock),
  ...performing(telemetry),
});

/** What a command passes on its way. */
const deciding = ({
  span,
  count,
}: Telemetry): Pick<Taps, 'events' | 'subsystem' | 'loader' | 'facts' | 'dispatch'> => ({
  events: (events) => ({
    ...events,
    append: (stream, expected, drafts) => async () => {
      const end = span('append', { stream, events: drafts.length });
      const answer = await within(end, events.append(stream, expected, drafts)());
      if (E.isRight(answer)) count('events.appended', drafts.length, { stream });
      return answer;
    },
  }),
  subsystem: (subsystem) => {
    const { category, decider } = subsystem;
    const decide: typeof decider.decide = (command, state, context) =>
      deliberated(
        () => span('decide', { category, command: command.type }),
        () => decider.decide(command, state, context),
      );
    return { ...subsystem, decider: { ...decider, decide } };
  },
  loader: (loader) => ({
    ...loader,
    load: (subsystem, stream, atLeast) => () =>
      within(span('load', { stream }), loader.load(subsystem, stream, atLeast)()),
  }),
  facts: (facts) => (lookups, at) => () =>
    within(span('facts', { lookups: Object.keys(lookups).length }), facts(lookups, at)()),
  dispatch: (dispatch) => (request) => () => {
    const { stream, command, commandId, correlationId = commandId } = request;
    const end = span('command', { stream, command: command.type, commandId, correlationId });
    return within(end, dispatch(request)(), ({ outcome }: Outcome) => outcome);
  },
});

/** What follows from events. */
const following = (
  { span, count, deadlineLate }: Telemetry,
  clock: Clock,
): Pick<Taps, 'builder' | 'reaction' | 'whenDue'> => ({
  builder: (builder, { name }) => ({
    ...builder,
    apply: (page) => {
      const what = { projection: name, events: page.events.length };
      const end = span('projection', what);
      const applied = E.tryCatch(
        () => builder.apply(page),
        (cause) => cause,
      );
      if (E.isLeft(applied)) return bug(end, applied.left);
      end({ result: applied.right === undefined ? 'done' : 'Broken' });
      count('events.projected', page.events.length, { projection: name });
      return applied.right;
    },
  }),
  reaction: (reaction) => {
    const each: Reaction['each'] = (recorded, time, reader) => {
      const { stream, position } = recorded.envelope;
      const begin = () => span('reaction', { reaction: reaction.name, stream, position });
      // A reaction gets events of the types it is listed under alone.
      return spanned(begin, () => reaction.each(recorded as never, time, reader));
    };
    return { ...reaction, each };
  },
  whenDue: (send) => (deadline, commandId) => {
    const { stream, target, command } = deadline;
    const what = { stream, target, command: command.type };
    deadlineLate(Math.max(clock.now() - deadline.at, 0), what);
    return send(deadline, commandId);
  },
});

/** What is done in the outside world. */
const performing = ({ span }: Telemetry): Pick<Taps, 'step'> => ({
  step: (step) => (parts, given) => {
    const { effect, stream, position } = { ...given.work.event, effect: given.work.effect };
    const end = span('effect', { effect, stream, position });
    return step(parts, given).then(
      (ending) => {
        end({ result: ending.end });
        return ending;
      },
      (cause: unknown) => {
        end({ result: cause instanceof CutShort ? 'CutShort' : 'Failed' });
        throw cause;
      },
    );
  },
});

/** A decision within a span, and each of its continuations within one of its own. */
const deliberated = (
  begin: () => End,
  decide: () => Deliberation<Rejection, DomainEvent>,
): Deliberation<Rejection, DomainEvent> => {
  const end = begin();
  const answer = E.tryCatch(decide, (cause) => cause);
  if (E.isLeft(answer)) return bug(end, answer.left);
  const deliberation = answer.right;
  end({ result: resultOf(deliberation) });
  if (!isAsk(deliberation)) return deliberation;
  const { then } = deliberation;
  return { ...deliberation, then: (facts) => deliberated(begin, () => then(facts)) };
};

const resultOf = (deliberation: Deliberation<Rejection, DomainEvent>): string => {
  if (isAsk(deliberation)) return 'asks';
  return E.isLeft(deliberation) ? 'refuses' : 'accepts';
};

/** The work of a reaction within a span that lasts until it is done, fails or is cut short. */
const spanned = (begin: () => End, work: () => Observable<Sending>): Observable<Sending> =>
  new Observable<Sending>((subscriber) => {
    const end = begin();
    let result = 'CutShort';
    const begun = E.tryCatch(work, (cause) => cause);
    if (E.isLeft(begun)) return bug(end, begun.left);
    const subscription = begun.right.subscribe({
      next: (sending: Sending) => subscriber.next(sending),
      error: (cause: unknown) => {
        result = 'Failed';
        subscriber.error(cause);
      },
      complete: () => {
        result = 'done';
        subscriber.complete();
      },
    });
    return () => {
      subscription.unsubscribe();
      end({ result });
    };
  });
