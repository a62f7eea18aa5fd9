import type { AnyReadModel } from '../../engine/projection.ts';
import type { Where } from '../../engine/run/query.ts';
import type { KeyedRow } from '../../engine/rows.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { visiting } from '../open.ts';
import { demandRows, type Place } from '../place.ts';
import { columns, inline, type Output } from '../output.ts';
import { pagesOf } from '../pages.ts';
import { modelNamed } from '../subjects.ts';

/** Longer cells are cut for people; --json has them whole. */
const WIDEST_CELL = 48;

/** `chancery rows`: the rows of a read model, all or those that its indexes find. */
export const rows = (
  place: Place,
  name: string,
  where: Where,
  output: Output,
): Promise<ExitCode> => {
  const model = modelNamed(name);
  const unknown = Object.keys(where).find((index) => !Object.hasOwn(model.indexes, index));
  if (unknown !== undefined) throw noIndex(unknown, model);
  demandRows(place);
  return visiting(place, async (engine) => {
    let found = 0;
    for await (const page of pagesOf(engine.query(model).where(where).page, ({ key }) => key)) {
      found += page.length;
      if (output.json) for (const { key, row } of page) output.item({ key, row }, () => key);
      if (!output.json && page.length > 0) output.line(table(page));
      if (output.isUnread()) break;
    }
    if (!output.json && found === 0) output.line(`no rows in ${name}`);
    return exitCodes.done;
  });
};

const noIndex = (index: string, { name, indexes }: AnyReadModel): CliError => {
  const known = Object.keys(indexes);
  const remedy = known.length === 0 ? 'leave --where out' : `it has ${known.join(', ')}`;
  return new CliError(`${name} has no index ${index}; ${remedy}`, exitCodes.wrongUsage);
};

const fieldsOf = (row: unknown): readonly (readonly [string, unknown])[] =>
  typeof row === 'object' && row !== null ? Object.entries(row) : [['value', row]];

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return '-';
  const text = inline(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length <= WIDEST_CELL ? text : `${text.slice(0, WIDEST_CELL - 3)}...`;
};

/** Rows as columns: the key, then every field. */
const table = (page: readonly KeyedRow[]): string => {
  const records = page.map(({ key, row }) => ({ key, fields: new Map(fieldsOf(row)) }));
  const names = [...new Set(records.flatMap(({ fields }) => [...fields.keys()]))];
  return columns([
    ['key', ...names],
    ...records.map(({ key, fields }) => [
      inline(key),
      ...names.map((name) => cell(fields.get(name))),
    ]),
  ]);
};
