import {
  escrow,
  escrowCommands,
  type EscrowCommand,
  type EscrowRejection,
} from '../../src/commands/marketplace/escrow.ts';
import type { EscrowEvent } from '../../src/domain/marketplace/escrow/events.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import type { TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import type { Actor } from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import { given, type Circumstances } from '../../src/testing/given.ts';

const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const self = { stream: 'escrow-E1', id: 'E1', instance: 'test' } as const;
export const system: Actor = { id: 'system', roles: ['system'] };
export const settings = {
  currencies: { USD: 2, EUR: 2, JPY: 0, KWD: 3, BTC: 8, XMR: 12, ETH: 18 },
  rails: ['sandbox'],
  fee: { payee: 'platform', ppm: 25_000 },
};

export const usd = (amount: number | bigint) => ({ currency: 'USD', amount: String(amount) });
export const eur = (amount: number | bigint) => ({ currency: 'EUR', amount: String(amount) });

/** The deal of the specification's example; what a test changes, it names. */
export const deal = (changes: Partial<TermsDraft> = {}): TermsDraft => ({
  buyer: 'buyer',
  seller: 'seller',
  arbiter: { actor: 'judge' },
  split: [{ party: 'artist', sharePpm: 600_000 }],
  milestones: [{ title: 'all of it', amount: usd(12_000) }],
  ...changes,
});

/** Two milestones of 6,000 USD. */
export const twoPart = (changes: Partial<TermsDraft> = {}): TermsDraft =>
  deal({
    milestones: [
      { title: 'a half', amount: usd(6_000) },
      { title: 'the other', amount: usd(6_000) },
    ],
    ...changes,
  });

const {
  AcceptTerms,
  CancelEscrow,
  ExpireEscrow,
  LockFunds,
  MarkDelivered,
  OfferSettlement,
  OpenEscrow,
  RaiseDispute,
  RefundBuyer,
  ReleaseFunds,
} = escrowCommands.of;

/** A command as it is sent: when, by whom, what. */
export type Step = readonly [at: number, actor: string | Actor, command: EscrowCommand];

/** What the accounts and the configuration say when this command is sent: an open hold for whatever it wants to lock. */
const circumstances = (
  at: number,
  actor: string | Actor,
  command: EscrowCommand,
  feePpm = settings.fee.ppm,
): Circumstances => ({
  at,
  actor,
  self,
  facts: {
    settings: { ...settings, fee: { ...settings.fee, ppm: feePpm } },
    ...(command.type === 'LockFunds'
      ? {
          hold: {
            holdId: command.data.holdId,
            purpose: { stream: self.stream, item: null },
            amounts: command.data.amounts,
          },
        }
      : {}),
  },
});

export const after = (events: readonly EscrowEvent[]): Escrow => given(escrow, ...events).state;

/** What a command brings about in a state: a refusal, or the batch it appends. */
export const answerIn = (
  state: Escrow,
  [at, actor, command]: Step,
  feePpm?: number,
): E.Either<EscrowRejection, readonly EscrowEvent[]> => {
  const from = { ...escrow, initial: state };
  const { decided, lapsed } = given(from).when(command, circumstances(at, actor, command, feePpm));
  return E.isLeft(decided) ? decided : E.right([...lapsed, ...decided.right]);
};

/** What a command would bring about after `past`. */
export const tried = (past: readonly EscrowEvent[], step: Step, feePpm?: number) =>
  answerIn(after(past), step, feePpm);

/** A history: every step has to be accepted. */
export const play = (past: readonly EscrowEvent[], ...steps: readonly Step[]): EscrowEvent[] => {
  const events = [...past];
  let state = after(past);
  for (const step of steps) {
    const answer = answerIn(state, step);
    if (E.isLeft(answer)) throw new Error(`${step[2].type}: ${JSON.stringify(answer.left)}`);
    events.push(...answer.right);
    state = answer.right.reduce<Escrow>(escrow.evolve, state);
  }
  return events;
};

/** Asks, after `past`, as `given` does, with all facts at hand. */
export const asked = (past: readonly EscrowEvent[], [at, actor, command]: Step) =>
  given(escrow, ...past).when(command, circumstances(at, actor, command));

/** What the event closing an escrow, or any other last one, says. */
export const last = (events: readonly EscrowEvent[]): EscrowEvent => events.at(-1)!;

export const ACCEPTED = 2;
export const LOCKED = 10;
export const MARKED = 20;
export const RAISED = 30;

export const proposed = (terms = deal()) => play([], [0, 'buyer', OpenEscrow({ terms })]);

export const agreed = (terms = deal()) => {
  const opened = proposed(terms);
  const others = [terms.seller, ...(terms.split ?? []).map(({ party }) => party)];
  return play(
    opened,
    ...others.map((party): Step => [ACCEPTED, party, AcceptTerms({ version: 1 })]),
  );
};

export const lock = (past: readonly EscrowEvent[], at = LOCKED): EscrowEvent[] => {
  const wanted = answerOfStand(past);
  return play(past, [at, system, LockFunds({ holdId: 'buyer#1', ...wanted })]);
};

const answerOfStand = (past: readonly EscrowEvent[]) => {
  const state = after(past);
  if (state.status !== 'Agreed') throw new Error(state.status);
  const sums = new Map<string, bigint>();
  for (const { amount } of state.terms.milestones) {
    sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + BigInt(amount.amount));
  }
  const amounts = [...sums.keys()]
    .toSorted()
    .map((currency) => ({ currency, amount: String(sums.get(currency)) }));
  return { payer: state.terms.buyer, amounts };
};

export const locked = (terms = deal()) => lock(agreed(terms));

export const awaitingRelease = (terms = deal()) =>
  play(locked(terms), [MARKED, terms.seller, MarkDelivered({ milestone: 1 })]);

export const complaint = {
  reason: 'QualityIssue' as const,
  claim: { type: 'RefundBuyer' as const },
  grounds: [],
};

export const disputed = (past: readonly EscrowEvent[] = locked(), at = RAISED, by = 'buyer') =>
  play(past, [at, by, RaiseDispute(complaint)]);

/** An instant after all that `histories` tell but Expired. */
export const NOW = 100;
const withOffer = (past: readonly EscrowEvent[]) =>
  play(past, [40, 'seller', OfferSettlement({ refund: [usd(1)] })]);
/** A way into every status; the money's, with an offer of the seller's of 1 USD. */
export const histories: Readonly<Record<Escrow['status'], readonly EscrowEvent[]>> = {
  Unopened: [],
  Proposed: proposed(),
  Agreed: agreed(),
  Locked: withOffer(locked()),
  AwaitingRelease: withOffer(awaitingRelease()),
  Disputed: withOffer(disputed(locked(), 30, 'buyer')),
  Released: play(locked(), [50, 'buyer', ReleaseFunds({ milestone: 1 })]),
  Refunded: play(locked(), [50, 'seller', RefundBuyer({})]),
  Expired: play(locked(), [60 * DAY, 'x', ExpireEscrow({})]),
  Cancelled: play(proposed(), [50, 'buyer', CancelEscrow({})]),
};
export const statuses = Object.keys(histories) as Escrow['status'][];

/** The answer in a word: 'accepted', 'already so', or the type of the refusal. */
export const answered = (
  past: readonly EscrowEvent[],
  command: EscrowCommand,
  actor: Actor,
  at = NOW,
): string => {
  const answer = tried(past, [at, actor, command]);
  if (E.isLeft(answer)) return answer.left.type;
  return answer.right.length === 0 ? 'already so' : 'accepted';
};
