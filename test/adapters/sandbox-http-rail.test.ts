import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RailFailed } from '../../src/adapters/rails/rail-failed.ts';
import {
  sandboxHttpRail,
  type HttpRailOptions,
} from '../../src/adapters/rails/sandbox-bank/sandbox-http-rail.ts';
import type { PolicyFailure } from '../../src/adapters/resilience/failure.ts';
import type { PaymentRail } from '../../src/domain/shared/payment-rail.ts';

const { signal } = new AbortController();
const PAYOUT = {
  withdrawalId: 'artist!1',
  money: { currency: 'USD', amount: '5' },
  rail: 'sandbox',
  destination: 'iban-hidden',
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const says =
  (status: number, text: string): Answer =>
  (response) =>
    void response.writeHead(status, { connection: 'close' }).end(text);
const breaks: Answer = (response) => void response.destroy();
const waits: Answer = () => undefined;

/** A bank that answers each request with the next of a row of answers, the last one for ever, and a rail to it. */
const bank = async (answers: readonly Answer[], options: HttpRailOptions = {}) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(`${request.method} ${request.url}`);
    answer(response, request);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  // Without chance no pause lasts: nothing waits.
  const rail = sandboxHttpRail(`http://127.0.0.1:${port}`, { random: () => 0, ...options });
  return { rail, asked, port };
};

const failureOf = async (work: Promise<unknown>): Promise<PolicyFailure> => {
  const cause = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (cause instanceof RailFailed) return cause.failure;
  throw new Error('it did not fail as a rail does', { cause });
};

const REPEATABLE: readonly (readonly [string, (rail: PaymentRail) => Promise<unknown>, string])[] =
  [
    ['lookUp', (rail) => rail.lookUp('artist!1'), '{"type":"Unknown"}'],
    ['incoming', (rail) => rail.incoming(undefined, signal), '[]'],
    ['prepare', (rail) => rail.prepare(PAYOUT), '{}'],
  ];

describe('the sandbox over HTTP, under a policy', () => {
  test.each(REPEATABLE)('engine N45: %s is tried again', async (_, call, answer) => {
    const { rail, asked } = await bank([breaks, says(500, 'down'), says(200, answer)]);
    await call(rail);
    expect(asked).toHaveLength(3);
  });

  test.each([
    ['a broken connection', breaks],
    ['status 500', says(500, 'down')],
  ])('engine N45: submit is never tried again: %s is an unknown outcome', async (_, answer) => {
    const { rail, asked } = await bank([answer]);
    expect(await failureOf(rail.submit('artist!1'))).toMatchObject({
      type: 'CallFailed',
      kind: 'unknownOutcome',
      outcomeUnknown: true,
    });
    expect(asked).toEqual(['POST /payouts/artist!1']);
  });

  test('engine N45: an answer that does not come is a time-out, and nothing waits on', async () => {
    const { rail } = await bank([waits], { timeoutMs: 20 });
    expect(await failureOf(rail.submit('artist!1'))).toMatchObject({
      type: 'TimedOut',
      what: 'attempt',
      outcomeUnknown: true,
    });
  });

  test.each([
    ['no JSON', '<html>'],
    ['another thing', '{"balance":7}'],
    ['a payment without its money', '[{"position":"1","ref":"a","owner":null}]'],
    ['an amount as a number', paymentWith('5')],
  ])('engine N45: an answer that is %s is refused, and not asked for again', async (_, text) => {
    const { rail, asked } = await bank([says(200, text)]);
    const failed = await failureOf(rail.incoming(undefined, signal));
    expect(failed).toMatchObject({ type: 'CallFailed', kind: 'permanent' });
    expect(asked).toHaveLength(1);
  });

  test("engine N45: a refusal is the caller's mistake, and opens no circuit", async () => {
    const { rail, asked } = await bank([says(400, '{"error":"no"}')]);
    for (let n = 0; n < 8; n += 1) {
      const failed = await failureOf(rail.submit('artist!1'));
      expect(failed).toMatchObject({ type: 'CallFailed', kind: 'callerMistake' });
    }
    expect(asked).toHaveLength(8);
  });

  test('engine N45: a bank that fails every time is left alone', async () => {
    const { rail, asked } = await bank([breaks], { breaker: { failuresInRow: 3 } });
    for (let n = 0; n < 3; n += 1) await failureOf(rail.submit('artist!1'));
    expect(await failureOf(rail.lookUp('artist!1'))).toMatchObject({ type: 'CircuitOpen' });
    expect(asked).toHaveLength(3);
  });

  test('engine N45: an abort ends a call that waits', async () => {
    const closing = new AbortController();
    const { rail } = await bank([(response) => (closing.abort(), waits(response, {} as never))]);
    const failed = await failureOf(rail.incoming(undefined, closing.signal));
    expect(failed).toMatchObject({ type: 'Aborted' });
  });

  test('engine N45: an order follows no redirect', async () => {
    const elsewhere = await bank([says(200, '{}')]);
    const location = `http://127.0.0.1:${elsewhere.port}/payouts`;
    const { rail } = await bank([
      (response) => void response.writeHead(307, { location, connection: 'close' }).end(),
    ]);
    await failureOf(rail.prepare(PAYOUT));
    expect(elsewhere.asked).toEqual([]);
  });

  test('engine N45: no failure repeats the address with its password, or the destination', async () => {
    const { rail, port } = await bank([breaks]);
    const secret = sandboxHttpRail(`http://teller:open-sesame@127.0.0.1:${port}`, {
      random: () => 0,
    });
    for (const [at, hidden] of [
      [secret, 'open-sesame'],
      [rail, 'iban-hidden'],
    ] as const) {
      const failed = await at.prepare(PAYOUT).catch((cause: unknown) => cause as RailFailed);
      expect(failed).toBeInstanceOf(RailFailed);
      const { message, stack, failure } = failed as RailFailed;
      const cause = JSON.stringify(failure) + String((failure as { cause?: unknown }).cause);
      expect([message, stack, cause].join()).not.toContain(hidden);
      expect(message).toContain('rail sandbox');
    }
  });
});

function paymentWith(amount: string): string {
  const money = `{"currency":"USD","amount":${amount}}`;
  return `[{"position":"1","ref":"a","owner":null,"money":${money}}]`;
}
