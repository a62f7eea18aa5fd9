import { StoreFailed, type Position } from '../../engine/store.ts';
import type { Address } from './address.ts';
import type { Client } from './library.ts';
import type { Own } from './own-events.ts';
import { comparePairs, positionPair, positionText, START, type LogPosition } from './position.ts';
import { readLogBackwards } from './reads.ts';
import type { Recorded } from './wire.ts';

/** How the log ends: with an event of ours, and with any event at all; undefined: there is none. */
export type Ends = {
  readonly own: LogPosition | undefined;
  readonly newest: LogPosition | undefined;
};

/** Finds the ends of the log. */
export type LogEnds = (client: Client, signal: AbortSignal) => Promise<Ends>;

/** Events that are looked at in the first steps backwards, and in all further ones. */
const STEPS = [1, 32];
const LAST_STEP = 512;

const NOTHING: Ends = { own: undefined, newest: undefined };

const isAfter = (a: LogPosition | undefined, b: LogPosition | undefined): boolean =>
  a !== undefined && (b === undefined || comparePairs(a, b) > 0);

type Read = (before: LogPosition | 'end', limit: number) => ReturnType<typeof readLogBackwards>;

/** Looks backwards from the end for an event of ours, no further than what was looked at before. */
const searched = async ({ isOurs }: Own, read: Read, before: Ends): Promise<Ends> => {
  let known = before;
  let newest: LogPosition | undefined;
  let from: LogPosition | 'end' = 'end';
  for (let step = 0; ; step += 1) {
    const limit = STEPS[step] ?? LAST_STEP;
    const page: readonly Recorded[] = (await read(from, limit)).flatMap(({ event }) => event ?? []);
    newest ??= page[0]?.position;
    // In a log that went back what is remembered is not there.
    if (isAfter(known.newest, newest)) known = NOTHING;
    const found = page.find(isOurs)?.position;
    if (found !== undefined) return { newest, own: found };
    const last: LogPosition | undefined = page.at(-1)?.position;
    if (last === undefined || page.length < limit || !isAfter(last, known.newest)) {
      return { newest, own: known.own };
    }
    from = last;
  }
};

/** What is newer than what was seen the last time is looked through backwards for an event of ours. */
export const logEnds = (own: Own): LogEnds => {
  let seen = NOTHING;
  return async (client, signal) => {
    const before = seen;
    const ends = await searched(
      own,
      (from, limit) => readLogBackwards(client, from, limit, signal),
      before,
    );
    // Of those who look at once the last one may have looked first.
    if (seen === before || isAfter(ends.newest, seen.newest)) seen = ends;
    return ends;
  };
};

/** Throws where a position lies beyond the log: the server would say nothing, and hold back all that is new. */
export const refuseBeyond = ({ name }: Address, position: Position, { newest }: Ends): void => {
  if (position === START) return;
  if (newest !== undefined && comparePairs(positionPair(position), newest) <= 0) return;
  throw new StoreFailed({
    type: 'StoreWentBack',
    path: name,
    stored: position,
    head: newest === undefined ? undefined : positionText(newest),
    remedy:
      'restore the newer backup, or name an empty place for the read models, where all is built anew',
  });
};
