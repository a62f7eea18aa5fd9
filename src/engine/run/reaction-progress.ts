import {
  BehaviorSubject,
  Subject,
  exhaustMap,
  map,
  repeat,
  takeUntil,
  takeWhile,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Clock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import { deadLetterAdded, type DeadLetter } from './dead-letters.ts';
import { E } from '../fp.ts';
import { passing } from './passing.ts';
import type { Checkpoint, RowChange, RowStore } from '../rows.ts';
import type { Envelope, Position } from '../store.ts';

/** An event that a reaction has been handed, and whether its work is done. */
type Work = { readonly envelope: Envelope; isFinished: boolean };

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
  const book = workBook(reaction, rows);
  const unfinished = new BehaviorSubject(0);
  const counted = (): void => unfinished.next(book.works.length);
  const { save, passed, stop } = saving(book, counted, scheduler);
  return {
    from: book.from,
    wasFinished: ({ id }) => orFailed(rows.get(FINISHED, keyOf(reaction, id))) !== undefined,
    begin: (envelope, isFinished) => {
      const work = book.begin(envelope, isFinished);
      counted();
      return work;
    },
    end: (work, letter) => {
      book.end(work, letter);
      save();
    },
    read: (position) => {
      book.read(position);
      if (book.works.length === 0) passed(position);
      else if (book.works[0]?.isFinished === true) save();
    },
    unfinished,
    stop,
  };
};

/** Stores what a book notes, again and again where the store fails, and once more at the end. */
const saving = (book: WorkBook, saved: () => void, scheduler: SchedulerLike) => {
  const stopped = new Subject<void>();
  const failed = new Subject<void>();
  // Nothing is unfinished then: what is stored is how far the log was read.
  const unstored = passing(() => book.save());
  let isSaved = true;
  const attempt = (): boolean => {
    isSaved = book.save();
    if (!isSaved) return false;
    unstored.overtaken();
    saved();
    return true;
  };
  // However often it fails meanwhile, one timer waits.
  const again = () =>
    timer(TRY_AGAIN_MS, scheduler).pipe(
      map(attempt),
      repeat(),
      takeWhile((isDone) => !isDone),
    );
  failed.pipe(exhaustMap(again), takeUntil(stopped)).subscribe();
  return {
    save: (): void => {
      if (!attempt()) failed.next();
    },
    passed: unstored.passed,
    stop: (): void => {
      stopped.next();
      if (isSaved) unstored.flush();
      else book.save();
    },
  };
};

const consumerOf = (reaction: string): string => `reaction:${reaction}`;

/** How far a reaction has come in this process and those before it. */
export const progressStored = (reaction: string, rows: RowStore): Checkpoint | undefined =>
  orFailed(rows.checkpoint(consumerOf(reaction)));

/** The works of a reaction in their order, and what of them is not stored yet. */
type WorkBook = ReturnType<typeof workBook>;
const workBook = (reaction: string, rows: RowStore) => {
  const consumer = consumerOf(reaction);
  const stored = progressStored(reaction, rows);
  const works: Work[] = [];
  let unsaved: RowChange[] = [];
  let handedOver = stored?.position;
  let events = stored?.events ?? 0;
  return {
    works,
    from: stored?.position,
    begin: (envelope: Envelope, isFinished: boolean): Work => {
      const work = { envelope, isFinished };
      works.push(work);
      handedOver = envelope.position;
      return work;
    },
    end: (work: Work, letter: DeadLetter | undefined): void => {
      work.isFinished = true;
      if (letter !== undefined) unsaved.push(deadLetterAdded(letter));
      if (works[0] !== work) unsaved.push(mark(reaction, work, true));
    },
    read: (position: Position): void => {
      handedOver = position;
    },
    /** Stores all that has been noted, in one transaction; false: the store failed. */
    save: (): boolean => {
      const open = works.findIndex((work) => !work.isFinished);
      const done = works.slice(0, open < 0 ? works.length : open);
      const position = open < 0 ? handedOver : done.at(-1)?.envelope.position;
      const saved = rows.commit({
        changes: [...unsaved, ...done.map((work) => mark(reaction, work, undefined))],
        ...checkpointAt(consumer, position, events + done.length),
      });
      if (E.isLeft(saved)) return false;
      works.splice(0, done.length);
      unsaved = [];
      events += done.length;
      return true;
    },
  };
};

const mark = (reaction: string, { envelope }: Work, row: true | undefined): RowChange => ({
  table: FINISHED,
  key: keyOf(reaction, envelope.id),
  row,
  entries: [],
});

const keyOf = (reaction: string, event: string): string => `${reaction}\u0001${event}`;

const checkpointAt = (consumer: string, position: Position | undefined, events: number) =>
  position === undefined
    ? {}
    : { checkpoint: { consumer, value: { position, events, digest: '' } } };
