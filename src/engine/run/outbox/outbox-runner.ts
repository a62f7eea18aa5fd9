import { performable, type AnyEffect } from '../../outbox.ts';
import type { Position } from '../../store.ts';
import { consumer, type Consumer } from '../consumer.ts';
import type { Gathering } from '../gathering.ts';
import { outboxIntake } from './outbox-intake.ts';
import { outboxTable } from './outbox-table.ts';
import { outboxWorker, type OutboxWorker, type WorkerParts } from './outbox-worker.ts';

export type OutboxRunner = Pick<Consumer, 'position' | 'follow'> &
  Pick<OutboxWorker, 'retry' | 'drop'> & {
    readonly effect: AnyEffect;
    /** Why the log or the table could not be read the last time; undefined: they could. */
    readonly failure: () => string | undefined;
    /** Takes in every event up to `target` and begins what there is to do; that may go on after it. */
    readonly advance: (target: Position) => Promise<void>;
    /** Takes in nothing more and begins no more work; what is under way goes on. */
    readonly halt: () => Promise<void>;
    /** Cuts short what is still under way: after the next start it goes on from what is stored. */
    readonly stop: () => Promise<void>;
  };

export type OutboxParts = Omit<WorkerParts, 'table'> & { readonly gather: Gathering };

/** Takes an effect's events into the table of works, and works on what stands there. */
export const outboxRunner = (effect: AnyEffect, parts: OutboxParts): OutboxRunner => {
  const { rows, owners, events, gather } = parts;
  const table = outboxTable(rows);
  const intake = outboxIntake(effect, { rows, table, owners });
  const worker = outboxWorker(performable(effect), { ...parts, table });
  const following = consumer({
    events,
    gather,
    types: effect.on,
    after: intake.recall(),
    resumeAfter: intake.recall,
    handle: async (page) => {
      intake.take(page);
      worker.begin();
    },
  });
  return {
    effect,
    position: following.position,
    failure: () => following.failure() ?? worker.failure(),
    advance: async (target) => {
      worker.begin();
      await following.advance(target);
    },
    follow: (failed) => {
      worker.begin();
      following.follow(failed);
    },
    halt: async () => {
      worker.halt();
      await following.stop();
    },
    stop: async () => {
      await worker.stop();
      intake.flush();
    },
    retry: worker.retry,
    drop: worker.drop,
  };
};
