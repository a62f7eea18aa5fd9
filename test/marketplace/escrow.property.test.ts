import fc from 'fast-check';
import {
  escrow,
  escrowCommands,
  type EscrowCommand,
} from '../../src/commands/marketplace/escrow.ts';
import {
  openBook,
  released,
  settled,
  type Book,
} from '../../src/domain/marketplace/escrow/book.ts';
import { escrowEvents, type EscrowEvent } from '../../src/domain/marketplace/escrow/events.ts';
import { deadlineOf, lapse } from '../../src/domain/marketplace/escrow/lapse.ts';
import { leftOf } from '../../src/domain/marketplace/escrow/rules.ts';
import { escrowMachine, type Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import { complete, type TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import { compareText } from '../../src/engine/bytes.ts';
import { E } from '../../src/engine/fp.ts';
import { targets } from '../../src/engine/machine.ts';
import { answerIn, DAY, deal, HOUR, MINUTE, self, type Step, system, usd } from './escrow.stage.ts';

const of = escrowCommands.of;

const silence = fc.constantFrom('refund' as const, 'release' as const);
const terms: fc.Arbitrary<TermsDraft> = fc
  .record({
    milestones: fc.array(
      fc.record({
        title: fc.constant(''),
        amount: fc.record({
          currency: fc.constantFrom('USD', 'EUR'),
          amount: fc.integer({ min: 1, max: 2_000 }).map(String),
        }),
        deliverWithinMs: fc.integer({ min: 1, max: 60 }).map((days) => days * DAY),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    shares: fc.array(fc.integer({ min: 1, max: 333_333 }), { maxLength: 3 }),
    releaseAfterMs: fc.constantFrom(0, 20 * DAY),
    onSilence: fc.record({ locked: silence, awaitingRelease: silence }),
    onNoRuling: fc.constantFrom('asSilence', 'refund', 'release', 'half'),
  })
  .map(({ shares, ...some }) =>
    deal({
      ...some,
      split: shares.map((sharePpm, index) => ({ party: `payee${index}`, sharePpm })),
    }),
  );

/** A choice of what to do next, made concrete by the state in which it is done. */
type Choice = {
  readonly wait: number;
  readonly command: number;
  readonly actor: number;
  readonly n: number;
  readonly apt: boolean;
};
const choice: fc.Arbitrary<Choice> = fc.record({
  wait: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: HOUR }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 * DAY }) },
  ),
  command: fc.nat(),
  actor: fc.nat(),
  n: fc.integer({ min: 0, max: 3_000 }),
  apt: fc.boolean(),
});

const actors = ['buyer', 'seller', 'payee0', 'payee1', 'payee2', 'judge', 'eve', system] as const;
const refundOf = (n: number) =>
  n % 4 === 0 ? [] : [{ currency: n % 2 === 0 ? 'USD' : 'EUR', amount: String(1 + (n % 500)) }];
const outcomeOf = (n: number) =>
  [
    { type: 'RefundBuyer' },
    { type: 'ReleaseSeller' },
    { type: 'PartialRefund', refund: refundOf(n) },
  ] as const;

/** Every command with values from `n`, whether or not the state allows it. */
const anyCommand = (draft: TermsDraft, { command, n }: Choice): EscrowCommand => {
  const milestone = 1 + (n % 3);
  const outcome = outcomeOf(n)[n % 3]!;
  const all: readonly EscrowCommand[] = [
    of.OpenEscrow({ terms: n % 2 === 0 ? draft : { ...draft, memo: String(n) } }),
    of.AmendTerms({ terms: { ...draft, memo: String(n) } }),
    of.AcceptTerms({ version: milestone }),
    of.CancelEscrow({}),
    of.LockFunds({ holdId: `buyer#${milestone}`, payer: 'buyer', amounts: refundOf(n) }),
    of.ExtendDelivery({ until: n * HOUR }),
    of.MarkDelivered({ milestone }),
    of.ReleaseFunds({ milestone }),
    of.RefundBuyer({}),
    of.OfferSettlement({ refund: refundOf(n) }),
    of.AcceptSettlement({ offerNo: milestone }),
    of.ConcedeDispute({}),
    of.RaiseDispute({ reason: 'WrongItem', claim: outcome, grounds: [] }),
    of.SettleDispute({ outcome, grounds: [] }),
    of.ExpireEscrow({}),
  ];
  return all[command % all.length]!;
};

type Sent = readonly [Step[1], EscrowCommand];
const inRunning = (
  state: Extract<Escrow, { status: 'Locked' | 'AwaitingRelease' }>,
  { n }: Choice,
): readonly Sent[] => {
  const { milestone } = state;
  const left = leftOf(state.terms, milestone, state.book);
  const amount = { ...left, amount: String(1n + (BigInt(n) % BigInt(left.amount))) };
  return [
    ['buyer', of.ReleaseFunds({ milestone, amount })],
    ['buyer', of.ReleaseFunds({ milestone, amount })],
    ['buyer', of.ReleaseFunds({ milestone })],
    ['seller', of.MarkDelivered({ milestone })],
    ['seller', of.MarkDelivered({ milestone })],
    ['seller', of.RefundBuyer({})],
    ['buyer', of.ExtendDelivery({ until: (deadlineOf(state) ?? 0) + n * MINUTE })],
    ['seller', of.OfferSettlement({ refund: [amount] })],
    ['buyer', of.AcceptSettlement({ offerNo: state.offers.count })],
    [
      'buyer',
      of.RaiseDispute({
        reason: 'UnauthorizedCharge',
        claim: { type: 'PartialRefund', refund: [amount] },
        grounds: [],
      }),
    ],
  ];
};

/** What moves an escrow on in its state: the commands that most likely are accepted. */
const aptCommands = (draft: TermsDraft, state: Escrow, chosen: Choice): readonly Sent[] => {
  if (state.status === 'Unopened') return [['buyer', of.OpenEscrow({ terms: draft })]];
  if (state.status === 'Proposed') {
    const missing = ['buyer', 'seller', 'payee0', 'payee1', 'payee2'].find(
      (each) => !state.accepted.includes(each),
    )!;
    return [[missing, of.AcceptTerms({ version: state.version })]];
  }
  if (state.status === 'Agreed') {
    const sums = new Map<string, number>();
    for (const { amount } of state.terms.milestones)
      sums.set(amount.currency, (sums.get(amount.currency) ?? 0) + Number(amount.amount));
    const amounts = [...sums]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([currency, sum]) => ({ currency, amount: String(sum) }));
    return [[system, of.LockFunds({ holdId: 'buyer#1', payer: 'buyer', amounts })]];
  }
  if (state.status === 'Locked' || state.status === 'AwaitingRelease')
    return inRunning(state, chosen);
  if (state.status === 'Disputed') {
    return [
      ['judge', of.SettleDispute({ outcome: outcomeOf(chosen.n)[chosen.n % 3]!, grounds: [] })],
      ['seller', of.OfferSettlement({ refund: refundOf(chosen.n) })],
      ['buyer', of.AcceptSettlement({ offerNo: state.offers.count })],
      ['buyer', of.ConcedeDispute({})],
    ];
  }
  return [['eve', of.ExpireEscrow({})]];
};

const sentIn = (draft: TermsDraft, state: Escrow, chosen: Choice): Sent => {
  if (!chosen.apt) return [actors[chosen.actor % actors.length]!, anyCommand(draft, chosen)];
  const apt = aptCommands(draft, state, chosen);
  return apt[chosen.command % apt.length]!;
};

/** Plays the choices; `sweep` says when, before each command, somebody asks to expire. */
const history = (
  draft: TermsDraft,
  feePpm: number,
  choices: readonly Choice[],
  sweep: (state: Escrow, at: number) => readonly number[],
) => {
  const events: EscrowEvent[] = [];
  const answers: unknown[] = [];
  let [state, at]: [Escrow, number] = [escrow.initial, 0];
  const append = (batch: readonly EscrowEvent[]) => {
    events.push(...batch);
    state = batch.reduce<Escrow>(escrow.evolve, state);
  };
  for (const chosen of choices) {
    at += chosen.wait;
    for (const instant of sweep(state, at)) {
      const swept = answerIn(state, [instant, 'eve', of.ExpireEscrow({})], feePpm);
      if (E.isRight(swept)) append(swept.right);
    }
    const lapsed = lapse(state, at, self);
    const [actor, command] = sentIn(draft, lapsed.reduce<Escrow>(escrow.evolve, state), chosen);
    const answer = answerIn(state, [at, actor, command], feePpm);
    if (E.isRight(answer)) append(answer.right);
    // A sweep earlier or later is the only command whose own answer may differ.
    if (command.type !== 'ExpireEscrow')
      answers.push(E.isLeft(answer) ? answer.left : answer.right.slice(lapsed.length));
  }
  append(lapse(state, at, self));
  return { events, answers, state };
};

const never = () => [];
/** Most scripts soon have money in the escrow: there is more to go wrong. */
const promptly = choice.map((each): Choice => ({ ...each, wait: each.wait % HOUR, apt: true }));
const choices = fc
  .tuple(
    fc.array(promptly, { minLength: 2, maxLength: 8 }),
    fc.array(choice, { minLength: 3, maxLength: 30 }),
  )
  .map(([first, then]) => [...first, ...then]);
const script = fc.tuple(terms, fc.integer({ min: 0, max: 200_000 }), choices);

const balances = (events: readonly EscrowEvent[]): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>();
  for (const { data } of events) {
    for (const { from, to, money } of 'postings' in data ? data.postings : []) {
      for (const [account, sign] of [
        [from, -1n],
        [to, 1n],
      ] as const) {
        const key = `${account} ${money.currency}`;
        sums.set(key, (sums.get(key) ?? 0n) + sign * BigInt(money.amount));
      }
    }
  }
  return sums;
};

const sum = (amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + BigInt(amount), 0n);

/** E1 for every entry of the book, against the postings so far. */
const conserves = (state: Escrow, events: readonly EscrowEvent[]): void => {
  if (!('book' in state)) return;
  const balance = balances(events);
  for (const { currency, deposited, refunded, fees, paid, held } of state.book) {
    const parts = [refunded, fees, held, ...paid.map(({ amount }) => amount)];
    expect(sum(parts)).toBe(BigInt(deposited));
    const balanceOf = (account: string) => balance.get(`${account} ${currency}`) ?? 0n;
    expect(balanceOf('escrow:E1')).toBe(BigInt(held));
    expect(balanceOf('wallet:buyer')).toBe(BigInt(refunded));
    expect(balanceOf('wallet:platform')).toBe(BigInt(fees));
    for (const { party, amount } of paid) expect(balanceOf(`wallet:${party}`)).toBe(BigInt(amount));
    if ('closedAt' in state) expect(held).toBe('0');
  }
};

/** Early, at every deadline, twice, and again when the command comes. */
const often = (state: Escrow, at: number): readonly number[] => {
  const instants: number[] = [];
  let [current, deadline] = [state, deadlineOf(state)];
  while (deadline !== null && deadline <= at) {
    instants.push(deadline - 1, deadline, deadline);
    current = lapse(current, deadline, self).reduce<Escrow>(escrow.evolve, current);
    deadline = deadlineOf(current);
  }
  return [...instants, at];
};

describe('an escrow, whatever is asked of it', () => {
  test('marketplace E1: conserves every unit at every event, along declared edges, in events that survive the store', () => {
    fc.assert(
      fc.property(script, ([draft, feePpm, chosen]) => {
        const { events } = history(draft, feePpm, chosen, never);
        let state: Escrow = escrow.initial;
        let owned: Escrow = escrow.initial;
        for (const [index, event] of events.entries()) {
          const stored = {
            type: event.type,
            version: 1,
            data: JSON.parse(JSON.stringify(event.data)) as unknown,
          };
          expect(escrowEvents.decode(stored)).toEqual(E.right(event));
          const next = escrow.evolve(state, event);
          owned = escrow.evolve.owned(owned, event);
          expect(targets(escrowMachine, state.status, event.type)).toContain(next.status);
          expect(owned).toEqual(next);
          expect(JSON.parse(JSON.stringify(next))).toEqual(next);
          conserves(next, events.slice(0, index + 1));
          state = next;
        }
      }),
      { numRuns: 250 },
    );
  });

  test('marketplace E5: answers the same swept early, at every deadline, late, twice or never', () => {
    fc.assert(
      fc.property(script, ([draft, feePpm, chosen]) => {
        const unswept = history(draft, feePpm, chosen, never);
        const swept = history(draft, feePpm, chosen, often);
        expect(swept.events).toEqual(unswept.events);
        expect(swept.answers).toEqual(unswept.answers);
      }),
      { numRuns: 250 },
    );
  });
});

describe('a total in parts', () => {
  const parts = fc.array(fc.bigInt({ min: 1n, max: 1n << 40n }), { minLength: 1, maxLength: 12 });
  const ppm = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 5 });
  const fee = fc.integer({ min: 0, max: 200_000 });

  test('marketplace E10: never takes back what it paid, and ends as in one shot', () => {
    fc.assert(
      fc.property(parts, ppm, fee, (amounts, shares, feePpm) => {
        const dealt = {
          terms: complete(
            deal({ split: shares.map((sharePpm, index) => ({ party: `p${index}`, sharePpm })) }),
          ),
          fee: { payee: 'platform', ppm: feePpm },
        };
        const total = amounts.reduce((all, part) => all + part, 0n);
        const start: Book = openBook([usd(total)], dealt.terms);
        const before = amounts
          .slice(0, -1)
          .reduce<Book[]>(
            (books, part) => [...books, released(books.at(-1)!, usd(part), dealt)],
            [start],
          );
        const books = [...before, settled(before.at(-1)!, [], dealt)];
        expect(books.at(-1)).toEqual(settled(start, [], dealt));
        for (const [index, [entry]] of books.entries()) {
          for (const [payee, { amount }] of entry!.paid.entries()) {
            expect(BigInt(amount)).toBeGreaterThanOrEqual(
              BigInt(books[Math.max(0, index - 1)]![0]!.paid[payee]!.amount),
            );
          }
        }
      }),
    );
  });

  test('marketplace E9: sums to the total, each within a unit of its share, in any order of the list', () => {
    const total = fc.bigInt({ min: 1n, max: (1n << 128n) - 1n });
    fc.assert(
      fc.property(total, ppm, fee, (amount, shares, feePpm) => {
        const split = shares.map((sharePpm, index) => ({ party: `p${index}`, sharePpm }));
        const paidIn = (list: typeof split) => {
          const dealt = {
            terms: complete(deal({ split: list })),
            fee: { payee: 'platform', ppm: feePpm },
          };
          const [entry] = settled(openBook([usd(amount)], dealt.terms), [], dealt);
          return {
            net: amount - BigInt(entry!.fees),
            paid: new Map(entry!.paid.map((each) => [each.party, BigInt(each.amount)])),
          };
        };
        const { net, paid } = paidIn(split);
        expect([...paid.values()].reduce((all, each) => all + each, 0n)).toBe(net);
        for (const { party, sharePpm } of split) {
          const off = paid.get(party)! * 1_000_000n - net * BigInt(sharePpm);
          expect(off > -1_000_000n && off < 1_000_000n).toBe(true);
        }
        const reversed = paidIn(split.toReversed()).paid;
        for (const [party, each] of paid) expect(reversed.get(party)).toBe(each);
      }),
    );
  });
});
