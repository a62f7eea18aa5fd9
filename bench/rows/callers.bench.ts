import { freshFile } from '../harness/files.ts';
import { compared, finely, inTurns, rate } from '../harness/rounds.ts';
import { atLeast, none, shared, sized, type Row } from '../harness/row.ts';
import { bareInserts, insertMany } from '../subjects/bare-inserts.ts';
import { CALLERS, crowd, openDesk } from '../subjects/ticket-desk.ts';

type Round = { readonly acknowledged: number; readonly caughtUp: number; readonly failed: number };

const measured = shared(async (run) => {
  const each = sized(run, 5, 20);
  const desk = await openDesk(freshFile(run, 'callers'));
  const bare = bareInserts(freshFile(run, 'bare'));
  const subject = async (): Promise<Round> => {
    const begin = performance.now();
    const { done, failed } = await crowd(CALLERS, each, desk.open);
    const acknowledged = (done / (performance.now() - begin)) * 1000;
    await desk.caughtUp();
    return { acknowledged, caughtUp: (done / (performance.now() - begin)) * 1000, failed };
  };
  const inserts = sized(run, 50, 300);
  const baseline = async (): Promise<Round> => {
    const inserted = await rate(() => insertMany(bare, inserts));
    return { acknowledged: inserted, caughtUp: inserted, failed: 0 };
  };
  try {
    return await inTurns(finely(run).rounds, { subject, baseline });
  } finally {
    bare.close();
    await desk.engine.close();
  }
});

const baseline = 'bare one-insert transactions';
const ofRounds = (rounds: readonly Round[], what: keyof Round) => rounds.map((one) => one[what]);

/** 64 callers at once, each of whom waits for each answer. */
export const callersRows: readonly Row[] = [
  {
    name: '64 callers at once, acknowledged',
    unit: '/s',
    target: atLeast(5),
    baseline,
    measure: async (run) => {
      const taken = await measured(run);
      return compared(
        ofRounds(taken.subject, 'acknowledged'),
        ofRounds(taken.baseline, 'acknowledged'),
      );
    },
  },
  {
    name: '64 callers at once, read models caught up',
    unit: '/s',
    target: atLeast(2.5),
    baseline,
    measure: async (run) => {
      const taken = await measured(run);
      return compared(ofRounds(taken.subject, 'caughtUp'), ofRounds(taken.baseline, 'caughtUp'));
    },
  },
  {
    name: '64 callers at once, failures',
    unit: '',
    target: none,
    baseline: '',
    measure: async (run) => {
      const failures = ofRounds((await measured(run)).subject, 'failed');
      return { value: failures.reduce((sum, failed) => sum + failed, 0) };
    },
  },
];
