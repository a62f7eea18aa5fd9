import { nativeEventHash } from '../../adapters/event-hash.ts';
import { nativeSha256 } from '../../adapters/native-sha256.ts';
import { sqliteScratch } from '../../adapters/sqlite/scratch.ts';
import type { Instant } from '../../engine/clock.ts';
import { examine, type Examined } from '../../engine/doctor/doctor.ts';
import { describeFinding } from '../../engine/doctor/finding.ts';
import { instanceOf } from '../../engine/inspected-instance.ts';
import type { Inspection } from '../../engine/inspection.ts';
import { subsystems } from '../../subsystems.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { inspecting, reading } from '../open.ts';
import type { Place } from '../place.ts';
import { inline, type Output } from '../output.ts';

/** When the doctor comes: now, or, where time is virtual or unknown, where the log ends. */
const visitOf =
  (inspection: Inspection) =>
  (latest: Instant): Instant => {
    const isWall = instanceOf(inspection)?.clock === 'wall';
    return isWall ? Math.max(latest, Date.now()) : latest;
  };

const describe = (
  { events, streams, rows }: Pick<Examined, 'events' | 'streams' | 'rows'>,
  findings: number,
): string => {
  const found = findings === 0 ? 'all is right' : `${findings} not right`;
  return `${events} events in ${streams} streams, ${rows} rows: ${found}`;
};

/** `chancery doctor`: whether a store is as it was written, and what waits for somebody. */
export const doctor = (place: Place, output: Output): Promise<ExitCode> =>
  inspecting(place, reading('doctor', output), async (inspection) => {
    const scratch = sqliteScratch();
    try {
      const examination = examine({
        inspection,
        scratch,
        subsystems,
        now: visitOf(inspection),
        sha256: nativeSha256,
        eventHash: nativeEventHash,
        stage: (what) => output.progress(`doctor: ${what}`),
      });
      let findings = 0;
      let next = examination.next();
      for (; next.done !== true && !output.isUnread(); next = examination.next()) {
        const finding = next.value;
        findings += 1;
        output.endProgress();
        output.item(finding, () => inline(describeFinding(finding)));
        // What has been found is on its way before the next is looked for.
        await new Promise((resolve) => setImmediate(resolve));
      }
      output.endProgress();
      if (next.done !== true) return exitCodes.notRight;
      const { head = '0', events, streams, rows } = next.value;
      const summary = { events, streams, rows, head, findings };
      output.item(summary, () => describe(summary, findings));
      return findings === 0 ? exitCodes.done : exitCodes.notRight;
    } finally {
      scratch.close();
    }
  });
