import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import {
  sandboxRail,
  type SandboxRail,
} from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { Account } from '../../src/domain/marketplace/account/state.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import type { VirtualClock } from '../../src/engine/clock.ts';
import { E } from '../../src/engine/fp.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Envelope } from '../../src/engine/store.ts';
import { accountSubsystem, escrowSubsystem, subsystems } from '../../src/subsystems.ts';
import type { Asked } from './arbitrary-histories.ts';
import { marketBooks } from './market-books.ts';
import { mortal, type Mortal } from './market-mortal-store.ts';

/** A command on its way: to which stream, by whom, under which id. */
export type Line = Asked & { readonly stream: string; readonly id: string };

/** What became of a command; undefined: its process died, or closed, before it answered. */
export type Answer = Outcome | undefined;

/** One engine on a store that outlives it. */
type Instance = { engine: Engine; clock: VirtualClock; mortal: Mortal };

const START = 1_700_000_000_000;

/** Every engine of a world runs on a store of this kind: the n-th gets `storeOf(n)`, all with the same log. */
export type Ground = { readonly storeOf: (instance: number) => Store; readonly instances: number };

/** A market of engines that crash, on one log, with one bank; it notes what was asked and checks the books after every bunch. */
export const marketWorld = async ({ storeOf, instances }: Ground) => {
  const bank: SandboxRail = sandboxRail(':memory:');
  const books = marketBooks();
  const story: string[] = [];
  const all: Instance[] = [];
  let turn = 0;

  const begin = async (index: number, now: number): Promise<void> => {
    const process = mortal(storeOf(index));
    const clock = virtualClock(now);
    let ids = 0;
    const engine = await createEngine({
      store: process.store,
      subsystems,
      effects: [payWithdrawals(bank)],
      clock,
      instance: 'market',
      newId: () => `engine-${index}-${now}-${(ids += 1)}`,
    });
    all[index] = { engine, clock, mortal: process };
  };
  for (let index = 0; index < instances; index += 1) await begin(index, START);

  const now = () => Math.max(...all.map(({ clock }) => clock.now()));
  const any = () => all[0]!.engine;

  /** What nobody answers any more is undefined; a failure of infrastructure is an error unless the engine was closing. */
  const sent = async ({ engine, mortal: process }: Instance, line: Line): Promise<Answer> => {
    const { stream, command, actor, id } = line;
    const answer = await Promise.race([
      engine.sendTE(stream, command, { actor, commandId: id })(),
      process.died,
    ]);
    if (answer === undefined) return undefined;
    if (E.isRight(answer)) return answer.right;
    if (answer.left.type === 'EngineClosed' || answer.left.type === 'StoreClosed') return undefined;
    throw new Error(`${stream} ${command.type}: ${JSON.stringify(answer.left)}`);
  };

  /** Runs work on every engine in turn, until the log has come to rest; whoever dies on the way does no more. */
  const everywhere = async (work: (engine: Engine) => Promise<void>): Promise<void> => {
    for (;;) {
      const before = (await any().status()).head;
      for (const { engine, mortal: process } of all) {
        if (!process.isDead()) await Promise.race([work(engine), process.died]);
      }
      if (all.length === 1 || all.some(({ mortal: { isDead } }) => isDead())) return;
      if ((await any().status()).head === before) return;
    }
  };

  /** Starts again whatever has died; resolves to whether anything had. */
  const revive = async (): Promise<boolean> => {
    let hadDied = false;
    for (const [index, { mortal: process }] of all.entries()) {
      if (!process.isDead()) continue;
      story.push(`# engine ${index} was killed and starts again`);
      hadDied = true;
      await process.bury();
      await begin(index, now());
    }
    return hadDied;
  };

  const envelopes = async (): Promise<readonly Envelope[]> => {
    const found: Envelope[] = [];
    const { signal } = new AbortController();
    for await (const { events, caughtUp } of any().log({ after: books.position(), signal })) {
      found.push(...events);
      if (caughtUp) break;
    }
    return found;
  };

  return {
    books,
    story,
    bank,
    now,
    engine: any,
    engines: () => all.map(({ engine }) => engine),
    escrow: async (id: string): Promise<Escrow> =>
      (await any().stateAt(escrowSubsystem, `escrow-${id}`, { instant: now() })).state,
    account: async (owner: string): Promise<Account> =>
      (await any().stateAt(accountSubsystem, `account-${owner}`)).state,

    /** Sends all at once, each to the next engine; resolves when each is answered or its engine is gone. */
    send: (lines: readonly Line[]): Promise<readonly Answer[]> => {
      for (const { stream, command, actor, id } of lines) {
        const { type, data } = command;
        story.push(JSON.stringify({ stream, command: type, data, actor, at: now(), id }));
      }
      story.push(`# the ${lines.length} above at once`);
      return Promise.all(
        lines.map((line) => {
          turn += 1;
          return sent(all[turn % all.length]!, line);
        }),
      );
    },
    settle: async (): Promise<void> => {
      story.push('# settle');
      await everywhere((engine) => engine.settle());
    },
    runUntil: async (instant: number): Promise<void> => {
      story.push(`# run until ${instant}`);
      await everywhere((engine) => engine.runUntil(instant));
    },
    /** Moves the clocks and nothing else: no deadline is noticed. */
    moveTo: (instant: number): void => {
      story.push(`# the clock moves to ${instant}`);
      for (const { clock } of all) clock.moveTo(instant);
    },
    fuse: (index: number, appends: number, isWritten: boolean): void => {
      const place = index % all.length;
      story.push(
        `# engine ${place} dies at append ${appends}, ${isWritten ? 'written' : 'unwritten'}`,
      );
      all[place]!.mortal.dieAfter(appends, isWritten);
    },
    revive,
    /** Closes every engine, whatever it is doing, and opens new ones. */
    reopen: async (): Promise<void> => {
      story.push('# all engines are closed and opened');
      const instant = now();
      for (const { engine, mortal: process } of all) {
        // Whoever is told to stop is not killed any more: closing would wait for what never ends.
        process.dieAfter(Infinity, false);
        if (process.isDead()) await process.bury();
        else await engine.close();
      }
      for (const index of all.keys()) await begin(index, instant);
    },
    /** Folds what is new in the log, event by event, into the books; resolves to those events. */
    audit: async (): Promise<readonly Envelope[]> => {
      const found = await envelopes();
      for (const envelope of found) books.apply(envelope);
      return found;
    },
    end: async (): Promise<void> => {
      for (const { mortal: process } of all) await process.bury();
      bank.close();
    },
  };
};
export type MarketWorld = Awaited<ReturnType<typeof marketWorld>>;
