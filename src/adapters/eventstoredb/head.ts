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

/** What is known of the end of a log, and, where a search broke off, before which position it is to go on. */
type Known = Ends & { readonly rest: LogPosition | undefined };

const NOTHING: Known = { own: undefined, newest: undefined, rest: undefined };

const isAfter = (a: LogPosition | undefined, b: LogPosition | undefined): boolean =>
  a !== undefined && (b === undefined || comparePairs(a, b) > 0);

const placeOf = (event: Recorded | undefined): LogPosition | undefined => event?.position;

type Read = (before: LogPosition | 'end', limit: number) => ReturnType<typeof readLogBackwards>;

/**
 * Looks backwards from the end for an event of ours, no further than what was looked at before, and where an earlier search broke off
 * behind that. `kept` is told how far it has come: a log may hold more events of others than one attempt can look at.
 */
const searched = async (
  { isOurs }: Own,
  read: Read,
  before: Known,
  kept: (known: Known) => void,
): Promise<Ends> => {
  let known = before;
  let newest: LogPosition | undefined;
  let from: LogPosition | 'end' = 'end';
  for (let step = 0; ; step += 1) {
    const limit = STEPS[step] ?? LAST_STEP;
    const page: readonly Recorded[] = (await read(from, limit)).flatMap(({ event }) => event ?? []);
    newest ??= placeOf(page[0]);
    // In a log that went back what is remembered is not there.
    if (isAfter(known.newest, newest)) known = NOTHING;
    const found = placeOf(page.find(isOurs));
    if (found !== undefined) return { newest, own: found };
    const last: LogPosition | undefined = placeOf(page.at(-1));
    if (last === undefined || page.length < limit) return { newest, own: known.own };
    from = last;
    if (!isAfter(last, known.newest)) {
      if (known.rest === undefined) return { newest, own: known.own };
      if (isAfter(last, known.rest)) from = known.rest;
      known = NOTHING;
      step = STEPS.length;
    }
    if (known.newest === undefined) kept({ newest, own: undefined, rest: from });
  }
};

/** What is newer than what was seen the last time is looked through backwards for an event of ours. */
export const logEnds = (own: Own): LogEnds => {
  let seen = NOTHING;
  return async (client, signal) => {
    let mine = seen;
    const keep = (known: Known): void => {
      // Of those who look at once the last one may have looked first.
      if (seen !== mine && !isAfter(known.newest, seen.newest)) return;
      seen = known;
      mine = known;
    };
    const ends = await searched(
      own,
      (from, limit) => readLogBackwards(client, from, limit, signal),
      seen,
      keep,
    );
    keep({ ...ends, rest: undefined });
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
