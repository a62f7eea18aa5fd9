import { BehaviorSubject, Subject, exhaustMap, takeUntil, timer, type Observable } from 'rxjs';
import type { Clock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import { deadLetterAdded, type DeadLetter } from './dead-letters.ts';
import { E } from '../fp.ts';
import type { RowChange, RowStore } from '../rows.ts';
import type { Envelope, Position } from '../store.ts';

/** An event that a reaction has been handed, and whether its work is done. */
export type Work = { readonly envelope: Envelope; isFinished: boolean };

/** How far a reaction has come: stored up to its first unfinished event; what is finished above that is remembered by its id. */
export type Progress = {
  /** Where the stored progress ends; undefined: nothing has been finished. */
  readonly from: Position | undefined;
  /** Whether an event's work was finished before a restart. */
  readonly wasFinished: (envelope: Envelope) => boolean;
  /** Notes that an event is handed over. */
  readonly begin: (envelope: Envelope, isFinished: boolean) => Work;
  /** Notes that an event's work has ended, well or with a letter. */
  readonly end: (work: Work, letter: DeadLetter | undefined) => void;
  /** Notes that every event up to a position has been handed over. */
  readonly read: (position: Position) => void;
  /** How many events have been handed over and are not stored as finished. */
  readonly unfinished: Observable<number> & { readonly value: number };
  readonly stop: () => void;
};

const FINISHED = 'reactionsFinished';

/** The pause after a failure of the store, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

export const progressOf = (
  reaction: string,
  rows: RowStore,
  { scheduler }: Pick<Clock, 'scheduler'>,
): Progress => {
  const consumer = `reaction:${reaction}`;
  const stored = orFailed(rows.checkpoint(consumer));
  const unfinished = new BehaviorSubject(0);
  const stopped = new Subject<void>();
  const works: Work[] = [];
  let unsaved: RowChange[] = [];
  let handedOver = stored?.position;
  let events = stored?.events ?? 0;

  const mark = ({ id }: Envelope, row: true | undefined): RowChange => ({
    table: FINISHED,
    key: keyOf(reaction, id),
    row,
    entries: [],
  });

  // However often it fails meanwhile, one timer waits.
  const saveLater = new Subject<void>();
  saveLater
    .pipe(
      exhaustMap(() => timer(TRY_AGAIN_MS, scheduler)),
      takeUntil(stopped),
    )
    .subscribe(() => save());

  /** Stores all that has been noted, in one transaction; where the store fails, again after a pause. */
  const save = (): void => {
    const open = works.findIndex((work) => !work.isFinished);
    const done = works.slice(0, open < 0 ? works.length : open);
    const position = open < 0 ? handedOver : done.at(-1)?.envelope.position;
    const value = { position, events: events + done.length, digest: '' };
    const saved = rows.commit({
      changes: [...unsaved, ...done.map(({ envelope }) => mark(envelope, undefined))],
      ...(isPlaced(value) ? { checkpoint: { consumer, value } } : {}),
    });
    if (E.isLeft(saved)) return saveLater.next();
    works.splice(0, done.length);
    unsaved = [];
    events += done.length;
    unfinished.next(works.length);
  };

  return {
    from: stored?.position,
    wasFinished: ({ id }) => orFailed(rows.get(FINISHED, keyOf(reaction, id))) !== undefined,
    begin: (envelope, isFinished) => {
      const work = { envelope, isFinished };
      works.push(work);
      handedOver = envelope.position;
      unfinished.next(works.length);
      return work;
    },
    end: (work, letter) => {
      work.isFinished = true;
      if (letter !== undefined) unsaved.push(deadLetterAdded(letter));
      if (works[0] !== work) unsaved.push(mark(work.envelope, true));
      save();
    },
    read: (position) => {
      handedOver = position;
      if (works.length === 0 || works[0]?.isFinished === true) save();
    },
    unfinished,
    stop: () => stopped.next(),
  };
};

const keyOf = (reaction: string, event: string): string => `${reaction}\u0001${event}`;

const isPlaced = <V extends { readonly position: Position | undefined }>(
  value: V,
): value is V & { readonly position: Position } => value.position !== undefined;
