import { StoreFailed, type Envelope, type StreamName } from '../../engine/store.ts';
import { isMetadata } from '../append-rules.ts';
import { freezeDeep } from '../../engine/frozen-json.ts';
import { corrupt } from './failures.ts';

/** A row of the table `events`; its columns are typed by SQLite itself (STRICT), unless the file is damaged. */
export type EventRow = {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly hash: string;
  readonly metadata: string;
  readonly data: string;
};

/** The columns of an `EventRow`. */
export const EVENT_COLUMNS = 'position, stream, revision, id, type, version, hash, metadata, data';

/** Whether a text names a stream. */
export const isStreamName = (name: string): name is StreamName => name.includes('-');

const TEXTS = ['stream', 'id', 'type', 'hash', 'metadata', 'data'] as const;
const NUMBERS = ['position', 'revision', 'version'] as const;
const isWhole = (row: EventRow): boolean =>
  TEXTS.every((column) => typeof row[column] === 'string') &&
  NUMBERS.every((column) => typeof row[column] === 'number');

const parsed = (text: string): unknown => {
  try {
    return freezeDeep(JSON.parse(text));
  } catch {
    return undefined; // no JSON text stands for undefined
  }
};

const noEvent = ({ revision, stream, position }: EventRow, path: string): StoreFailed =>
  new StoreFailed(
    corrupt(path, `revision ${revision} of ${stream} (position ${position}) is no event`),
  );

/** The envelope of a stored row, frozen. Throws `StoreFailed` with the event's place where the file does not hold what was written. */
export const envelopeOf = (row: EventRow, path: string): Envelope => {
  const { stream, revision, id, type, version, hash } = row;
  if (!isWhole(row)) throw noEvent(row, path);
  const metadata = parsed(row.metadata);
  const data = parsed(row.data);
  if (!isStreamName(stream) || !isMetadata(metadata) || data === undefined) {
    throw noEvent(row, path);
  }
  const position = `${row.position}`;
  return Object.freeze({ id, type, version, data, metadata, stream, revision, position, hash });
};

/** What rows and envelopes weigh in memory, roughly: the length of their texts. */
export const weightOf = (row: { readonly metadata: string; readonly data: string }): number =>
  row.metadata.length + row.data.length;
