import type { Clock } from '../../clock.ts';
import { E } from '../../fp.ts';
import { reactionCommandId } from '../../ids.ts';
import type { Effect, Report } from '../../outbox.ts';
import { describeFailure, isOutage, type Envelope, type EventStore } from '../../store.ts';
import type { Runnable } from '../../subsystem.ts';
import type { Send } from '../delivery.ts';
import type { FactFinder } from '../fact-finder.ts';
import { stillOurs, type Try } from './outbox-call.ts';

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

export const DONE: Ending = { end: 'done' };
export const again = (cause: string): Ending => ({ end: 'again', cause });
export const failed = (cause: string): Ending => ({ end: 'failed', cause });

/** Reports what the answers tell. */
export const told = (parts: StepParts, seen: Try, answers: readonly unknown[]): Promise<Ending> =>
  ended(
    parts,
    seen,
    answers.map((answer) => seen.effect.report(seen.recorded, answer)),
  );

/** What is to be reported is stored first, so that a restart reports the same and asks nobody anew. */
export const ended = async (
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

/** Sends the reports one after the other; each under an id of its own, so that a repeat changes nothing. */
export const reported = async (
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
