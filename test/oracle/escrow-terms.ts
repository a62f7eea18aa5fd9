import { accepted, granted, notPermitted, oneOf, refused, Maybe, type Answer } from './answer.ts';
import { cancel, startMilestone } from './escrow-closing.ts';
import {
  amountsOf,
  CURRENCIES,
  DAY,
  purseOf,
  totalOf,
  type Actor,
  type Escrow,
  type Event,
  type Money,
  type Payload,
  type Terms,
  type TermsDraft,
} from './model.ts';
import { faultsOf, filled } from './terms.ts';
import { canonical, type World } from './world.ts';

export type Asked = {
  readonly world: World;
  readonly escrow: Escrow;
  readonly actor: Actor;
  readonly data: Payload;
};

export const forbids = ({ status, since, sinceMaybe }: Escrow): Answer => {
  if (since === undefined) return refused('StatusForbids', { status });
  return refused('StatusForbids', { status, since: sinceMaybe ? new Maybe(since) : since });
};

export const isParty = ({ terms }: Escrow, id: string): boolean =>
  id === terms.buyer || id === terms.seller;

export const unknownCurrency = (amounts: readonly Money[]): Answer | undefined => {
  const unknown = amounts.find(({ currency }) => !CURRENCIES.includes(currency));
  return unknown && refused('UnknownCurrency', { currency: unknown.currency });
};

const consentersOf = ({ buyer, seller, split }: Terms): readonly string[] => [
  buyer,
  seller,
  ...split.map(({ party }) => party),
];

const isClosed = ({ status }: Escrow): boolean =>
  ['Released', 'Refunded', 'Expired'].includes(status);

const badTerms = (terms: Terms): Answer | undefined => {
  const unknown = unknownCurrency(terms.milestones.map(({ amount }) => amount));
  if (unknown !== undefined) return unknown;
  const faults = faultsOf(terms);
  return faults.length === 0 ? undefined : refused('TermsInvalid', { faults });
};

const propose = ({ world, escrow, actor }: Asked, terms: Terms, type: string): Answer => {
  const { clock } = world;
  escrow.status = 'Proposed';
  escrow.terms = terms;
  escrow.fee = world.fee;
  escrow.version += 1;
  escrow.termsHash = world.termsHash(escrow.id, escrow.version, terms);
  escrow.accepted = new Map([[actor.id, actor.id]]);
  escrow.deadline = clock + terms.acceptWithinMs;
  const { fee, version, termsHash, deadline } = escrow;
  const data = { terms, fee, version, termsHash, by: actor.id, acceptBy: deadline };
  return accepted({ type, data });
};

export const openEscrow = (asked: Asked): Answer => {
  const { escrow, actor, data } = asked;
  const terms = filled(data['terms'] as TermsDraft);
  if (escrow.status === 'Cancelled') return forbids(escrow);
  if (escrow.status !== 'Unopened') {
    const isSame = canonical(terms) === canonical(escrow.terms);
    const { termsHash } = escrow;
    const answer = isSame ? granted : refused('EscrowAlreadyOpened', { termsHash });
    if (!isClosed(escrow)) return answer;
    return oneOf('E14 against "closed escrows are already so only for"', answer, forbids(escrow));
  }
  const isByParty = actor.id === terms.buyer || actor.id === terms.seller;
  if (!isByParty || data['consents'] !== undefined) return notPermitted(actor.id);
  return badTerms(terms) ?? propose(asked, terms, 'EscrowOpened');
};

export const amendTerms = (asked: Asked): Answer => {
  const { escrow, actor, data } = asked;
  if (escrow.status !== 'Proposed') return forbids(escrow);
  if (!isParty(escrow, actor.id)) return notPermitted(actor.id);
  const terms = filled(data['terms'] as TermsDraft);
  const { buyer, seller } = escrow.terms;
  const unknown = unknownCurrency(terms.milestones.map(({ amount }) => amount));
  if (unknown !== undefined) return unknown;
  if (terms.buyer !== buyer || terms.seller !== seller) return refused('PartiesFixed');
  const bad = badTerms(terms);
  if (bad !== undefined) return bad;
  if (escrow.amendments === 100) return refused('TooMany', { what: 'amendments', limit: 100 });
  escrow.amendments += 1;
  return propose(asked, terms, 'TermsAmended');
};

export const acceptTerms = ({ world, escrow, actor, data }: Asked): Answer => {
  const { status, version, termsHash } = escrow;
  if (status !== 'Proposed' && status !== 'Agreed') return forbids(escrow);
  const isCurrent =
    data['version'] === version &&
    (data['termsHash'] === undefined || data['termsHash'] === termsHash);
  if (isCurrent && escrow.accepted.has(actor.id)) return granted;
  if (status === 'Agreed') return forbids(escrow);
  const consenters = consentersOf(escrow.terms);
  if (!consenters.includes(actor.id)) return notPermitted(actor.id);
  if (!isCurrent) return refused('TermsSuperseded', { version, termsHash });
  escrow.accepted.set(actor.id, actor.id);
  const events: Event[] = [
    { type: 'TermsAccepted', data: { party: actor.id, version, termsHash } },
  ];
  if (consenters.every((party) => escrow.accepted.has(party))) {
    escrow.status = 'Agreed';
    escrow.deadline = world.clock + escrow.terms.fundWithinMs;
    const consents = [...escrow.accepted].map(([party, by]) => ({ party, by }));
    events.push({ type: 'TermsAgreed', data: { consents, fundBy: escrow.deadline } });
  }
  return accepted(...events);
};

export const cancelEscrow = ({ world, escrow, actor }: Asked): Answer => {
  const { status } = escrow;
  if (status === 'Cancelled') return granted;
  if (status !== 'Proposed' && status !== 'Agreed') return forbids(escrow);
  const may = status === 'Proposed' ? consentersOf(escrow.terms) : [];
  if (!isParty(escrow, actor.id) && !may.includes(actor.id)) return notPermitted(actor.id);
  return accepted(cancel(escrow, 'withdrawn', actor.id, world.clock));
};

/** Over the wire nobody may lock; the same hold is already locked whoever says so. */
export const lockFunds = ({ escrow, actor, data }: Asked): Answer => {
  const { status } = escrow;
  if (status === 'Agreed') return notPermitted(actor.id);
  if (escrow.holdId === '' || data['holdId'] !== escrow.holdId) return forbids(escrow);
  const total = canonical(amountsOf(totalOf(escrow.terms)));
  const isSame =
    data['payer'] === escrow.terms.buyer &&
    canonical(amountsOf(purseOf(data['amounts'] as readonly Money[]))) === total;
  if (isSame && !isClosed(escrow)) return granted;
  return oneOf('E14 locking the same hold, but closed or other amounts', granted, forbids(escrow));
};

/** What the reaction to a hold's placing does. */
export const lock = (world: World, escrow: Escrow, holdId: string): Event => {
  const at = world.clock;
  const { terms } = escrow;
  const amounts = amountsOf(totalOf(terms));
  escrow.status = 'Locked';
  escrow.since = undefined;
  escrow.holdId = holdId;
  escrow.lockedAt = at;
  escrow.releasableAt = at + terms.releaseAfterMs;
  for (const { currency, amount } of amounts) {
    const paid = new Map<string, bigint>();
    const deposited = BigInt(amount);
    escrow.book.set(currency, { deposited, released: 0n, refunded: 0n, fees: 0n, paid });
  }
  startMilestone(escrow, 1, at);
  const postings = amounts.map((money) => ({
    from: `hold:${holdId}`,
    to: `escrow:${escrow.id}`,
    money,
  }));
  const { deadline: deliverBy, releasableAt } = escrow;
  const data = { holdId, payer: terms.buyer, amounts, deliverBy, releasableAt, postings };
  return { type: 'FundsLocked', data };
};

export const LONGEST_LIFE = 730 * DAY;
