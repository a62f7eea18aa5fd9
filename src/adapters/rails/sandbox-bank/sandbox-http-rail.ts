import * as t from 'io-ts';
import type { PaymentRail } from '../../../domain/shared/payment-rail.ts';
import { E } from '../../../engine/fp.ts';
import { policy, type Policy } from '../../resilience/policy.ts';
import type { Call } from '../../resilience/run.ts';
import type { PolicyOptions } from '../../resilience/settings.ts';
import { RailFailed } from '../rail-failed.ts';
import { about } from './bank.ts';
import { askBank, classified, type BankRequest } from './bank-client.ts';
import { Answer, Answers, Payments } from './wire.ts';

/** How long one answer may take, and all attempts at one together, in milliseconds of real time. */
const ANSWER_MS = 5_000;
const ALL_ATTEMPTS_MS = 20_000;

/** How the bank's process is called; what is left out is as every policy has it. */
export type HttpRailOptions = Pick<PolicyOptions, 'clock' | 'random' | 'telemetry' | 'breaker'> & {
  /** How long one answer may take, in milliseconds of real time. */
  readonly timeoutMs?: number;
};

const toBank = ({ timeoutMs = ANSWER_MS, ...options }: HttpRailOptions): Policy =>
  policy({
    name: 'rail sandbox',
    classify: classified,
    attemptMs: timeoutMs,
    totalMs: Math.max(timeoutMs, ALL_ATTEMPTS_MS),
    // The outbox has 16 payouts under way at most; look-ups and a poller come beside it.
    bulkhead: { atOnce: 16, queue: 32 },
    ...options,
  });

const pathOf = (withdrawalId: string): string => `/payouts/${encodeURIComponent(withdrawalId)}`;

/**
 * The rail `sandbox` whose bank is a process of its own, at the address that `chancery sandbox-bank` prints. Calls run under one policy:
 * what may be repeated is tried again, a submission never (the outbox decides on attempts), and a bank that is down is left alone.
 * Failures are `RailFailed`.
 */
export const sandboxHttpRail = (url: string, options: HttpRailOptions = {}): PaymentRail => {
  const bank = toBank(options);
  const ask = async <A>(
    call: Call,
    request: Omit<BankRequest, 'signal'>,
    codec: t.Type<A>,
  ): Promise<A> => {
    const answer = await bank.run(call, ({ signal }) =>
      askBank(url, { ...request, signal }, codec),
    )();
    if (E.isLeft(answer)) throw new RailFailed(answer.left);
    return answer.right;
  };
  return {
    name: 'sandbox',
    prepare: async (payout) => {
      const request = { method: 'PUT', path: '/payouts', body: payout };
      await ask({ repeat: 'idempotent' }, request, t.unknown);
    },
    submit: async (withdrawalId) => {
      const request = { method: 'POST', path: pathOf(withdrawalId) };
      return about(withdrawalId, await ask({ repeat: 'never' }, request, Answers));
    },
    lookUp: (withdrawalId) =>
      ask({ repeat: 'idempotent' }, { method: 'GET', path: pathOf(withdrawalId) }, Answer),
    incoming: (after, signal) => {
      const query = after === undefined ? '' : `?${new URLSearchParams({ after }).toString()}`;
      const request = { method: 'GET', path: `/payments${query}` };
      return ask({ repeat: 'idempotent', signal }, request, Payments);
    },
  };
};
