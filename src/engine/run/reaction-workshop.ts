import { BehaviorSubject, Subject } from 'rxjs';
import type { Send } from './delivery.ts';
import { E } from '../fp.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { AnyReaction } from '../reaction.ts';
import { letterOf, performed, seenBy, type Ending, type WorkParts } from './reaction-work.ts';
import { describeFailure, isOutage, type Envelope } from '../store.ts';

/** Does the work of events, in order per key, until it is stopped. */
export type Workshop = ReturnType<typeof workshop>;
export const workshop = (reaction: AnyReaction, parts: WorkParts) => {
  const inTurn = keyedQueue();
  const isHalted = new BehaviorSubject(false);
  const cut = new Subject<void>();
  const sending = new Set<Promise<unknown>>();
  let outage: string | undefined;
  const noteOutage = (answer: Awaited<ReturnType<Send>>): void => {
    const isOut = E.isLeft(answer) && isOutage(answer.left);
    outage = isOut ? describeFailure(answer.left) : undefined;
  };

  const send: WorkParts['send'] = (causedBy, by) => {
    const bare = parts.send(causedBy, by);
    return (command, commandId) => {
      const sent = parts.activity.during(() => bare(command, commandId));
      sending.add(sent);
      void sent.then(noteOutage, () => undefined);
      return sent.finally(() => sending.delete(sent));
    };
  };

  return {
    isHalted,
    /** Why the store did not take the last command, if that was for an outage. */
    outage: () => outage,
    done: async (envelope: Envelope, outlastsOutages = true): Promise<Ending> => {
      const seen = seenBy(reaction, parts, envelope);
      if (E.isLeft(seen)) return letterOf(reaction, envelope, parts.clock.now(), seen.left, 1);
      const { key, recorded } = seen.right;
      return inTurn(key, async () =>
        isHalted.value
          ? 'cut'
          : performed(reaction, { ...parts, send }, recorded, { cut, outlastsOutages }),
      );
    },
    halt: () => isHalted.next(true),
    stop: async () => {
      cut.next();
      await Promise.allSettled(sending);
    },
  };
};
