/** A line of a command file. */
export type CommandLine = {
  readonly stream: string;
  readonly command: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor: string | { readonly id: string; readonly roles: readonly string[] };
  readonly at?: number;
  readonly id?: string;
};

const tess = { id: 'tess', roles: ['treasurer'] };
const rail = { id: 'sandbox', roles: ['rail'] };
const usd = (amount: number) => ({ currency: 'USD', amount: String(amount) });
const timed = (at: number | undefined) => (at === undefined ? {} : { at });

/** A treasurer freezes an account: the shortest command that is accepted. */
export const freeze = (owner: string, at?: number): CommandLine => ({
  stream: `account-${owner}`,
  command: 'FreezeAccount',
  data: { reason: 'lost key' },
  actor: tess,
  ...timed(at),
});

export const unfreeze = (owner: string, at?: number): CommandLine => ({
  ...freeze(owner, at),
  command: 'UnfreezeAccount',
  data: {},
});

/** Money comes in. */
export const deposit = (ref: string, owner: string, amount: number, at?: number): CommandLine => ({
  stream: `deposit-sandbox.${ref}`,
  command: 'RecordDeposit',
  data: { rail: 'sandbox', ref, owner, money: usd(amount), note: null },
  actor: rail,
  ...timed(at),
});

/** An offer of one milestone by a buyer, who waits a minute for the seller's word. */
export const open = (
  escrow: string,
  at: number,
  { buyer = 'bea', seller = 'sol', amount = 12_000, terms = {} } = {},
): CommandLine => ({
  stream: `escrow-${escrow}`,
  command: 'OpenEscrow',
  data: {
    terms: {
      buyer,
      seller,
      milestones: [{ title: 'a cover', amount: usd(amount) }],
      arbiter: { actor: 'jo' },
      acceptWithinMs: 60_000,
      ...terms,
    },
  },
  actor: buyer,
  at,
});

export const of = (
  escrow: string,
  command: string,
  actor: string,
  at: number,
  data: Readonly<Record<string, unknown>> = {},
): CommandLine => ({ stream: `escrow-${escrow}`, command, data, actor, at });

export const hold = (escrow: string, buyer: string, amount: number, at: number): CommandLine => ({
  stream: `account-${buyer}`,
  command: 'PlaceHold',
  data: { purpose: { stream: `escrow-${escrow}`, item: null }, amounts: [usd(amount)] },
  actor: buyer,
  at,
});

export const withdraw = (
  owner: string,
  amount: number,
  at: number,
  destination = 'iban',
): CommandLine => ({
  stream: `account-${owner}`,
  command: 'RequestWithdrawal',
  data: { money: usd(amount), rail: 'sandbox', destination },
  actor: owner,
  at,
});

const DAY = 86_400_000;

/** One deal from the offer to the money's end; which end, the number says. */
const deal = (n: number, at: number): readonly CommandLine[] => {
  const [escrow, buyer, seller] = [`D${n}`, `buyer${n % 4}`, `seller${n % 3}`];
  const amount = 10_000 + n;
  const order = [
    { party: seller, rail: 'sandbox', destination: n % 2 === 0 ? 'iban' : 'fault:lost' },
  ];
  const begun = [
    deposit(`P${n}`, buyer, amount, at),
    open(escrow, at + 1, { buyer, seller, amount, terms: n % 3 === 0 ? { payouts: order } : {} }),
    of(escrow, 'AcceptTerms', seller, at + 2, { version: 1 }),
    hold(escrow, buyer, amount, at + 3),
  ];
  const ends: readonly (readonly CommandLine[])[] = [
    [of(escrow, 'MarkDelivered', seller, at + 4, { milestone: 1 })],
    [
      of(escrow, 'MarkDelivered', seller, at + 4, { milestone: 1 }),
      of(escrow, 'ReleaseFunds', buyer, at + 5, { milestone: 1 }),
      withdraw(seller, 1_000, at + 6, 'fault:double'),
    ],
    [of(escrow, 'RefundBuyer', seller, at + 4), withdraw(buyer, amount, at + 5, 'fault:refuse')],
    [
      of(escrow, 'MarkDelivered', seller, at + 4, { milestone: 1 }),
      of(escrow, 'RaiseDispute', buyer, at + 5, {
        reason: 'QualityIssue',
        claim: { type: 'RefundBuyer' },
        grounds: [],
      }),
      of(escrow, 'ConcedeDispute', seller, at + 6),
    ],
    [
      of(escrow, 'CancelEscrow', buyer, at + 4),
      of(escrow, 'ReleaseFunds', seller, at + 5, { milestone: 1 }),
    ],
  ];
  return [...begun, ...(ends[n % ends.length] ?? [])];
};

/** Deals that overlap, so that deadlines, reactions and payments of some fall between the lines of others. */
export const deals = (count: number, start = 1_000): readonly CommandLine[] =>
  Array.from({ length: count }, (_, n) => deal(n, start + n * (DAY / 2)))
    .flat()
    .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));

/** A seeded stream of numbers from 0 to below 1 (mulberry32). */
export const chance = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
