import type { Readable } from 'node:stream';

/** A line of a command file: its number from 1, and its text or what keeps it from having one. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly unreadable: string };

/** Longer lines are skipped to the next newline. */
export const LONGEST_LINE = 1024 * 1024;

const NEWLINE = 0x0a;

/** The text of a line's bytes; invalid UTF-8 has none. */
const lineOf = (number: number, bytes: Buffer, isTooLong: boolean): Line => {
  if (isTooLong) return { number, unreadable: `a line of at most ${LONGEST_LINE} bytes` };
  try {
    return {
      number,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch {
    return { number, unreadable: 'valid UTF-8' };
  }
};

/** The lines of a byte stream, however long they are: at most one line's bytes are in memory. */
export async function* linesOf(input: Readable): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 0;
  const take = (part: Buffer): void => {
    size += part.length;
    if (size <= LONGEST_LINE) parts.push(part);
  };
  const finish = (): Line => {
    number += 1;
    const line = lineOf(number, Buffer.concat(parts), size > LONGEST_LINE);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of input) {
    let rest: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      take(rest.subarray(0, end));
      yield finish();
      rest = rest.subarray(end + 1);
    }
    take(rest);
  }
  if (size > 0) yield finish();
}
