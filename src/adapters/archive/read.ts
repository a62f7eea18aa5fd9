import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  ARCHIVE_VERSION,
  ArchiveFailed,
  eventIn,
  headerIn,
  isUnaltered,
  trailerIn,
  versionIn,
  type ArchivedEvent,
  type ArchiveHeader,
  type ArchiveTrailer,
} from './format.ts';

/** A line of an archive that is as it was written. */
export type ArchiveLine = { readonly line: number } & (
  | { readonly header: ArchiveHeader }
  | { readonly event: ArchivedEvent }
  | { readonly trailer: ArchiveTrailer }
);

/** No event's line is longer: an append has at most 1 MiB, of which no character is spelt with more than six. */
const LONGEST_LINE = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The failure of an archive that is not as it was written. */
export const damaged = (path: string, line: number, reason: string): ArchiveFailed =>
  new ArchiveFailed({
    type: 'ArchiveDamaged',
    path,
    line,
    reason,
    remedy: 'take the archive again, or another copy of it',
  });

type Line = { readonly line: number; readonly bytes: Buffer; readonly text: string };

async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  const input: AsyncIterable<Buffer> = createReadStream(path);
  for await (const chunk of input) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const bytes = rest.subarray(0, end + 1);
      line += 1;
      if (!isUtf8(bytes)) throw damaged(path, line, 'it is not UTF-8');
      yield { line, bytes, text: bytes.toString('utf8', 0, end) };
      rest = rest.subarray(end + 1);
    }
    if (rest.length > LONGEST_LINE) throw damaged(path, line + 1, 'it does not end');
  }
  if (rest.length > 0) throw damaged(path, line + 1, 'it is cut short');
}

const headerOf = (path: string, text: string): ArchiveHeader => {
  const version = versionIn(text);
  if (version === undefined) throw damaged(path, 1, 'it is not the first line of an archive');
  if (version > ARCHIVE_VERSION) {
    const supported = ARCHIVE_VERSION;
    throw new ArchiveFailed({ type: 'ArchiveTooNew', path, line: 1, found: version, supported });
  }
  const header = headerIn(text);
  if (header === undefined) throw damaged(path, 1, 'it is not as it was written');
  return header;
};

const eventOf = (path: string, line: number, text: string): ArchivedEvent => {
  const event = eventIn(text);
  if (event === undefined) throw damaged(path, line, 'it is no event as it was written');
  if (isUnaltered(event)) {
    if (event.position === `${line - 1}`) return event;
    throw damaged(path, line, `position ${event.position} stands where ${line - 1} belongs`);
  }
  const reason = `revision ${event.revision} of ${event.stream} is not what was written`;
  throw damaged(path, line, reason);
};

/** Refuses a last line that does not fit what stands before it. */
const checkEnd = (
  path: string,
  line: number,
  trailer: ArchiveTrailer,
  { until }: ArchiveHeader,
  digest: string,
): void => {
  const events = line - 2;
  if (trailer.events !== events) {
    throw damaged(path, line, `it counts ${trailer.events} events, but there are ${events}`);
  }
  if (trailer.digest !== digest) {
    throw damaged(path, line, `lines 1 to ${line - 1} have the digest ${digest}, not its own`);
  }
  if (until !== `${events}`) {
    throw damaged(path, 1, `it says that the events end at ${until}; they end at ${events}`);
  }
};

/**
 * The lines of an archive, each held against its hash, and at the end all against their digest. Rejects with `ArchiveFailed`, which
 * names the line, where the file is not whole and as it was written: what was given before that must then not be used.
 */
export async function* readArchive(path: string): AsyncGenerator<ArchiveLine> {
  const hash = createHash('sha256');
  let header: ArchiveHeader | undefined;
  let last = 0;
  let isWhole = false;
  for await (const { line, bytes, text } of linesOf(path)) {
    if (isWhole) throw damaged(path, line, 'it stands behind the last line');
    last = line;
    const trailer = header === undefined ? undefined : trailerIn(text);
    if (header === undefined) {
      header = headerOf(path, text);
      yield { line, header };
    } else if (trailer === undefined) yield { line, event: eventOf(path, line, text) };
    else {
      checkEnd(path, line, trailer, header, hash.digest('hex'));
      isWhole = true;
      yield { line, trailer };
    }
    if (!isWhole) hash.update(bytes);
  }
  if (!isWhole) throw damaged(path, last + 1, 'the archive is cut: its last line is not there');
}
