import * as ofAccount from './account.ts';
import { ANY, malformed, notPermitted, oneOf, refused, type Answer } from './answer.ts';
import { lapse } from './escrow-closing.ts';
import * as ofMoney from './escrow-money.ts';
import * as ofTerms from './escrow-terms.ts';
import { misshapen, misshapenLine } from './form.ts';
import {
  amountsOf,
  byBytes,
  purseOf,
  type Actor,
  type Escrow,
  type Event,
  type Fee,
  type Payload,
  type Posting,
} from './model.ts';
import { canonical, World } from './world.ts';

const escrowCommands = {
  OpenEscrow: ofTerms.openEscrow,
  AmendTerms: ofTerms.amendTerms,
  AcceptTerms: ofTerms.acceptTerms,
  CancelEscrow: ofTerms.cancelEscrow,
  LockFunds: ofTerms.lockFunds,
  ExtendDelivery: ofMoney.extendDelivery,
  MarkDelivered: ofMoney.markDelivered,
  ReleaseFunds: ofMoney.releaseFunds,
  RefundBuyer: ofMoney.refundBuyer,
  OfferSettlement: ofMoney.offerSettlement,
  AcceptSettlement: ofMoney.acceptSettlement,
  ConcedeDispute: ofMoney.concedeDispute,
  RaiseDispute: ofMoney.raiseDispute,
  SettleDispute: ofMoney.settleDispute,
  ExpireEscrow: ofMoney.expireEscrow,
};

const accountCommands = {
  PlaceHold: ofAccount.placeHold,
  ReviewHold: ofAccount.reviewHold,
  RequestWithdrawal: ofAccount.requestWithdrawal,
  ConfirmWithdrawal: ofAccount.confirmWithdrawal,
  FailWithdrawal: ofAccount.failWithdrawal,
  FreezeAccount: ofAccount.freezeAccount,
  UnfreezeAccount: ofAccount.unfreezeAccount,
};

type LineOf = {
  readonly stream: string;
  readonly command: string;
  readonly data: Payload;
  readonly actor: string | Actor;
  readonly at: number;
  readonly id?: string;
};

const byDeadline = (a: Escrow, b: Escrow): number =>
  a.deadline! - b.deadline! || byBytes(a.id, b.id);

export type Prediction = { readonly answer: Answer; readonly skewMs: number };

const LARGEST = 256 * 1024;

/** Plays a command file by the specification: what each line is answered, and what there is after it. */
export class Oracle {
  readonly world: World;
  private readonly known = new Map<string, { readonly payload: string; readonly answer: Answer }>();

  constructor(instance: string, fee: Fee) {
    this.world = new World(instance, fee);
  }

  play(text: string): Prediction {
    const line = parsed(text);
    const wrong = line === undefined ? [''] : misshapenLine(line);
    if (wrong.length > 0) return { answer: malformed(...wrong), skewMs: 0 };
    const { at } = line as LineOf;
    const skewMs = Math.max(this.world.clock - at, 0);
    this.advance(at);
    return { answer: this.answer(line as LineOf), skewMs };
  }

  /** All deadlines up to an instant, each at its own, those of one instant in the order of their streams. */
  advance(to: number): void {
    for (let due = this.nextDue(); due !== undefined; due = this.nextDue()) {
      if (due.deadline! > to) break;
      this.world.clock = Math.max(this.world.clock, due.deadline!);
      this.happen(`escrow-${due.id}`, 'clock', [lapse(due)]);
    }
    this.world.clock = Math.max(this.world.clock, to);
  }

  private nextDue(): Escrow | undefined {
    const pending = [...this.world.escrows.values()].filter((one) => one.deadline !== undefined);
    return pending.toSorted(byDeadline)[0];
  }

  private answer(line: LineOf): Answer {
    const asked = askedIn(line);
    const { stream, command, data, actor } = asked;
    const { id } = line;
    const key = canonical([stream, actor.id, id ?? null]);
    const payload = canonical([command, data]);
    const known = id === undefined ? undefined : this.known.get(key);
    const reused = refused('CommandIdReused', { commandId: id });
    const bad = wrongIn(asked);
    if (bad.length > 0) {
      const all = known === undefined ? bad : [...bad, reused];
      return all.length === 1 ? all[0]! : oneOf('form, role and identity all wrong', ...all);
    }
    if (known !== undefined) {
      return known.payload === payload ? { outcome: 'repeated', first: known.answer } : reused;
    }
    const answer = this.decide(asked);
    if (answer.outcome !== 'accepted') return answer;
    const placed = { ...answer, place: this.happen(stream, actor.id, answer.events) };
    if (id !== undefined) this.known.set(key, { payload, answer: placed });
    return placed;
  }

  private decide({ category, id, stream, command, actor, data }: Asked): Answer {
    const { world } = this;
    if (category === 'deposit') return ofAccount.recordDeposit({ world, stream, actor, data });
    if (category === 'account') {
      const account = world.account(id);
      const decide = accountCommands[command as keyof typeof accountCommands];
      return decide({ world, account, actor, data });
    }
    const escrow = world.escrow(id);
    return escrowCommands[command as keyof typeof escrowCommands]({ world, escrow, actor, data });
  }

  /** Writes events and then all that reactions and the sandbox make of them. */
  private happen(stream: string, actor: string, events: readonly Event[]) {
    const { world } = this;
    world.write(stream, actor, ...events);
    const revision = world.log.filter((one) => one.stream === stream).length - 1;
    const place = { revision, position: world.head };
    for (const event of events) this.react(stream, event);
    return place;
  }

  private react(stream: string, { type, data }: Event): void {
    if (type === 'HoldPlaced') this.lock(stream, data);
    if (type === 'WithdrawalRequested') this.pay(stream, String(data['withdrawalId']));
    if (['FundsReleased', 'FundsRefunded', 'EscrowExpired'].includes(type)) {
      this.payOut(stream.slice('escrow-'.length), data['postings'] as readonly Posting[]);
    }
  }

  private lock(account: string, { purpose, holdId }: Payload): void {
    const { stream } = purpose as { readonly stream: string };
    const escrow = this.world.escrow(stream.slice('escrow-'.length));
    this.world.write(stream, 'system', ofTerms.lock(this.world, escrow, String(holdId)));
    this.world.write(account, 'system', { type: 'HoldTaken', data: { holdId } });
  }

  /** The standing orders, for what a closing event paid. */
  private payOut(id: string, postings: readonly Posting[]): void {
    const requested: (readonly [string, Event])[] = [];
    for (const { party, rail, destination } of this.world.escrow(id).terms.payouts) {
      const account = this.world.account(party);
      if (account.isFrozen || rail !== 'sandbox') continue;
      for (const money of paidTo(`wallet:${party}`, postings)) {
        const event = ofAccount.withdraw(this.world, account, { money, rail, destination });
        this.world.write(`account-${party}`, 'system', event);
        requested.push([`account-${party}`, event]);
      }
    }
    for (const [stream, event] of requested) this.react(stream, event);
  }

  /** The sandbox pays, or refuses, before anything else happens. */
  private pay(stream: string, withdrawalId: string): void {
    const withdrawal = this.world.account(stream.slice('account-'.length)).withdrawals;
    const { money, destination } = withdrawal.get(withdrawalId)!;
    const isRefused = destination === 'fault:refuse';
    const railRef = `sandbox-${withdrawalId}`;
    withdrawal.get(withdrawalId)!.state = isRefused ? 'failed' : { railRef };
    const owner = stream.slice('account-'.length);
    const to = isRefused ? `wallet:${owner}` : 'world:sandbox';
    const postings = [{ from: `payout:${withdrawalId}`, to, money }];
    const told = isRefused ? { reason: ANY } : { railRef, railFee: null };
    const type = isRefused ? 'WithdrawalFailed' : 'WithdrawalPaid';
    this.world.write(stream, 'sandbox', { type, data: { withdrawalId, ...told, postings } });
  }
}

const paidTo = (wallet: string, postings: readonly Posting[]) =>
  amountsOf(purseOf(postings.filter(({ to }) => to === wallet).map(({ money }) => money)));

type Asked = Omit<LineOf, 'actor' | 'id'> & {
  readonly category: string;
  readonly id: string;
  readonly actor: Actor;
};

const askedIn = ({ actor, ...line }: LineOf): Asked => {
  const dash = line.stream.indexOf('-');
  return {
    ...line,
    category: line.stream.slice(0, Math.max(dash, 0)),
    id: line.stream.slice(dash + 1),
    actor: typeof actor === 'string' ? { id: actor, roles: [] } : actor,
  };
};

/** What keeps a command from being decided at all: its form, who claims to send it, its size. */
const wrongIn = ({ category, id, stream, command, actor, data }: Asked): readonly Answer[] => {
  const wrong = id === '' ? ['stream'] : misshapen(category, stream, command, data);
  const isReserved = ['system', 'clock'].includes(actor.id) || actor.roles.includes('system');
  const isLarge = canonical(data).length > LARGEST;
  return [
    ...(wrong.length > 0 ? [malformed(...wrong)] : []),
    ...(isReserved ? [notPermitted(actor.id)] : []),
    ...(isLarge ? [refused('TooLarge', { size: ANY, limit: LARGEST })] : []),
  ];
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
