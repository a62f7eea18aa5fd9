import { exhaustMap, timer } from 'rxjs';
import {
  IncomingPayment,
  type IncomingPayment as Payment,
  type PaymentRail,
} from '../../domain/shared/payment-rail.ts';
import type { Clock } from '../../engine/clock.ts';
import { listOf, malformed } from '../../engine/codec.ts';
import { E } from '../../engine/fp.ts';
import type { Engine } from '../../engine/run/engine.ts';
import { policy } from '../resilience/policy.ts';
import { bookPayment } from './book-payment.ts';
import { RailFailed } from './rail-failed.ts';
import type { UnclaimedPayments } from './unclaimed-payments.ts';

/** How payments of a rail are received. Times in milliseconds. */
export type Receiving = {
  readonly engine: Engine;
  readonly rail: Pick<PaymentRail, 'name' | 'incoming'>;
  readonly unclaimed: UnclaimedPayments;
  readonly clock: Clock;
  /** How often the rail is read, by the engine's clock; 5,000 by default. Under virtual time it is read by `poll` alone. */
  readonly intervalMs?: number;
  /** How long the rail has for an answer, in real time; 30,000 by default. */
  readonly timeoutMs?: number;
};

/** What became of a claim: undefined: no such payment waits; else why it is not booked, if it is not. */
export type Claimed = { readonly refused: string | undefined } | undefined;

/** Reads a rail again and again, and books what came in. */
export type Receiver = {
  /** Books all that has come in by now. Never rejects: what goes wrong is noted, and tried again by the next poll. */
  readonly poll: () => Promise<void>;
  /** Why the last poll did not come to its end; undefined: it did. */
  readonly failure: () => string | undefined;
  /** Books an unclaimed payment for an owner. Rejects with `EngineFailed`; the claim stands then, and the next poll goes on with it. */
  readonly claim: (position: string, owner: string) => Promise<Claimed>;
  /** Ends what is under way, and leaves no timer. */
  readonly close: () => Promise<void>;
};

const INTERVAL_MS = 5_000;
const TIMEOUT_MS = 30_000;

const Page = listOf(IncomingPayment);

/** How far the rail was read, in the store's own file: a copy of the store that is taken back takes the position back with it. */
const positions = ({ engine, rail }: Receiving) => {
  const noted = engine.journal<{ readonly position: string }>('incomingPayments');
  return {
    last: () => noted.get(rail.name)?.position,
    note: (position: string) => noted.put(rail.name, { position }),
  };
};

/** Asks the rail for its next payments, whatever it does: it may be slow, hang, or answer nonsense. */
const asking = ({ rail, timeoutMs = TIMEOUT_MS }: Receiving, closing: AbortSignal) => {
  const off = { retry: 'off', breaker: 'off', bulkhead: 'off', totalMs: 'off' } as const;
  const bounded = policy({
    name: `rail ${rail.name}`,
    // A rail has a policy of its own, which knows what its failures mean.
    classify: () => ({ kind: 'transient' }),
    attemptMs: timeoutMs,
    ...off,
  });
  return async (after: string | undefined): Promise<readonly Payment[]> => {
    const call = { repeat: 'never', signal: closing } as const;
    const answer = await bounded.run(call, ({ signal }) => rail.incoming(after, signal))();
    if (E.isLeft(answer)) throw new RailFailed(answer.left);
    const page = Page.decode(answer.right);
    if (E.isRight(page)) return page.right;
    const { path, expected } = malformed(page.left);
    throw new Error(`rail ${rail.name} gives at ${path} something else than ${expected}`);
  };
};

/** One poll: first the claims that a crash has left, then page after page until there are no more. */
const reading = (receiving: Receiving, closing: AbortSignal) => {
  const { rail, unclaimed } = receiving;
  const [ask, position] = [asking(receiving, closing), positions(receiving)];
  const bookPage = async (page: readonly Payment[]): Promise<void> => {
    let answered: string | undefined;
    try {
      for (const payment of page) {
        closing.throwIfAborted();
        await bookPayment(receiving, payment);
        answered = payment.position;
      }
    } finally {
      // Behind what the engine has answered, and nothing else: what follows is read again.
      if (answered !== undefined) position.note(answered);
    }
  };
  return async (): Promise<void> => {
    for (const { rail: name, payment, claimedFor } of unclaimed.view().payments) {
      if (name === rail.name && claimedFor !== null) await bookPayment(receiving, payment);
    }
    let after = position.last();
    const seen = new Set([after]);
    for (;;) {
      const page = await ask(after);
      await bookPage(page);
      after = page.at(-1)?.position;
      if (after === undefined) return;
      if (seen.has(after)) throw new Error(`rail ${rail.name} comes to position ${after} again`);
      seen.add(after);
    }
  };
};

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);

/** Polls one after the other: whoever asks while one is under way gets the next, together with all who ask. */
const inTurn = (once: () => Promise<void>): (() => Promise<void>) => {
  let running = Promise.resolve();
  let next: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    await running;
    next = undefined;
    running = once();
    await running;
  };
  return () => (next ??= begin());
};

/**
 * Receives the payments of a rail into an engine, in the rail's name. Close it before the engine; `receivingEngine` does both. Several
 * receivers of one rail, and any crash, book each payment once.
 */
export const receivePayments = (receiving: Receiving): Receiver => {
  const { rail, unclaimed, clock, intervalMs = INTERVAL_MS } = receiving;
  const closing = new AbortController();
  const read = reading(receiving, closing.signal);
  let failure: string | undefined;
  const once = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    try {
      await read();
      failure = undefined;
    } catch (cause) {
      if (closing.signal.aborted) return;
      failure = reasonOf(cause);
    }
    // Where not even the list can be written, this process says so.
    const noted = E.tryCatch(() => unclaimed.noteTrouble(rail.name, failure), reasonOf);
    if (E.isLeft(noted)) failure ??= noted.left;
  };
  const poll = inTurn(once);
  const polling =
    clock.kind === 'wall'
      ? timer(0, intervalMs, clock.scheduler).pipe(exhaustMap(poll)).subscribe()
      : undefined;
  return {
    poll,
    failure: () => failure,
    claim: async (position, owner) => {
      const found = unclaimed
        .view()
        .payments.find((each) => each.rail === rail.name && each.payment.position === position);
      if (found === undefined) return undefined;
      unclaimed.claim(rail.name, position, owner);
      return { refused: await bookPayment(receiving, found.payment) };
    },
    close: async () => {
      closing.abort();
      polling?.unsubscribe();
      await poll();
    },
  };
};

/** An engine that receives: `settle` and `runUntil` begin with a poll, and `close` ends the receiver first. */
export const receivingEngine = (engine: Engine, receiver: Receiver): Engine => {
  const close = async (): Promise<void> => {
    await receiver.close();
    await engine.close();
  };
  return {
    ...engine,
    settle: async () => {
      await receiver.poll();
      await engine.settle();
    },
    runUntil: async (instant) => {
      await receiver.poll();
      await engine.runUntil(instant);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
