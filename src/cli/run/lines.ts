import { isUtf8 } from 'node:buffer';

/** A line of a command file: its number from 1, and its text or why it has none. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly expected: string; readonly found: string };

/** Longer lines are skipped to the next newline. */
const LONGEST_LINE = 1024 * 1024;

const NEWLINE = 0x0a;

/** The text of a line's bytes; one that is too long has none, and invalid UTF-8 has none. */
const lineOf = (number: number, bytes: Buffer, size: number): Line => {
  if (size > LONGEST_LINE) {
    return { number, expected: `a line of at most ${LONGEST_LINE} bytes`, found: `${size} bytes` };
  }
  if (isUtf8(bytes)) return { number, text: bytes.toString('utf8') };
  return { number, expected: 'UTF-8', found: 'bytes that are not UTF-8' };
};

/** The lines of a byte stream, however long they are: at most one line's bytes are in memory. */
export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let number = 0;
  const take = (part: Uint8Array): void => {
    size += part.length;
    if (size <= LONGEST_LINE) parts.push(part);
    if (size > LONGEST_LINE) parts = [];
  };
  const finish = (): Line => {
    number += 1;
    const line = lineOf(number, Buffer.concat(parts), size);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of input) {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      take(rest.subarray(0, end));
      yield finish();
      rest = rest.subarray(end + 1);
    }
    take(rest);
  }
  if (size > 0) yield finish();
}
