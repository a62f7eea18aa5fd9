import { describePolicyFailure, type PolicyFailure } from '../resilience/failure.ts';

/** Why a rail gave no answer: what its policy says, whether the call may have had its effect included. */
export class RailFailed extends Error {
  override readonly name = 'RailFailed';
  readonly failure: PolicyFailure;
  constructor(failure: PolicyFailure) {
    super(describePolicyFailure(failure));
    this.failure = failure;
  }
}
