import type { Writable } from 'node:stream';
import { CliError, exitCodes } from './exit-codes.ts';

/** Where a command writes: results to `out`, progress to `err` and only where a person watches. */
export type Output = {
  readonly json: boolean;
  /** One line of the result. */
  readonly line: (text: string) => void;
  /** One object of the result: as JSON, or as `text` for people. */
  readonly item: (value: unknown, text: () => string) => void;
  /** How far long work has come: overwritten by the next, shown on a terminal alone. */
  readonly progress: (text: string) => void;
  readonly endProgress: () => void;
  /** One line that is no result and that nobody should miss. */
  readonly notice: (text: string) => void;
  /** Whether the reader has gone, as `| head -1` does. Throws `CliError` where writing fails otherwise. */
  readonly isUnread: () => boolean;
  /** Resolves when all is written; rejects as `isUnread` throws. */
  readonly flushed: () => Promise<void>;
};

type Terminal = Writable & { readonly isTTY?: boolean };

/** A text in which nothing moves a terminal's cursor or hides a line: control characters but the newline are spelt out. */
const plain = (text: string): string =>
  text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A text as a part of one line: its newlines are spelt out too. */
export const inline = (text: string): string => text.replaceAll('\n', '\\n');

export const output = (
  { json = false }: { readonly json?: boolean },
  out: Writable = process.stdout,
  err: Terminal = process.stderr,
): Output => {
  const isWatched = err.isTTY === true;
  const broken = brokenBy(out);
  brokenBy(err);
  const write = (text: string): void => void out.write(`${text}\n`);
  const endProgress = (): void => {
    if (isWatched) err.write('\r\u001b[2K');
  };
  const isUnread = (): boolean => {
    const cause = broken();
    if (cause === undefined || cause.code === 'EPIPE') return cause !== undefined;
    throw new CliError(`cannot write the output: ${cause.message}`, exitCodes.notRight);
  };
  return {
    json,
    line: (text) => write(plain(text)),
    item: (value, text) => write(json ? JSON.stringify(value) : plain(text())),
    progress: (text) => {
      if (isWatched) err.write(`\r\u001b[2K${plain(text)}`);
    },
    endProgress,
    notice: (text) => {
      endProgress();
      err.write(`chancery: ${plain(text)}\n`);
    },
    isUnread,
    flushed: async () => {
      // An error of the last write is told after the current turn.
      await new Promise((resolve) => setImmediate(resolve));
      isUnread();
    },
  };
};

/** What has kept a stream from being written, once that has happened; without a listener it would end the process. */
const brokenBy = (stream: Writable): (() => NodeJS.ErrnoException | undefined) => {
  let broken: NodeJS.ErrnoException | undefined;
  stream.on('error', (cause: NodeJS.ErrnoException) => {
    broken ??= cause;
  });
  return () => broken;
};

/** Columns, each as wide as its widest cell: the first `texts` begin at the left, the others, numbers, end at the right. */
export const columns = (rows: readonly (readonly string[])[], texts = Infinity): string => {
  const widths: number[] = [];
  for (const cells of rows) {
    cells.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  }
  const aligned = (cell: string, index: number): string => {
    const width = widths[index] ?? 0;
    return index < texts ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((cells) => cells.map(aligned).join('  ').trimEnd()).join('\n');
};
