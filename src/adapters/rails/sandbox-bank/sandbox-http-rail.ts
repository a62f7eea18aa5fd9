import type * as t from 'io-ts';
import type { PaymentRail } from '../../../domain/shared/payment-rail.ts';
import { malformed } from '../../../engine/codec.ts';
import { E } from '../../../engine/fp.ts';
import { about } from './bank.ts';
import { Answer, Answers } from './wire.ts';

/** How long the bank has for an answer, in milliseconds of real time. */
const ANSWER_MS = 5_000;

const decoded = <A>(codec: t.Type<A>, value: unknown): A => {
  const found = codec.decode(value);
  if (E.isRight(found)) return found.right;
  const { path, expected, found: came } = malformed(found.left);
  throw new Error(`the sandbox answered ${came} at ${path}, not ${expected}`);
};

const pathOf = (withdrawalId: string): string => `/payouts/${encodeURIComponent(withdrawalId)}`;

/** The rail `sandbox` whose bank is a process of its own, at the address that `chancery sandbox-bank` prints. */
export const sandboxHttpRail = (
  url: string,
  { timeoutMs = ANSWER_MS }: { readonly timeoutMs?: number } = {},
): PaymentRail => {
  const asked = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`the sandbox refused: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    name: 'sandbox',
    prepare: async (payout) => void (await asked('PUT', '/payouts', payout)),
    submit: async (withdrawalId) =>
      about(withdrawalId, decoded(Answers, await asked('POST', pathOf(withdrawalId)))),
    lookUp: async (withdrawalId) => decoded(Answer, await asked('GET', pathOf(withdrawalId))),
  };
};
