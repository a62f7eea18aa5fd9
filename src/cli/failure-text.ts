import { EngineFailed } from '../engine/run/engine.ts';
import { StoreFailed, describeFailure } from '../engine/store.ts';

/** What the engine or its store can fail by. */
export type Failure = EngineFailed['failure'] | StoreFailed['failure'];

/** The failure that something thrown stands for; undefined: it is a bug. */
export const failureIn = (cause: unknown): Failure | undefined =>
  cause instanceof EngineFailed || cause instanceof StoreFailed ? cause.failure : undefined;

/** What has failed and what to do about it, in one line for people; the failure's type is not in it. */
export const failureReason = (failure: Failure): string => {
  if (failure.type === 'StoreLocked') {
    return `${failure.path} is held by ${failure.holder}; wait for it or end it: only looking is possible beside it`;
  }
  if (failure.type === 'StoreTooNew') {
    const { path, found, supported } = failure;
    return `${path} has schema version ${found}, this chancery knows up to ${supported}; install a newer chancery`;
  }
  if (failure.type === 'WrongClock') {
    const { store, recorded, asked, remedy } = failure;
    return `${store} lives by ${recorded}, not by ${asked}; ${remedy}`;
  }
  if (failure.type === 'WrongInstance') {
    const { store, recorded, asked } = failure;
    return `${store} is instance ${recorded}, not ${asked}; leave --instance out, or name another --data directory`;
  }
  if ('path' in failure && 'reason' in failure && 'remedy' in failure) {
    return `${failure.path}: ${failure.reason}; ${failure.remedy}`;
  }
  const text = describeFailure(failure);
  return text.startsWith(`${failure.type}: `) ? text.slice(failure.type.length + 2) : text;
};
