import { readAnchorFile } from '../../adapters/anchor-file.ts';
import { nativeFirst } from '../../adapters/native-ed25519.ts';
import { nativeSha256 } from '../../adapters/native-sha256.ts';
import type { Anchored } from '../../domain/shared/anchor.ts';
import { E } from '../../engine/fp.ts';
import { describeFailure } from '../../engine/store.ts';
import { describeFault } from '../../proof/fault.ts';
import type { Verified } from '../../proof/log-walk.ts';
import { verifyLog, type Verification } from '../../proof/verify-log.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { orFailing } from '../open.ts';
import type { Output } from '../output.ts';
import type { Place } from '../place.ts';
import { openedLog } from '../proof/opened-log.ts';
import { resumeFile } from '../proof/resume-file.ts';
import { stopRequest } from '../stop-request.ts';

export type VerifyFlags = {
  readonly anchor?: string;
  readonly key?: string;
  /** A file in which a verification that was interrupted says how far it came. */
  readonly resume?: string;
};

const anchoredIn = async (path: string | undefined): Promise<readonly Anchored[]> => {
  if (path === undefined) return [];
  const read = await readAnchorFile(path)();
  if (E.isRight(read)) return read.right;
  throw new CliError(describeFailure(read.left), exitCodes.wrongUsage);
};

const KEY_BESIDE_THE_LOG =
  'the key was taken from the log itself: that proves nothing against whoever owns its folder; name the key that you trust with --key';

const describe = ({ events, proven, unproven, checkpoints, fault }: Verification): string => {
  const counted = `${events} events, ${proven} proven by ${checkpoints} checkpoints, ${unproven} unproven`;
  return fault === undefined ? counted : `${describeFault(fault)}\n${counted}, before the fault`;
};

/** How often the place that was reached is stored, in pages of 512 events. */
const PAGES_BETWEEN = 200;

/** `chancery verify`: whether the log is what was signed, and the first place where it is not. */
export const verify = (place: Place, flags: VerifyFlags, output: Output): Promise<ExitCode> =>
  orFailing(async () => {
    const anchored = await anchoredIn(flags.anchor);
    const resume = flags.resume === undefined ? undefined : resumeFile(flags.resume);
    const from = await resume?.read();
    const log = await openedLog(place);
    const stop = stopRequest();
    try {
      const { check } = nativeFirst();
      const { key } = flags;
      const run = verifyLog({ log, sha256: nativeSha256, check, key, anchored, from });
      let reached: Verified | undefined;
      for (let pages = 1; ; pages += 1) {
        const next = await run.next();
        if (next.done === true) {
          await resume?.remove();
          return told(next.value, output);
        }
        reached = next.value;
        output.progress(`verified ${reached.frontier.size} events`);
        // Signals are heard between two pages.
        await new Promise((resolve) => setImmediate(resolve));
        if (stop.isRequested()) break;
        if (pages % PAGES_BETWEEN === 0) await resume?.write(reached);
      }
      await resume?.write(reached);
      const how =
        resume === undefined ? 'with --resume FILE it could go on' : 'run it again to go on';
      output.notice(`stopped after ${reached.frontier.size} events; ${how}`);
      return exitCodes.notRight;
    } finally {
      stop.release();
      log.close();
    }
  });

const told = (found: Verification, output: Output): ExitCode => {
  output.endProgress();
  output.item(found, () => describe(found));
  if (found.trust === 'log' && found.checkpoints > 0) output.notice(KEY_BESIDE_THE_LOG);
  return found.fault === undefined ? exitCodes.done : exitCodes.notRight;
};
