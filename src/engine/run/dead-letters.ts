import type { Instant } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { KeyedRow, RowChange, RowStore } from '../rows.ts';
import type { Envelope } from '../store.ts';

/** Work that finally failed: which reaction, because of which event, what it tried to send, and why it did not work. */
export type DeadLetter = {
  readonly reaction: string;
  readonly event: Envelope;
  readonly command?: { readonly stream: string; readonly type: string };
  readonly cause: string;
  readonly at: Instant;
  readonly attempts: number;
};

/** The table of dead letters. */
export const DEAD_LETTERS = 'deadLetters';

/** The key of a letter, wherever it lies. */
export const deadLetterKey = (reaction: string, { position }: Envelope): string =>
  `${reaction}\u0001${position.padStart(20, '0')}`;

export const deadLetterAdded = (letter: DeadLetter): RowChange => ({
  table: DEAD_LETTERS,
  key: deadLetterKey(letter.reaction, letter.event),
  row: letter,
  entries: [],
});

export const deadLetterGone = (key: string): RowChange => ({
  table: DEAD_LETTERS,
  key,
  row: undefined,
  entries: [],
});

export const deadLetters = (
  rows: RowStore,
  limit: number,
  after?: string,
): readonly KeyedRow<DeadLetter>[] =>
  orFailed(
    rows.page(DEAD_LETTERS, after === undefined ? { limit } : { limit, after }),
  ) as readonly KeyedRow<DeadLetter>[];

export const deadLetter = (rows: RowStore, key: string): DeadLetter | undefined =>
  orFailed(rows.get(DEAD_LETTERS, key)) as DeadLetter | undefined;
