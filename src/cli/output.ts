import type { Writable } from 'node:stream';

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
};

type Terminal = Writable & { readonly isTTY?: boolean };

export const output = (
  { json }: { readonly json?: boolean },
  out: Writable = process.stdout,
  err: Terminal = process.stderr,
): Output => {
  const line = (text: string): void => void out.write(`${text}\n`);
  const isWatched = err.isTTY === true;
  return {
    json: json === true,
    line,
    item: (value, text) => line(json === true ? JSON.stringify(value) : text()),
    progress: (text) => {
      if (isWatched) err.write(`\r\u001b[2K${text}`);
    },
    endProgress: () => {
      if (isWatched) err.write('\r\u001b[2K');
    },
  };
};

/** Text columns, each as wide as its widest cell. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>(
    (widest, cells) => cells.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
