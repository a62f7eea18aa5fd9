import { settle } from '../../src/engine/decide.ts';
import {
  accountEvents,
  depositEvents,
  escrowCommands,
  escrowSubsystem,
  marketplaceDefaults,
  subsystems,
  type Actor,
  type Escrow,
  type EscrowCommand,
  type EscrowEvent,
  type Self,
  type StreamName,
} from '../../src/index.ts';
import { fill, type Piece } from './bulk.ts';

const { OpenEscrow, LockFunds } = escrowCommands.of;
const { HoldPlaced, HoldTaken } = accountEvents.of;
const { DepositBooked } = depositEvents.of;
const { decider } = escrowSubsystem;

const SYSTEM: Actor = { id: 'system', roles: ['system'] };
const settings = {
  ...marketplaceDefaults,
  currencies: { ...marketplaceDefaults.currencies, CHF: 2 },
};

type OpenData = Extract<EscrowCommand, { readonly type: 'OpenEscrow' }>['data'];
export type Draft = OpenData['terms'];

/** An escrow in memory: its state and the events that have led to it. */
export type Played = { readonly state: Escrow; readonly events: readonly EscrowEvent[] };

export const selfOf = (id: string): Self => ({ stream: `escrow-${id}`, id, instance: 'bench' });

/** Decides with all facts at hand: nothing is read and nothing is written. Throws on a refusal. */
export const decided = (
  state: Escrow,
  command: EscrowCommand,
  actor: Actor,
  { at, self, hold }: { readonly at: number; readonly self: Self; readonly hold?: unknown },
): readonly EscrowEvent[] => {
  const deliberation = decider.decide(command, state, { at, actor, self, lapsed: 0 });
  const decision = settle(deliberation, { settings, hold });
  if (decision._tag === 'Left') throw new Error(JSON.stringify(decision.left));
  return decision.right;
};

const after = ({ state, events }: Played, more: readonly EscrowEvent[]): Played => ({
  state: more.reduce<Escrow>(decider.evolve, state),
  events: [...events, ...more],
});

/** An escrow that is agreed, and then one that holds its money. */
export const locked = (id: string, terms: Draft, at: number): Played => {
  const self = selfOf(id);
  const parties = [terms.buyer, terms.seller, ...(terms.split ?? []).map(({ party }) => party)];
  const consents = parties.map((party) => ({ party, by: party }));
  const opening = decided(decider.initial, OpenEscrow({ terms, consents }), SYSTEM, { at, self });
  const agreed = after({ state: decider.initial, events: [] }, opening);
  const { buyer } = terms;
  const amounts = amountsIn(terms);
  const holdId = `${buyer}#1`;
  const hold = { holdId, purpose: { stream: self.stream, item: null }, amounts };
  const lock = LockFunds({ holdId, payer: buyer, amounts });
  return after(agreed, decided(agreed.state, lock, SYSTEM, { at, self, hold }));
};

/** What milestones of different currencies come to; a bench names each currency once. */
const amountsIn = ({ milestones }: Draft) =>
  milestones.map(({ amount }) => amount).toSorted((a, b) => (a.currency < b.currency ? -1 : 1));

/** Terms of one milestone of 12,000 minor units that wait long for their delivery. */
export const plainTerms = (
  buyer: string,
  seller: string,
  deliverWithinMs = 300 * 86_400_000,
): Draft => ({
  buyer,
  seller,
  milestones: [
    { title: 'all of it', amount: { currency: 'USD', amount: '12000' }, deliverWithinMs },
  ],
  arbiter: { actor: 'judge' },
});

/** The log of one locked escrow: its buyer's deposit and hold, the escrow, the hold taken. */
function* logOfLocked(id: string, terms: Draft, at: number): Generator<Piece> {
  const { buyer } = terms;
  const amounts = amountsIn(terms);
  const holdId = `${buyer}#1`;
  const deposit: StreamName = `deposit-sandbox.${id}`;
  const account: StreamName = `account-${buyer}`;
  const [opened, agreed, funded] = locked(id, terms, at).events;
  if (opened === undefined || agreed === undefined || funded === undefined) return;
  const paid = amounts.map((money, index) =>
    DepositBooked({
      rail: 'sandbox',
      ref: `${id}.${index}`,
      owner: buyer,
      money,
      note: null,
      postings: [{ from: 'world:sandbox', to: `wallet:${buyer}`, money }],
    }),
  );
  const placed = HoldPlaced({
    holdId,
    purpose: { stream: `escrow-${id}`, item: null },
    amounts,
    creditedSeen: amounts,
    consent: null,
    postings: amounts.map((money) => ({ from: `wallet:${buyer}`, to: `hold:${holdId}`, money })),
  });
  yield { stream: deposit, behind: 'none', at, events: paid };
  yield { stream: `escrow-${id}`, behind: 'none', at, events: [opened, agreed] };
  yield { stream: account, behind: 'none', at, events: [placed] };
  yield { stream: `escrow-${id}`, behind: 1, at, events: [funded] };
  yield { stream: account, behind: 0, at, events: [HoldTaken({ holdId })] };
}

/** What tells locked escrows apart. */
export type LockedEscrow = { readonly id: string; readonly terms: Draft };

/** Writes so many locked escrows, all locked at one instant, with nothing left for reactions to do. */
export const fillWithLocked = (
  path: string,
  count: number,
  at: number,
  escrowAt: (index: number) => LockedEscrow,
): Promise<void> => {
  const work = (index: number) => {
    const { id, terms } = escrowAt(index);
    return logOfLocked(id, terms, at);
  };
  const reactions = subsystems.flatMap((subsystem) => subsystem.reactions);
  return fill(path, count, work, reactions);
};
