import type { Observable } from 'rxjs';
import type { Clock, Instant } from '../../clock.ts';
import { E } from '../../fp.ts';
import { leaseCommands, leaseEvents, leaseStream, type LeaseCommand } from '../../lease.ts';
import type { Outcome } from '../../outcome.ts';
import type { Activity } from '../activity.ts';
import { waking } from './outbox-waking.ts';

/** Sends a command about a lease in the engine's own name; a Left is a failure of infrastructure. */
export type SendLease = (
  stream: string,
  command: LeaseCommand,
) => Promise<E.Either<{ readonly type: string }, Outcome>>;

/** Whether this engine is the one that performs an effect. */
export type Tenure = {
  /** The number under which it does; undefined: it does not. */
  readonly fence: () => number | undefined;
  /** Asks to be the one; may be asked again and again. */
  readonly want: () => void;
  /** Makes sure of it before something goes out under a number; false: another may have taken over since. */
  readonly confirm: (fence: number) => Promise<boolean>;
  /** Gives it back; nothing is under way. */
  readonly release: () => Promise<void>;
};

/** Of a store that nobody else writes: nobody else performs anything. */
export const sole: Tenure = {
  fence: () => 0,
  want: () => undefined,
  confirm: async () => true,
  release: async () => undefined,
};

/** How long a lease is held without being renewed, in milliseconds; it is renewed after half of that. */
const LEASE_MS = 30_000;

/** The pause after a failure of the store, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

export type LeaseParts = {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly send: SendLease;
  readonly newId: () => string;
};

/** What a worker has to do with its tenure: it hears that it has gained it, and ends it with `halted`. */
export type TenureHooks = { readonly gained: () => void; readonly halted: Observable<unknown> };

/** Of a store that several engines write: a lease, claimed when there is work and given back when there is none. */
export const leased = (
  effect: string,
  parts: LeaseParts,
  { gained, halted }: TenureHooks,
): Tenure => {
  const { now, monotonic } = parts.clock;
  const lease = leaseOf(effect, parts);
  // A wall clock that is set back makes no lease longer.
  const isHeld = (forMs = 0): boolean => {
    const held = lease.held();
    return held !== undefined && now() + forMs < held.until && monotonic() + forMs < held.lapses;
  };
  let notBefore: Instant = 0;
  const renew = async (): Promise<void> => {
    await lease.renew();
    renewals.at(renewalOf(lease.held(), now()));
  };
  const claim = async (): Promise<void> => {
    const again = await lease.claim();
    renewals.at(renewalOf(lease.held(), now()));
    if (again === undefined) return gained();
    notBefore = again;
    claims.at(again);
  };
  const renewals = waking(parts.clock, () => void lease.once(renew), halted);
  const claims = waking(parts.clock, gained, halted);
  return {
    fence: () => (isHeld() ? lease.held()?.no : undefined),
    want: () => {
      if (!isHeld() && now() >= notBefore) void lease.once(claim);
    },
    confirm: async (fence) => {
      if (!isHeld(LEASE_MS / 2)) await lease.once(renew);
      return isHeld() && lease.held()?.no === fence;
    },
    release: () => {
      renewals.at(undefined);
      return lease.release();
    },
  };
};

/** The lease of an effect as this engine last heard of it; one thing is asked at a time. */
const leaseOf = (effect: string, { clock, activity, send, newId }: LeaseParts) => {
  const { ClaimLease, RenewLease, ReleaseLease } = leaseCommands.of;
  const told = (command: LeaseCommand) => activity.during(() => send(leaseStream(effect), command));
  let held: Held | undefined;
  let asking: Promise<void> | undefined;
  return {
    held: () => held,
    once: (work: () => Promise<void>): Promise<void> =>
      (asking ??= work().finally(() => {
        asking = undefined;
      })),
    /** Undefined: it is held now, else when to claim it again. */
    claim: async (): Promise<Instant | undefined> => {
      const asked = clock.monotonic();
      // Another holder each time: whether an unanswered claim has gained it is not known.
      const answer = await told(ClaimLease({ holder: newId(), forMs: LEASE_MS }));
      held = E.isRight(answer) ? heldIn(answer.right, asked) : undefined;
      return held === undefined ? againAt(answer, clock.now()) : undefined;
    },
    renew: async (): Promise<void> => {
      if (held === undefined) return;
      const asked = clock.monotonic();
      const answer = await told(RenewLease({ no: held.no, forMs: LEASE_MS }));
      if (E.isRight(answer)) held = heldIn(answer.right, asked);
    },
    release: async (): Promise<void> => {
      await asking;
      if (held === undefined) return;
      const { no } = held;
      held = undefined;
      await told(ReleaseLease({ no }));
    },
  };
};

type Held = {
  readonly no: number;
  readonly until: Instant;
  /** When it is over by the monotonic clock, counted from when it was asked for. */
  readonly lapses: number;
};

/** The lease that an answer gives; undefined: none. */
const heldIn = (outcome: Outcome, asked: number): Held | undefined => {
  if (outcome.outcome !== 'accepted') return undefined;
  const last = leaseEvents.decode({
    version: 1,
    data: undefined,
    type: '',
    ...outcome.events.at(-1),
  });
  if (E.isLeft(last) || !('until' in last.right.data)) return undefined;
  const { no, until } = last.right.data;
  return { no, until, lapses: asked + LEASE_MS };
};

const halfOf = ({ until }: Held): Instant => until - LEASE_MS / 2;

/** When a lease is renewed; undefined: there is none. */
const renewalOf = (held: Held | undefined, now: Instant): Instant | undefined =>
  held === undefined ? undefined : Math.max(halfOf(held), now + TRY_AGAIN_MS);

/** When a claim that was not granted is made again. */
const againAt = (answer: E.Either<unknown, Outcome>, now: Instant): Instant => {
  const refusal = E.isRight(answer) && answer.right.outcome === 'refused' && answer.right.refusal;
  const until: unknown = refusal && 'until' in refusal ? refusal.until : undefined;
  return typeof until === 'number' && until > now ? until : now + TRY_AGAIN_MS;
};
