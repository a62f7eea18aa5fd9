import { ratioOf, type Measured, type Row } from './row.ts';

/** What became of a row: measured, not run for a reason, or failed. */
export type Result =
  | { readonly row: Row; readonly measured: Measured }
  | { readonly row: Row; readonly notRun: string }
  | { readonly row: Row; readonly failed: string };

const digits = (value: number): string => {
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(places).replace(/\B(?=(\d{3})+$)/g, value >= 1_000 ? ',' : '');
};

const times = (ratio: number): string => `${ratio.toFixed(2)} x`;

const metOf = ({ target }: Row, measured: Measured): boolean | null =>
  target === undefined ? null : target.isMet(measured);

const HEAD = ['row', 'value', 'unit', 'baseline', 'ratio (middle half)', 'target', 'met'];

const ratioText = (measured: Measured): string => {
  const ratio = ratioOf(measured);
  if (ratio === undefined) return '-';
  if (measured.spread === undefined) return times(ratio);
  const [low, high] = measured.spread;
  return `${times(ratio)} (${low.toFixed(2)}-${high.toFixed(2)})`;
};

const baselineText = ({ baseline }: Row, measured: Measured): string =>
  measured.baseline === undefined ? baseline || '-' : `${digits(measured.baseline)} ${baseline}`;

const MET = { true: 'yes', false: 'NO', null: '-' } as const;

const cellsOf = (result: Result): readonly string[] => {
  const { row } = result;
  const wanted = row.target?.text ?? '-';
  if (!('measured' in result)) {
    const what = 'notRun' in result ? 'not run' : 'FAILED';
    return [row.name, what, row.unit, row.baseline, '-', wanted, '-'];
  }
  const { measured } = result;
  const met = MET[`${metOf(row, measured)}`];
  const [value, baseline] = [digits(measured.value), baselineText(row, measured)];
  return [row.name, value, row.unit, baseline, ratioText(measured), wanted, met];
};

const noteOf = (result: Result): string | undefined => {
  if ('notRun' in result) return `not run: ${result.notRun}`;
  if ('failed' in result) return `FAILED: ${result.failed}`;
  return result.measured.note;
};

/** The results as a table for a terminal; notes stand below their rows. */
export const textOf = (results: readonly Result[]): string => {
  const rows = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return results
    .flatMap((result) => {
      const note = noteOf(result);
      return note === undefined ? [line(cellsOf(result))] : [line(cellsOf(result)), `  ${note}`];
    })
    .toSpliced(0, 0, line(HEAD))
    .join('\n');
};

const markdownLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The results as a Markdown page; `about` says when, where and how they were measured. */
export const pageOf = (results: readonly Result[], about: readonly string[]): string => {
  const notes = results.flatMap((result) => {
    const note = noteOf(result);
    return note === undefined ? [] : [`- ${result.row.name}: ${note}`];
  });
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Subject and baseline take turns in the same run; ratios count, absolute numbers are this',
    "machine's. A ratio is that of the medians; in brackets where the middle half of the rounds lies.",
    '',
    ...about.map((each) => `- ${each}`),
    '',
    '<!-- prettier-ignore-start -->',
    '',
    markdownLine(HEAD),
    markdownLine(HEAD.map(() => '---')),
    ...results.map((result) => markdownLine(cellsOf(result))),
    '',
    ...notes,
    '',
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
};

/** The results as plain data: null where there is no such thing. */
export const jsonOf = (results: readonly Result[]): string =>
  JSON.stringify({
    rows: results.map((result) => {
      const { name, unit, target } = result.row;
      const common = { name, unit, target: target?.text ?? null };
      if (!('measured' in result)) {
        const why = 'notRun' in result ? { notRun: result.notRun } : { failed: result.failed };
        return { ...common, value: null, baseline: null, ratio: null, met: null, ...why };
      }
      const { measured } = result;
      return {
        ...common,
        value: measured.value,
        baseline: measured.baseline ?? null,
        ratio: ratioOf(measured) ?? null,
        met: metOf(result.row, measured),
      };
    }),
  });
