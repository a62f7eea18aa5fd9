import type { Posting } from '../../../src/domain/shared/ledger.ts';
import type { MarketplaceSettings } from '../../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../../src/domain/shared/money.ts';
import type { AnyProjection, ReadModel, Recorded, Tables } from '../../../src/engine/projection.ts';
import type { StreamName } from '../../../src/engine/store.ts';
import type { DomainEvent } from '../../../src/engine/vocabulary.ts';

export const settings: MarketplaceSettings = {
  currencies: { BTC: 8, ETH: 18, EUR: 2, JPY: 0, KWD: 3, USD: 2, XMR: 12 },
  rails: ['sandbox'],
  fee: { payee: 'platform', ppm: 25_000 },
};

export const usd = (amount: number | bigint | string): Amounts => [
  { currency: 'USD', amount: String(amount) },
];

/** An event as it would lie in the log. */
export const recorded = <Event extends DomainEvent>(
  stream: StreamName,
  event: Event,
  { revision = 0, at = 0, actor = 'ada' } = {},
): Recorded<Event> => ({
  ...event,
  envelope: {
    id: `${stream}@${revision}`,
    hash: '',
    type: event.type,
    version: 1,
    data: event.data,
    stream,
    revision,
    position: `${stream}@${revision}`,
    metadata: { at, actor, commandId: 'c', payloadHash: '', correlationId: 'c' },
  },
});

/** Folds events into the rows of projections, in memory. */
export const folding = (...projections: readonly AnyProjection[]) => {
  const stored = new Map<string, Map<string, unknown>>();
  const rowsOf = (model: string) => {
    const rows = stored.get(model) ?? new Map<string, unknown>();
    stored.set(model, rows);
    return rows;
  };
  const tables: Tables = <Row>({ name }: ReadModel<Row>) => {
    const rows = rowsOf(name);
    return {
      get: (key) => rows.get(key) as Row | undefined,
      set: (key, row) => {
        if (row === undefined) rows.delete(key);
        else rows.set(key, structuredClone(row));
      },
    };
  };
  return {
    apply: (event: Recorded) => {
      for (const projection of projections) projection.on[event.type]?.(tables, event as never);
    },
    get: <Row>(model: ReadModel<Row>, key: string) =>
      rowsOf(model.name).get(key) as Row | undefined,
    all: <Row>(model: ReadModel<Row>) => [...rowsOf(model.name).entries()] as [string, Row][],
  };
};

/** Balances by plain addition: what the projection must agree with. `<account>/<currency>` -> units. */
export const recounted = (postings: readonly Posting[]): Map<string, bigint> => {
  const balances = new Map<string, bigint>();
  const add = (account: string, currency: string, by: bigint) => {
    const key = `${account}/${currency}`;
    balances.set(key, (balances.get(key) ?? 0n) + by);
  };
  for (const { from, to, money } of postings) {
    add(from, money.currency, -BigInt(money.amount));
    add(to, money.currency, BigInt(money.amount));
  }
  return balances;
};
