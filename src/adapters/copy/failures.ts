import type { Envelope } from '../../engine/store.ts';

/** Why a log is not copied; the target stays as it is. */
export type CopyFailure =
  /** The target holds something that the source does not have there. */
  | {
      readonly type: 'TargetDiffers';
      readonly store: string;
      readonly reason: string;
      readonly remedy: string;
    }
  /** A log is not as it was written, or there is none. */
  | {
      readonly type: 'LogDamaged';
      readonly store: string;
      readonly reason: string;
      readonly remedy: string;
    };

/** A `CopyFailure` on its way through a promise. */
export class CopyFailed extends Error {
  override readonly name = 'CopyFailed';
  readonly failure: CopyFailure;
  constructor(failure: CopyFailure) {
    super(`${failure.type}: ${failure.store}: ${failure.reason}; ${failure.remedy}`);
    this.failure = failure;
  }
}

/** An event by its place, for people. */
export const nameOf = ({ stream, revision }: Envelope): string =>
  `revision ${revision} of ${stream}`;

/** The failure of a target that is not, or does not become, what the source is. */
export const differs = (store: string, reason: string): CopyFailed =>
  new CopyFailed({
    type: 'TargetDiffers',
    store,
    reason,
    remedy: 'name a new store, or one that holds a beginning of this log',
  });

/** The failure of a log that cannot be copied, or copied onto, as it is. */
export const damaged = (store: string, reason: string): CopyFailed =>
  new CopyFailed({
    type: 'LogDamaged',
    store,
    reason,
    remedy: '`chancery doctor` names what else is not right',
  });
