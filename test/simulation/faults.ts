import type { StoreFailure } from '../../src/engine/store.ts';
import type { Chance } from '../oracle/chance.ts';

/** What becomes of a write: it happens; it fails, and is there or not; or the process dies, before it or after it. */
export type Fate = 'done' | 'refused' | 'lost' | 'diesBefore' | 'diesAfter';

/** What a world does to its engines. Everything follows from the seed. */
export type Faults = {
  /** From now on nothing goes wrong any more. */
  readonly stop: () => void;
  readonly fillDisk: (isFull: boolean) => void;
  readonly ofAppend: () => Fate;
  readonly ofCommit: () => Fate;
  /** What becomes of a call to the outside world. */
  readonly ofEffect: () => Exclude<Fate, 'diesBefore' | 'diesAfter'>;
  readonly ofRead: () => 'done' | 'refused';
  /** Whether a page's subscription ends with a failure instead. */
  readonly ofPage: () => 'done' | 'refused' | 'again';
  readonly isLate: () => boolean;
  readonly pageSize: () => number;
  readonly failure: () => StoreFailure;
};

const unavailable: StoreFailure = {
  type: 'StoreUnavailable',
  path: 'simulated',
  reason: 'the seed wants it',
  remedy: 'none',
};
const full: StoreFailure = { ...unavailable, type: 'StoreFull', reason: 'the disk is full' };

/** Failures in a thousand; a calm world has none, and finds what crowds alone bring about. */
const tempers = [
  { refused: 0, lost: 0, dies: 0, late: 0 },
  { refused: 5, lost: 5, dies: 1, late: 20 },
  { refused: 40, lost: 20, dies: 3, late: 100 },
  { refused: 0, lost: 60, dies: 0, late: 50 },
  { refused: 120, lost: 60, dies: 6, late: 250 },
];

export const faultsOf = (chance: Chance): Faults => {
  const temper = chance.pick(tempers);
  const largest = chance.pick([1, 2, 5, 50]);
  let [isOn, isFull] = [true, false];
  const happens = (permille: number): boolean =>
    isOn && permille > 0 && chance.int(1, 1_000) <= permille;
  const ofWrite = (): Fate => {
    if (isOn && isFull) return 'refused';
    if (happens(temper.refused)) return 'refused';
    if (happens(temper.lost)) return 'lost';
    if (happens(temper.dies)) return chance.pick(['diesBefore', 'diesAfter'] as const);
    return 'done';
  };
  return {
    stop: () => {
      isOn = false;
    },
    fillDisk: (value) => {
      isFull = value;
    },
    ofAppend: ofWrite,
    ofCommit: ofWrite,
    ofEffect: () => {
      if (happens(temper.refused)) return 'refused';
      return happens(temper.lost) ? 'lost' : 'done';
    },
    ofRead: () => (happens(temper.refused / 4) ? 'refused' : 'done'),
    ofPage: () => {
      if (happens(temper.refused)) return 'refused';
      return happens(temper.lost) ? 'again' : 'done';
    },
    isLate: () => happens(temper.late),
    pageSize: () => (isOn ? chance.int(1, largest) : 500),
    failure: () => (isFull ? full : unavailable),
  };
};
