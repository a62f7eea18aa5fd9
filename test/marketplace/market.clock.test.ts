import fc from 'fast-check';
import { accountCommands } from '../../src/commands/marketplace/account.ts';
import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { drawFrom } from '../support/arbitrary-histories.ts';
import { patience, retold, search, shrunkWithin } from '../support/arbitrary-runs.ts';
import { viewOf } from '../support/market-life.ts';
import { asksForHold, endowment, escrowLine } from '../support/market-plans.ts';
import { marketWorld, type Answer, type Line, type MarketWorld } from '../support/market-world.ts';

const YEAR = 365 * 86_400_000;
const HOUR = 3_600_000;

/** A step: how long to wait, or until how close to the next deadline, and which command. */
type Step = { readonly seed: number; readonly wait: number; readonly offset: -1 | 0 | 1 | null };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    seed: fc.nat(),
    wait: fc.nat(HOUR),
    offset: fc.constantFrom(null, null, null, null, -1 as const, 0 as const, 1 as const),
  }),
  { minLength: 30, maxLength: 80, size: 'max' },
);

type Played = { readonly line: Line; readonly at: number; readonly answer: Answer };

const newWorld = async (): Promise<MarketWorld> => {
  const store = memoryStore();
  const world = await marketWorld({ instances: 1, storeOf: () => store });
  await world.send(
    endowment.map((line) => {
      const money = { ...(line.command.data as { money: object }).money, amount: '1000000000' };
      return {
        ...line,
        command: { ...line.command, data: { ...(line.command.data as object), money } },
      };
    }),
  );
  return world;
};

/** Plays the steps with everything that runs by itself, and tells which commands that were. */
const watched = async (world: MarketWorld, plan: readonly Step[]): Promise<readonly Played[]> => {
  const played: Played[] = [];
  for (const [index, { seed, wait, offset }] of plan.entries()) {
    const draw = drawFrom(seed);
    const due = world.engine().deadlines(5);
    const until =
      offset === null || due.length === 0 ? world.now() + wait : draw.pick(due).at + offset;
    await world.runUntil(Math.max(world.now(), until));
    const view = await viewOf(world, index);
    const chosen = draw.percent(30) ? asksForHold(view, draw) : escrowLine(view, draw);
    const line = { ...chosen, id: `step-${index}` };
    const [answer] = await world.send([line]);
    await world.settle();
    played.push({ line, at: world.now(), answer });
  }
  return played;
};

/** Plays the same commands at the same instants; nobody notices what falls due. */
const unwatched = async (
  world: MarketWorld,
  played: readonly Played[],
): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (const { line, at } of played) {
    world.moveTo(at);
    await world.settle();
    answers.push(...(await world.send([line])));
    await world.settle();
  }
  return answers;
};

/** What a command itself has brought about: its own events are the last ones. */
const own = (answer: Answer, lengthOfOwn: number): unknown => {
  const outcome = answer as Outcome;
  if (outcome.outcome === 'accepted')
    return outcome.events.slice(outcome.events.length - lengthOfOwn);
  return outcome.outcome === 'refused' ? outcome.refusal : 'granted';
};

const ownLength = (answer: Answer): number =>
  answer?.outcome === 'accepted' ? answer.events.length : 0;

describe('the same commands, with deadlines watched and with nobody watching', () => {
  test(
    'marketplace E4, E5: are decided alike, and in the end every deal has come to the same',
    async () => {
      const alike = async (plan: readonly Step[]): Promise<void> => {
        const [first, second] = [await newWorld(), await newWorld()];
        try {
          const played = await watched(first, plan);
          const answers = await unwatched(second, played);
          for (const [index, { line, answer }] of played.entries()) {
            // What an account knows of a deal is what is recorded of it; expiring is what is left out here.
            if (!line.stream.startsWith('escrow-') || line.command.type === 'ExpireEscrow')
              continue;
            const length = ownLength(answer);
            const both = [own(answers[index], length), own(answer, length)];
            expect({ line, answer: both[0] }).toEqual({ line, answer: both[1] });
          }
          const end = first.now() + 3 * YEAR;
          for (const world of [first, second]) {
            await world.runUntil(end);
            await world.audit();
          }
          for (const id of first.books.deals.keys()) {
            expect([id, await second.escrow(id)]).toEqual([id, await first.escrow(id)]);
          }
          const money = ({ books }: MarketWorld) =>
            new Map([...books.balances].filter(([, units]) => units !== 0n));
          expect(money(second)).toEqual(money(first));
        } catch (cause) {
          throw retold(first.story, cause);
        } finally {
          await first.end();
          await second.end();
        }
      };
      await fc.assert(fc.asyncProperty(steps, shrunkWithin(15_000, alike)), search(12));
    },
    patience(40_000),
  );
});

describe('money set aside for a deal just before its funding deadline, and taken up only later', () => {
  const { OpenEscrow, AcceptTerms } = escrowCommands.of;
  const hold = accountCommands.of.PlaceHold({ purpose: { stream: 'escrow-E1', item: null } });
  const from = (stream: string, actor: string, command: Line['command'], id: string): Line => ({
    stream,
    actor: { id: actor, roles: [] },
    command,
    id,
  });

  /** A deal that is agreed and awaits ada's money until `fundBy`. */
  const agreed = async (): Promise<{ readonly world: MarketWorld; readonly fundBy: number }> => {
    const world = await newWorld();
    const terms = {
      buyer: 'ada',
      seller: 'bob',
      arbiter: { actor: 'judy' },
      milestones: [{ title: 'all', amount: { currency: 'USD', amount: '100' } }],
      fundWithinMs: HOUR,
    };
    await world.send([from('escrow-E1', 'ada', OpenEscrow({ terms }), 'open')]);
    await world.send([from('escrow-E1', 'bob', AcceptTerms({ version: 1 }), 'accept')]);
    await world.settle();
    return { world, fundBy: world.now() + HOUR };
  };

  test.each([
    [-1, 'Locked', 'HoldTaken'],
    [0, 'Cancelled', 'HoldReturned'],
    [1, 'Cancelled', 'HoldReturned'],
  ])(
    'marketplace L3, E4: at the deadline %i ms it is %s, and the hold ends by %s',
    async (offset, status, end) => {
      const { world, fundBy } = await agreed();
      world.moveTo(fundBy - 1);
      expect(await world.send([from('account-ada', 'ada', hold, 'hold')])).toMatchObject([
        { outcome: 'accepted' },
      ]);
      world.moveTo(fundBy + offset);
      await world.settle();
      // What is recorded decides: until the cancellation is, the hold waits.
      const waits = (await world.audit()).filter(({ stream }) => stream === 'account-ada');
      expect(waits.map(({ type }) => type)).toEqual(
        offset < 0 ? ['HoldPlaced', 'HoldTaken'] : ['HoldPlaced'],
      );
      expect((await world.escrow('E1')).status).toBe(status);
      await world.runUntil(fundBy + HOUR);
      await world.audit();
      expect(world.books.holds.get('ada#1')?.endedBy).toBe(end);
      expect(await world.engine().deadLetters.list(10)).toEqual([]);
      await world.end();
    },
  );

  test.each([
    [-1, { outcome: 'accepted' }],
    [0, { outcome: 'refused', refusal: { type: 'NotAwaited' } }],
    [1, { outcome: 'refused', refusal: { type: 'NotAwaited' } }],
  ])(
    'marketplace E4: asked for at the deadline %i ms, unswept, it is answered %j',
    async (offset, answer) => {
      const { world, fundBy } = await agreed();
      world.moveTo(fundBy + offset);
      expect(await world.send([from('account-ada', 'ada', hold, 'hold')])).toMatchObject([answer]);
      await world.end();
    },
  );
});
