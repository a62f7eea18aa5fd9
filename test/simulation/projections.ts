import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { E } from '../../src/engine/fp.ts';
import type { AnyProjection, Recorded, Tables } from '../../src/engine/projection.ts';
import type { Checkpoint, RowStore } from '../../src/engine/rows.ts';
import type { Envelope, StoreFailure } from '../../src/engine/store.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';

type Folded = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/** The rows that events make, folded with plain maps: what the engine's builder has to come to. */
const folded = (projection: AnyProjection, events: readonly Envelope[]): Folded => {
  const all = new Map(projection.models.map(({ name }) => [name, new Map<string, unknown>()]));
  const tables = (({ name }) => ({
    get: (key: string) => all.get(name)?.get(key),
    set: (key: string, row: unknown) =>
      row === undefined ? all.get(name)?.delete(key) : all.get(name)?.set(key, row),
  })) as Tables;
  for (const envelope of events) {
    const { type, data } = envelope;
    const handler = projection.on[type] as (tables: Tables, recorded: Recorded) => void;
    handler(tables, { ...({ type, data } as DomainEvent), envelope });
  }
  return all;
};

const digestOf = (events: readonly Envelope[]): string => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  return events.reduce((digest, { hash }) => sha256(digest + hash), sha256(''));
};

const right = <T>(answer: E.Either<StoreFailure, T>): T => {
  if (E.isRight(answer)) return answer.right;
  throw new Error(answer.left.type);
};

const plain = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

/** What is wrong with a read model's rows and with what its indexes list. */
const wrongTable = (
  { name, indexes }: AnyProjection['models'][number],
  expected: ReadonlyMap<string, unknown>,
  rows: RowStore,
): string | undefined => {
  const found = right(rows.page(name, { limit: 100_000 }));
  const stored = Object.fromEntries(found.map(({ key, row }) => [key, plain(row)]));
  const wanted = Object.fromEntries([...expected].map(([key, row]) => [key, plain(row)]));
  for (const key of new Set([...Object.keys(stored), ...Object.keys(wanted)])) {
    if (isDeepStrictEqual(stored[key], wanted[key])) continue;
    return `${name} ${key}: stored ${JSON.stringify(stored[key])}, folded ${JSON.stringify(wanted[key])}`;
  }
  for (const [index, valueOf] of Object.entries(indexes)) {
    const value = [...expected.values()].map((row) => valueOf(row as never)).at(-1);
    if (typeof value !== 'string') continue;
    const listed = right(rows.where(name, { index, value }, { limit: 100_000 })).length;
    const those = [...expected.values()].filter((row) => valueOf(row as never) === value).length;
    if (listed !== those) return `${name} by ${index} ${value}: lists ${listed} of ${those}`;
  }
  return undefined;
};

/** The stored rows, count and digest of a projection against the events up to its stored position (N13, N16). */
export const wrongRows = (
  projection: AnyProjection,
  rows: RowStore,
  log: readonly Envelope[],
): string | undefined => {
  const checkpoint: Checkpoint | undefined = right(
    rows.checkpoint(`projection:${projection.name}`),
  );
  const passed = log
    .slice(0, Number(checkpoint?.position ?? 0))
    .filter(({ type }) => Object.hasOwn(projection.on, type));
  if ((checkpoint?.events ?? 0) !== passed.length) {
    return `${projection.name} counts ${checkpoint?.events} events of ${passed.length}`;
  }
  if (checkpoint !== undefined && checkpoint.digest !== digestOf(passed)) {
    return `${projection.name} has consumed other events than the log's`;
  }
  const all = folded(projection, passed);
  for (const model of projection.models) {
    const wrong = wrongTable(model, all.get(model.name)!, rows);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
};
