import { escrow } from '../../src/commands/marketplace/escrow.ts';
import { escrowEvents } from '../../src/domain/marketplace/escrow/events.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import { E } from '../../src/engine/fp.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { partsOf, type Envelope } from '../../src/engine/store.ts';
import { escrows } from '../../src/projections/marketplace/escrow.ts';
import { openHolds, openWithdrawals } from '../../src/projections/marketplace/holds.ts';
import { balances, trialBalance } from '../../src/projections/marketplace/ledger.ts';
import { drawFrom } from './arbitrary-histories.ts';
import { bunchOf, deals, endowment, owners, type Move, type View } from './market-plans.ts';
import type { Answer, Line, MarketWorld } from './market-world.ts';

const ALL = { limit: 10_000 };
const YEAR = 365 * 86_400_000;

/** The first escrow of a kind of deal that is not over. */
const underWay = async (world: MarketWorld, kind: string) => {
  for (let number = 1; ; number += 1) {
    const id = `${kind}${number}`;
    const state = await world.escrow(id);
    if (!('closedAt' in state)) return { id, state };
  }
};

/** The market as it stands. */
export const viewOf = async (
  world: MarketWorld,
  bunch: number,
  sent: readonly Line[] = [],
  lost: readonly Line[] = [],
): Promise<View> => {
  const kinds = Object.keys(deals);
  const current = await Promise.all(kinds.map((kind) => underWay(world, kind)));
  const accounts = await Promise.all(owners.map((owner) => world.account(owner)));
  return {
    at: world.now(),
    escrows: Object.fromEntries(kinds.map((kind, index) => [kind, current[index]!])),
    accounts: Object.fromEntries(owners.map((owner, index) => [owner, accounts[index]!])),
    balance: (owner, currency) => world.books.balances.of(`wallet:${owner} ${currency}`),
    bunch,
    sent,
    lost,
  };
};

/** The read models at the head of the log say what the books say (E1, E18). */
const readModelsAgree = async ({ books }: MarketWorld, engine: Engine): Promise<void> => {
  const head = books.position();
  if (head === undefined) return;
  await engine.waitFor(head);
  const rows = (await engine.query(balances).page(ALL)).map(
    ({ row }) => [`${row.account} ${row.currency}`, BigInt(row.balance)] as const,
  );
  expect(new Map(rows)).toEqual(new Map(books.balances));
  for (const { row } of await engine.query(trialBalance).page(ALL)) {
    expect({ difference: row.difference, belowZero: row.belowZero }).toEqual({
      difference: '0',
      belowZero: [],
    });
  }
  for (const { key, row } of await engine.query(escrows).page(ALL)) {
    expect(row.book.map(books.entryOf)).toEqual(books.bookOf(key));
  }
  const open = [...books.payouts].filter(([, { endedBy }]) => endedBy === undefined);
  const shown = await engine.query(openWithdrawals).page(ALL);
  expect(shown.map(({ key }) => key)).toEqual(open.map(([id]) => id).toSorted());
};

const checked = async (world: MarketWorld): Promise<void> => {
  await world.revive();
  await world.audit();
  for (const engine of world.engines()) await readModelsAgree(world, engine);
};

/** A command that is sent again under its id is answered as the first time, where it wrote something then. */
const rememberedBy = (known: Map<string, Answer>) => (line: Line, answer: Answer) => {
  if (answer === undefined) return;
  const first = known.get(line.id);
  const wrote = (one: Answer) =>
    one !== undefined &&
    (one.outcome === 'accepted' || (one.outcome === 'granted' && one.lapsed.length > 0));
  if (first === undefined || !wrote(first)) known.set(line.id, answer);
  else expect({ ...answer, repeated: true }).toEqual({ ...first, repeated: true });
};

const instantOf = (
  { seed, offset }: Extract<Move, { readonly do: 'run' | 'sleep' }>,
  world: MarketWorld,
): number => {
  const draw = drawFrom(seed);
  const pending = world.engine().deadlines(10);
  if (offset === null || pending.length === 0) return world.now() + draw.below(3 * 3_600_000);
  return Math.max(world.now(), draw.pick(pending).at + offset);
};

/** Nobody's word is recorded at or after a deadline that speaks before it (E4, E5): all a history's own events precede what lapses. */
const onTime = (history: readonly Envelope[], instance: string): void => {
  let state: Escrow = escrow.initial;
  for (const envelope of history) {
    const { stream, metadata } = envelope;
    const decoded = escrowEvents.decode(envelope);
    if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
    const self = { stream, id: partsOf(stream)!.id, instance };
    const lapses = escrow.lapse!(state, metadata.at, self);
    const expected = metadata.actor === 'clock' ? decoded.right : undefined;
    expect({ at: metadata.at, next: lapses[0] }).toEqual({ at: metadata.at, next: expected });
    state = escrow.evolve(state, decoded.right);
  }
};

/** When all clocks have run out: no deal is open, no hold and no payment is under way, no work was given up. */
const atRest = async (world: MarketWorld): Promise<void> => {
  const far = world.now() + 3 * YEAR;
  do await world.runUntil(far);
  while (await world.revive());
  await checked(world);
  for (const engine of world.engines()) {
    expect(await engine.deadLetters.list(10)).toEqual([]);
    expect(engine.deadlines(10)).toEqual([]);
    expect((await engine.query(openHolds).page(ALL)).map(({ row }) => row)).toEqual([]);
    expect((await engine.query(openWithdrawals).page(ALL)).map(({ row }) => row)).toEqual([]);
    const { projections } = await engine.status();
    expect(projections.filter(({ broken }) => broken !== undefined)).toEqual([]);
    expect(await engine.checkReplay()).toMatchObject({ identical: true });
  }
  for (const id of world.books.deals.keys()) {
    const state = await world.escrow(id);
    expect({ id, status: state.status, isOver: 'closedAt' in state }).toMatchObject({
      isOver: true,
    });
    onTime(await world.engine().history(`escrow-${id}`), world.engine().instance);
  }
  for (const [withdrawalId, { endedBy }] of world.books.payouts) {
    const paid = endedBy === 'WithdrawalPaid' ? 'Paid' : 'NotSent';
    expect([withdrawalId, await world.bank.lookUp(withdrawalId)]).toMatchObject([
      withdrawalId,
      { type: paid },
    ]);
  }
};

/** Lives through a plan, and checks the whole market after every move. */
export const liveThrough = async (world: MarketWorld, plan: readonly Move[]): Promise<void> => {
  const sent: Line[] = [];
  const remember = rememberedBy(new Map<string, Answer>());
  let bunches = 0;
  let lost: readonly Line[] = [];
  await world.send(endowment);
  const bunch = async (move: Extract<Move, { readonly do: 'bunch' }>, isClosing: boolean) => {
    bunches += 1;
    const lines = bunchOf(move, await viewOf(world, bunches, sent, lost));
    const sending = world.send(lines);
    if (isClosing) await world.reopen();
    const answers = await sending;
    lost = lines.filter((_, index) => answers[index] === undefined);
    for (const [index, answer] of answers.entries()) remember(lines[index]!, answer);
    sent.push(...lines.filter(({ id }) => !sent.some((known) => known.id === id)));
  };
  for (const [index, move] of plan.entries()) {
    if (move.do === 'bunch') await bunch(move, plan[index + 1]?.do === 'reopen');
    if (move.do === 'settle') await world.settle();
    if (move.do === 'run') await world.runUntil(instantOf(move, world));
    if (move.do === 'sleep') world.moveTo(instantOf(move, world));
    if (move.do === 'die') world.fuse(move.engine, move.appends, move.isWritten);
    if (move.do === 'reopen') await world.reopen();
    await checked(world);
  }
  await atRest(world);
};
