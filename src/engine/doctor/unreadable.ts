import { StoreFailed, describeFailure } from '../store.ts';

/** Why something could not be read; a full disk for the scratch file, and what is a bug, goes on. */
export const unreadable = (cause: unknown): string => {
  if (!(cause instanceof StoreFailed) || cause.failure.type === 'StoreFull') throw cause;
  const { failure } = cause;
  return 'reason' in failure ? failure.reason : describeFailure(failure);
};
