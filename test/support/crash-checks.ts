import { escrow } from '../../src/commands/marketplace/escrow.ts';
import { escrowEvents } from '../../src/domain/marketplace/escrow/events.ts';
import { E } from '../../src/engine/fp.ts';
import type { Clock } from '../../src/engine/clock.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { partsOf, senderOf, type Envelope } from '../../src/engine/store.ts';
import { openHolds, openWithdrawals } from '../../src/projections/marketplace/holds.ts';
import { balances, trialBalance } from '../../src/projections/marketplace/ledger.ts';
import type { Line } from './crash-deals.ts';
import type { crashEngine } from './crash-engine.ts';
import type { Memory } from './crash-memory.ts';
import { marketBooks } from './market-books.ts';

type Market = Awaited<ReturnType<typeof crashEngine>>;

const ALL = { limit: 100_000 };

/** N2: what was sent before is sent again, twice and all at once: the first answer, or one new one. */
export const sendAgain = async (
  { engine }: Market,
  memory: Memory,
  lines: readonly Line[],
): Promise<void> => {
  for (let time = 0; time < 2; time += 1) {
    await Promise.all(
      lines.map(async ({ id, stream, command, actor }) => {
        const answer = await engine.sendTE(stream, command, { actor, commandId: id })();
        if (E.isLeft(answer)) throw new Error(`${id}: ${JSON.stringify(answer.left)}`);
        memory.answer(id, JSON.parse(JSON.stringify(answer.right)));
      }),
    );
  }
};

/** Lets all end that was under way or was due by now. */
export const drain = async ({ engine }: Market, clock: Clock): Promise<void> => {
  const now = clock.now();
  await engine.settle();
  while ((engine.deadlines(1)[0]?.at ?? Infinity) <= now) {
    expect((await engine.status()).deadlines.stuck).toEqual([]);
    await clock.breathe();
  }
  await engine.settle();
};

const wholeLog = async (engine: Engine): Promise<readonly Envelope[]> => {
  const found: Envelope[] = [];
  const { signal } = new AbortController();
  for await (const { events, caughtUp } of engine.log({ after: undefined, signal })) {
    found.push(...events);
    if (caughtUp) break;
  }
  return found;
};

/** N8, N17: a command that found several deadlines behind it has written all that they caused. */
const expectWholeBatches = (log: readonly Envelope[], instance: string): void => {
  const escrows = Map.groupBy(
    log.filter(({ stream }) => stream.startsWith('escrow-')),
    ({ stream }) => stream,
  );
  for (const [stream, history] of escrows) {
    const self = { stream, id: partsOf(stream)!.id, instance };
    let state = escrow.initial;
    for (const [index, envelope] of history.entries()) {
      const decoded = escrowEvents.decode(envelope);
      if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
      state = escrow.evolve(state, decoded.right);
      const next = history[index + 1];
      const isLast =
        next === undefined ||
        next.metadata.commandId !== envelope.metadata.commandId ||
        senderOf(next) !== senderOf(envelope);
      const behind = isLast ? escrow.lapse!(state, envelope.metadata.at, self) : [];
      if (behind.length > 0)
        expect({ stream, index, behind }).toEqual({ stream, index, behind: [] });
    }
  }
};

/** N13, N17, N19 of an engine whose clock stands still and that has drained; the bank says what the books say. */
export const expectRight = async ({
  engine,
  bank,
}: Market): Promise<ReturnType<typeof marketBooks>> => {
  const books = marketBooks();
  const log = await wholeLog(engine);
  for (const envelope of log) books.apply(envelope);
  expectWholeBatches(log, engine.instance);
  expect(await engine.deadLetters.list(10)).toEqual([]);
  expect((engine.deadlines(1)[0]?.at ?? Infinity) > engine.now()).toBe(true);
  const { projections, reactions, deadlines } = await engine.status();
  expect(deadlines.stuck).toEqual([]);
  expect(projections.filter(({ broken, failure }) => broken ?? failure)).toEqual([]);
  expect(reactions.filter(({ unfinished, failure }) => unfinished > 0 || failure)).toEqual([]);
  expect([...books.holds].filter(([, { endedBy }]) => endedBy === undefined)).toEqual([]);
  const paid = await Promise.all(
    [...books.payouts].map(async ([id, { endedBy }]) => [
      id,
      endedBy,
      (await bank.lookUp(id)).type,
    ]),
  );
  const wrong = paid.filter(
    ([, ended, told]) =>
      ended === undefined || told !== (ended === 'WithdrawalPaid' ? 'Paid' : 'NotSent'),
  );
  expect(wrong).toEqual([]);
  expect(await engine.query(openHolds).page(ALL)).toEqual([]);
  expect(await engine.query(openWithdrawals).page(ALL)).toEqual([]);
  const rows = (await engine.query(balances).page(ALL)).map(
    ({ row }) => [`${row.account} ${row.currency}`, BigInt(row.balance)] as const,
  );
  expect(new Map(rows)).toEqual(new Map(books.balances));
  for (const { row } of await engine.query(trialBalance).page(ALL)) {
    expect(row).toMatchObject({ difference: '0', belowZero: [] });
  }
  expect(await engine.checkReplay()).toMatchObject({ identical: true });
  return books;
};
