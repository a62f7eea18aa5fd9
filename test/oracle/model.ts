/** The oracle's picture of the marketplace: plain mutable objects and bigints, from the specification alone. */

export type Money = { readonly currency: string; readonly amount: string };
export type Posting = { readonly from: string; readonly to: string; readonly money: Money };
export type Event = { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
/** A command's payload, once its form is known to be right. */
export type Payload = Readonly<Record<string, unknown>>;
export type Actor = { readonly id: string; readonly roles: readonly string[] };

/** Units by currency. */
export type Purse = Map<string, bigint>;

export type Fee = { readonly payee: string; readonly ppm: number };

export type Terms = {
  readonly buyer: string;
  readonly seller: string;
  readonly royalty: unknown;
  readonly milestones: readonly {
    readonly title: string;
    readonly amount: Money;
    readonly deliverWithinMs: number;
  }[];
  readonly split: readonly { readonly party: string; readonly sharePpm: number }[];
  readonly arbiter: { readonly actor: string; readonly ruleWithinMs: number };
  readonly acceptWithinMs: number;
  readonly fundWithinMs: number;
  readonly reviewMs: number;
  readonly releaseAfterMs: number;
  readonly onSilence: { readonly locked: string; readonly awaitingRelease: string };
  readonly onNoRuling: string;
  readonly payouts: readonly {
    readonly party: string;
    readonly rail: string;
    readonly destination: string;
  }[];
  readonly memo: string | null;
};

/** Terms as a command brings them: what has a default may be missing. */
export type TermsDraft = Partial<Omit<Terms, 'milestones' | 'arbiter' | 'onSilence'>> & {
  readonly buyer: string;
  readonly seller: string;
  readonly milestones: readonly {
    readonly title: string;
    readonly amount: Money;
    readonly deliverWithinMs?: number;
  }[];
  readonly arbiter: { readonly actor?: string; readonly ruleWithinMs?: number };
  readonly onSilence?: Partial<Terms['onSilence']>;
};

type Page = {
  deposited: bigint;
  released: bigint;
  refunded: bigint;
  fees: bigint;
  readonly paid: Map<string, bigint>;
};

type Status =
  | 'Unopened'
  | 'Proposed'
  | 'Agreed'
  | 'Locked'
  | 'AwaitingRelease'
  | 'Disputed'
  | 'Released'
  | 'Refunded'
  | 'Expired'
  | 'Cancelled';

export type Outcome = { readonly type: string; readonly refund?: readonly Money[] };

export type Escrow = {
  readonly id: string;
  status: Status;
  /** The deadline that caused the status, where one did; `maybe`: where the specification can be read both ways. */
  since: number | undefined;
  sinceMaybe: boolean;
  terms: Terms;
  fee: Fee;
  version: number;
  termsHash: string;
  amendments: number;
  extensions: number;
  partReleases: number;
  accepted: Map<string, string>;
  /** The deadline of the status; undefined where it has none. */
  deadline: number | undefined;
  holdId: string;
  lockedAt: number;
  releasableAt: number;
  milestone: number;
  /** What is left of the current milestone. */
  left: bigint;
  book: Map<string, Page>;
  offers: Map<string, { readonly no: number; readonly refund: readonly Money[] }>;
  offerCount: number;
  dispute: { by: string; reason: string; claim: Outcome; grounds: unknown; fallback: Outcome };
  closing: { cause: string; refund: Purse; remaining: Purse };
};

export const CURRENCIES = ['USD', 'EUR', 'JPY', 'KWD', 'BTC', 'XMR', 'ETH'];
export const TOO_BIG = 2n ** 128n;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const purseOf = (amounts: readonly Money[]): Purse => {
  const purse: Purse = new Map();
  for (const { currency, amount } of amounts) add(purse, currency, BigInt(amount));
  return purse;
};

export const add = (purse: Purse, currency: string, units: bigint): void => {
  purse.set(currency, (purse.get(currency) ?? 0n) + units);
};

/** Sorted by code, no zeros. */
export const amountsOf = (purse: Purse): Money[] =>
  [...purse]
    .filter(([, units]) => units !== 0n)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, units]) => ({ currency, amount: String(units) }));

export const exceeds = (asked: Purse, there: Purse): boolean =>
  [...asked].some(([currency, units]) => units > (there.get(currency) ?? 0n));

/** What `asked` has beyond `there`. */
export const beyond = (asked: Purse, there: Purse): Purse =>
  new Map(
    [...asked].map(([currency, units]) => {
      const more = units - (there.get(currency) ?? 0n);
      return [currency, more > 0n ? more : 0n] as const;
    }),
  );

export const remainingOf = (escrow: Escrow): Purse =>
  new Map(
    [...escrow.book].map(([currency, page]) => [
      currency,
      page.deposited - page.released - page.refunded,
    ]),
  );

export const totalOf = ({ milestones }: Terms): Purse =>
  purseOf(milestones.map(({ amount }) => amount));

export const byBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

export const unopened = (id: string): Escrow => ({
  id,
  status: 'Unopened',
  since: undefined,
  sinceMaybe: false,
  terms: undefined as unknown as Terms,
  fee: { payee: '', ppm: 0 },
  version: 0,
  termsHash: '',
  amendments: 0,
  extensions: 0,
  partReleases: 0,
  accepted: new Map(),
  deadline: undefined,
  holdId: '',
  lockedAt: 0,
  releasableAt: 0,
  milestone: 1,
  left: 0n,
  book: new Map(),
  offers: new Map(),
  offerCount: 0,
  dispute: { by: '', reason: '', claim: { type: '' }, grounds: [], fallback: { type: '' } },
  closing: { cause: '', refund: new Map(), remaining: new Map() },
});
