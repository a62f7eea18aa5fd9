import { concat, defer, ignoreElements, of, throwError, timer, type SchedulerLike } from 'rxjs';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Reaction } from '../../src/engine/reaction.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Opening } from '../../src/engine/run/opening.ts';
import { ada, engines } from '../support/engines.ts';
import { connectTo } from '../support/esdb/client.ts';
import { startStandIn, type StandIn } from '../support/esdb/stand-in.ts';
import { storeOn } from '../support/esdb/store-on.ts';
import { note, reacting, whenOpened, type Opened } from '../support/ticket-reactions.ts';
import { ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const start = engines();
const { CloseTicket, OpenTicket } = ticketCommands.of;

const FAR = 4_000_000_000_000;
const opened = (engine: Engine, id: string) =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title: 'plain', answerBy: FAR }), {
    actor: ada,
  });

let server: StandIn;
beforeEach(async () => {
  server = await startStandIn();
});
afterEach(() => server.stop('kill'));

type Each = Reaction<Opened>['each'];

/** An engine that shares one reaction. */
const sharing = (
  each: Each,
  { redeliverAfterMs = 30_000, ...options }: Partial<Opening> & { redeliverAfterMs?: number } = {},
): Promise<Engine> =>
  start({
    store: storeOn(server.connectionString, { shareReactions: true, redeliverAfterMs }),
    clock: systemClock(),
    subsystems: reacting(whenOpened(each)),
    ...options,
  });

const group = () => server.groups.find('$all', 'chancery-test-whenOpened');

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await new Promise((next) => setTimeout(next, 5));
};
const consumers = (count: number) => until(() => group()?.consumers.length === count);
const given = (count: number) => until(() => (group()?.delivered ?? 0) >= count);
const allAnswered = () =>
  until(() => group()?.inFlight.size === 0 && group()?.retries.length === 0);

/** The notes of a ticket as they lie in the log. */
const notesIn = (id: string): readonly string[] =>
  server.log
    .stream(`ticket-${id}`)
    .records.filter(({ type }) => type === 'NoteAdded')
    .map(({ data }) => JSON.parse(Buffer.from(data).toString('utf8')).note);

const idOf = (stream: string): string => stream.slice('ticket-'.length);

/** Notes `text` on the ticket, and counts. */
const noting = (text = 'seen') => {
  const worked: string[] = [];
  const each: Each = ({ envelope }) => {
    worked.push(idOf(envelope.stream));
    return of(note(idOf(envelope.stream), text));
  };
  return { worked, each };
};

/** Work that does not end while a test lasts. */
const hanging = (time: SchedulerLike) => timer(3_600_000, time).pipe(ignoreElements());

const LETTER = { reaction: 'whenOpened', cause: expect.stringContaining('refused'), attempts: 1 };

/** Closes a ticket that has nothing to close: refused for good, until `heal` says what is sent instead. */
const refusing = () => {
  let isHealed = false;
  const each: Each = ({ envelope }) =>
    of(
      isHealed
        ? note(idOf(envelope.stream), 'healed')
        : { stream: 'ticket-nobody', command: CloseTicket({}) },
    );
  return { each, heal: () => void (isHealed = true) };
};

it('N19: two engines share a reaction: both work, and each event has its command once', async () => {
  const [one, two] = [noting(), noting()];
  const engine = await sharing(one.each);
  await sharing(two.each);
  await consumers(2);
  const ids = Array.from({ length: 40 }, (_, n) => `t${n}`);
  await Promise.all(ids.map((id) => opened(engine, id)));
  await given(40);
  await allAnswered();
  expect(one.worked.length).toBeGreaterThan(0);
  expect(two.worked.length).toBeGreaterThan(0);
  expect([...one.worked, ...two.worked].toSorted()).toEqual(ids.toSorted());
  expect(ids.map(notesIn)).toEqual(ids.map(() => ['seen']));
});

it('N19: what an engine does not end in time another one does, and what was done is not done twice', async () => {
  // It sends the first of two commands and never ends.
  const stuck = await sharing(
    ({ envelope }, time) => concat(of(note(idOf(envelope.stream), 'first')), hanging(time)),
    { redeliverAfterMs: 100 },
  );
  await consumers(1);
  await opened(stuck, '1');
  await until(() => notesIn('1').length === 1);
  await sharing(({ envelope }) =>
    of(...['first', 'second'].map((text) => note(idOf(envelope.stream), text))),
  );
  await until(() => notesIn('1').length === 2);
  await allAnswered();
  expect(notesIn('1')).toEqual(['first', 'second']);
});

it('N19: what an engine has not done when it closes another one does', async () => {
  const hung = await sharing((_, time) => hanging(time));
  await consumers(1);
  await opened(hung, '1');
  await given(1);
  const other = noting();
  await sharing(other.each);
  await consumers(2);
  expect((await hung.status()).reactions).toMatchObject([
    { reaction: 'whenOpened', unfinished: 1 },
  ]);
  const closed = hung.close();
  await until(() => notesIn('1').length === 1);
  await closed;
  await allAnswered();
  expect([other.worked, notesIn('1')]).toEqual([['1'], ['seen']]);
});

it('N19: an event that comes again while it is worked on is begun once and answered at its end', async () => {
  let begun = 0;
  let finish = (): void => undefined;
  const engine = await sharing(
    ({ envelope }) => {
      begun += 1;
      const gate = new Promise<void>((resolve) => (finish = resolve));
      return defer(() => gate.then(() => note(idOf(envelope.stream), 'late')));
    },
    { redeliverAfterMs: 40 },
  );
  await consumers(1);
  await opened(engine, '1');
  await given(3);
  finish();
  await allAnswered();
  expect([begun, notesIn('1')]).toEqual([1, ['late']]);
});

it('N19: a command that is refused for good is a dead letter that every engine sees, retries and drops', async () => {
  const [one, two] = [refusing(), refusing()];
  const engine = await sharing(one.each);
  const other = await sharing(two.each);
  await consumers(2);
  for (const id of ['1', '2', '3']) await opened(engine, id);
  await until(async () => (await engine.deadLetters.list(10)).length === 3);
  const letters = await engine.deadLetters.list(10);
  expect(letters.map(({ row }) => row)).toMatchObject([LETTER, LETTER, LETTER]);
  expect(letters[0]!.row).toMatchObject({
    event: { stream: 'ticket-1', type: 'TicketOpened' },
    command: { stream: 'ticket-nobody', type: 'CloseTicket' },
  });
  expect(await other.deadLetters.list(10)).toEqual(letters);
  const [first, second, third] = letters.map(({ key }) => key);
  expect(await other.deadLetters.list(1, first)).toEqual([letters[1]]);

  expect(await other.deadLetters.retry(second!)).toBe(false);
  two.heal();
  expect(await other.deadLetters.retry(second!)).toBe(true);
  expect(notesIn('2')).toEqual(['healed']);
  expect(await other.deadLetters.drop(first!)).toBe(true);
  expect(await engine.deadLetters.drop(first!)).toBe(false);
  expect(await engine.deadLetters.retry(first!)).toBeUndefined();
  expect((await engine.deadLetters.list(10)).map(({ key }) => key)).toEqual([third]);

  const looking = await sharing(two.each, { readOnly: true });
  expect(await looking.deadLetters.list(10)).toEqual([letters[2]]);
  await expect(looking.deadLetters.drop(third!)).rejects.toThrow('read-only');
});

it('N19: what throws for good is a dead letter, and what others park is one with their words', async () => {
  const broken: Each = () => throwError(() => new Error('a bug'));
  const key = (): string => {
    throw new Error('no key');
  };
  const engine = await sharing(broken, { subsystems: reacting(whenOpened(broken, { key })) });
  await consumers(1);
  await opened(engine, '1');
  await until(async () => (await engine.deadLetters.list(10)).length === 1);
  const [letter] = await engine.deadLetters.list(10);
  expect(letter!.row).toMatchObject({ cause: 'Error: no key', attempts: 1 });
  await engine.deadLetters.drop(letter!.key);
  await engine.close();
  await opened(await sharing(broken, { subsystems: [ticketSubsystem] }), '2');
  const client = connectTo(server.connectionString);
  const other = client.subscribeToPersistentSubscriptionToAll('chancery-test-whenOpened');
  other.on('data', (event) => void other.nack('park', 'not today', event));
  other.on('error', () => undefined);
  const looking = await sharing(broken, { readOnly: true });
  const ofTwo = async () =>
    (await looking.deadLetters.list(10)).find(({ row }) => row.event.stream === 'ticket-2');
  await until(async () => (await ofTwo()) !== undefined);
  expect((await ofTwo())!.row).toMatchObject({ cause: 'not today', attempts: 1 });
  await client.dispose();
});

it('N19: a group that is deleted under way, and a change of leaders, are gone through', async () => {
  const { each } = noting();
  const engine = await sharing(each);
  await consumers(1);
  await opened(engine, '1');
  await until(() => notesIn('1').length === 1);
  server.groups.delete(group()!);
  await consumers(1);
  await opened(engine, '2');
  await until(() => notesIn('2').length === 1);
  server.groups.dropConsumers();
  await opened(engine, '3');
  await until(() => notesIn('3').length === 1);
  await allAnswered();
  // All of it came again to the new group.
  expect(['1', '2', '3'].map(notesIn)).toEqual([['seen'], ['seen'], ['seen']]);
});

it('N19: engines that begin to share go on where this one was', async () => {
  const rows = memoryStore();
  const alone = noting('alone');
  const first = await start({
    store: storeOn(server.connectionString, {}, rows),
    clock: systemClock(),
    subsystems: reacting(whenOpened(alone.each)),
  });
  await opened(first, '1');
  await first.settle();
  await opened(first, '2');
  await first.settle();
  expect([alone.worked, group()]).toEqual([['1', '2'], undefined]);
  await first.close();
  const shared = noting('shared');
  const second = await sharing(shared.each, {
    store: storeOn(server.connectionString, { shareReactions: true }, rows),
  });
  await opened(second, '3');
  await until(() => notesIn('3').length === 1);
  await allAnswered();
  expect(shared.worked).not.toContain('1');
  expect(['1', '2', '3'].map(notesIn)).toEqual([['alone'], ['alone'], ['shared']]);
});

it('N19: status says why a group cannot be joined, until it can', async () => {
  server.fail('persistent', 'access-denied');
  const engine = await sharing(noting().each);
  const failure = async () => (await engine.status()).reactions[0]!.failure;
  await until(async () => (await failure()) !== undefined);
  expect(await failure()).toContain('the group chancery-test-whenOpened: access to $all is denied');
  server.heal();
  await until(async () => (await failure()) === undefined);
  expect(group()!.consumers).toHaveLength(1);
});

it('N20: an engine that only looks takes from no group', async () => {
  const { each, worked } = noting();
  const engine = await sharing(each);
  await consumers(1);
  await opened(engine, '1');
  await given(1);
  await allAnswered();
  const looking = await sharing(each, { readOnly: true });
  await looking.status();
  expect([group()!.consumers.length, worked]).toEqual([1, ['1']]);
});

it('N20: under virtual time an engine does all by itself', async () => {
  const { each, worked } = noting();
  const engine = await sharing(each, { clock: virtualClock() });
  await opened(engine, '1');
  await engine.settle();
  expect([group(), worked, notesIn('1')]).toEqual([undefined, ['1'], ['seen']]);
});
