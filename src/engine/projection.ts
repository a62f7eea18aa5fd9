import type { Envelope } from './store.ts';
import type { DomainEvent } from './vocabulary.ts';

/** An event with its place in the world. */
export type Recorded<Event extends DomainEvent = DomainEvent> = Event & {
  readonly envelope: Envelope;
};

declare const rowType: unique symbol;

/** Rows under keys, with the values under which each index finds a row: one, several or none. Its name is unique in the system. */
export type ReadModel<Row> = {
  readonly name: string;
  readonly indexes: Readonly<Record<string, (row: Row) => string | readonly string[] | undefined>>;
  readonly [rowType]?: Row;
};

export const readModel = <Row>(
  name: string,
  indexes: ReadModel<Row>['indexes'] = {},
): ReadModel<Row> => ({ name, indexes });

/** The rows of a read model as an event sees and changes them. A row that is set to undefined goes. */
export type Rows<Row> = {
  readonly get: (key: string) => Row | undefined;
  readonly set: (key: string, row: Row | undefined) => void;
};
export type Tables = <Row>(model: ReadModel<Row>) => Rows<Row>;

/**
 * How events become rows. Pure; rebuilt at will; a higher version is built anew. The rows of all its read models and its place
 * in the log change in one transaction, so each event counts exactly once.
 */
export type Projection<Event extends DomainEvent = DomainEvent> = {
  readonly name: string;
  readonly version: number;
  readonly models: readonly AnyReadModel[];
  readonly on: {
    readonly [T in Event['type']]?: (
      tables: Tables,
      recorded: Recorded<Extract<Event, { readonly type: T }>>,
    ) => void;
  };
};

/** Any read model, any projection: what a registry lists. */
export type AnyReadModel = {
  readonly name: string;
  readonly indexes: Readonly<
    Record<string, (row: never) => string | readonly string[] | undefined>
  >;
};
export type AnyProjection = {
  readonly name: string;
  readonly version: number;
  readonly models: readonly AnyReadModel[];
  readonly on: Readonly<Record<string, ((tables: Tables, recorded: never) => void) | undefined>>;
};
