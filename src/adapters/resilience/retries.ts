import type { Answer } from './attempt.ts';
import { budgetStep, fullBudget, type BudgetInput } from './budget.ts';
import { retryStep, type RetryDecision, type RetryState } from './retry.ts';
import type { PolicySettings } from './settings.ts';

type Failed = Extract<Answer<never>, { readonly type: 'Failed' }>;

/** Retries that share one budget. */
export type Retries = {
  /** Counts a call. */
  readonly begin: (now: number) => void;
  /** What comes after an attempt that failed; the budget is asked only for a retry that would be made. */
  readonly after: (
    state: RetryState,
    failed: Failed,
    isRepeatable: boolean,
    deadlineAt: number,
  ) => readonly [RetryState, RetryDecision];
};

export const retries = (settings: PolicySettings['retry'], random: () => number): Retries => {
  let budget = fullBudget;
  const isGranted = (input: BudgetInput, now: number): boolean => {
    if (settings === 'off') return false;
    const [after, decision] = budgetStep(settings, budget, input, now);
    budget = after;
    return decision === 'granted';
  };
  return {
    begin: (now) => void isGranted('call', now),
    after: (state, { failure, wasSent, retryAfterMs, at }, isRepeatable, deadlineAt) => {
      const input = { failure, wasSent, retryAfterMs, isRepeatable, deadlineAt, chance: random() };
      const [after, decision] = retryStep(settings, state, input, at);
      if (decision.type !== 'Retry' || isGranted('retry', at)) return [after, decision];
      return [after, { type: 'Exhausted', because: 'budget' }];
    },
  };
};
