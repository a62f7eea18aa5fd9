import * as t from 'io-ts';
import { E } from '../../engine/fp.ts';
import { nativeEventHash } from '../event-hash.ts';

/** The version of the format that this code writes, and the newest that it reads. */
export const ARCHIVE_VERSION = 1;

/** What has kept an archive from being written or read; lines count from 1. */
export type ArchiveFailure =
  | {
      readonly type: 'ArchiveDamaged';
      readonly path: string;
      readonly line: number;
      readonly reason: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'ArchiveTooNew';
      readonly path: string;
      readonly line: number;
      readonly found: number;
      readonly supported: number;
    }
  | {
      readonly type: 'ArchiveUnavailable' | 'NoSuchPosition';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    };

/** An `ArchiveFailure` on its way through a promise. */
export class ArchiveFailed extends Error {
  override readonly name = 'ArchiveFailed';
  readonly failure: ArchiveFailure;
  constructor(failure: ArchiveFailure) {
    super(failure.type);
    this.failure = failure;
  }
}

/** The first line: which instance the events are of, where they end, and how far each reaction had come by then. */
const Header = t.readonly(
  t.type({
    archive: t.literal('chancery'),
    version: t.number,
    instance: t.string,
    clock: t.keyof({ wall: null, virtual: null }),
    until: t.string,
    reactions: t.readonly(t.record(t.string, t.string)),
  }),
);
export type ArchiveHeader = t.TypeOf<typeof Header>;

/** A line between: an event with the texts that its hash covers. */
const Event = t.readonly(
  t.type({
    position: t.string,
    stream: t.string,
    revision: t.number,
    id: t.string,
    type: t.string,
    version: t.number,
    hash: t.string,
    metadata: t.string,
    data: t.string,
  }),
);
export type ArchivedEvent = t.TypeOf<typeof Event>;

/** The last line: how many events there are, and the SHA-256 of all bytes before this line. */
const Trailer = t.readonly(t.type({ events: t.number, digest: t.string }));
export type ArchiveTrailer = t.TypeOf<typeof Trailer>;

/** A line's text; there is one text for each value, so that no byte of a line can be another. */
export const headerText = (header: ArchiveHeader): string => {
  const { version, instance, clock, until, reactions } = header;
  return JSON.stringify({ archive: 'chancery', version, instance, clock, until, reactions });
};

export const eventText = (event: ArchivedEvent): string => {
  const { position, stream, revision, id, type, version, hash, metadata, data } = event;
  return JSON.stringify({ position, stream, revision, id, type, version, hash, metadata, data });
};

export const trailerText = ({ events, digest }: ArchiveTrailer): string =>
  JSON.stringify({ events, digest });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const reader =
  <A>(codec: t.Type<A>, textOf: (value: A) => string) =>
  (text: string): A | undefined => {
    const decoded = codec.decode(parsed(text));
    return E.isRight(decoded) && textOf(decoded.right) === text ? decoded.right : undefined;
  };

/** What a line says; undefined: it is not of this kind, or not to the byte as it was written. */
export const trailerIn = reader(Trailer, trailerText);
export const eventIn = reader(Event, eventText);
export const headerIn = reader(Header, headerText);

/** The version that a first line claims; undefined: it is no archive's. */
export const versionIn = (text: string): number | undefined => {
  const decoded = t
    .type({ archive: t.literal('chancery'), version: t.number })
    .decode(parsed(text));
  return E.isRight(decoded) ? decoded.right.version : undefined;
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Whether an event's texts are those its hash was made of. */
export const isUnaltered = (event: ArchivedEvent): boolean =>
  isCount(event.revision) && isCount(event.version) && nativeEventHash(event) === event.hash;
