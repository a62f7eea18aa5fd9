import type { Instant } from './clock.ts';
import type { AnyReadModel, ReadModel } from './projection.ts';

/** Something that somebody should look after: for how long, whose it is, and what must happen next. */
export type Concern = {
  readonly what: string;
  readonly owner: string;
  readonly ageMs: number;
  readonly nextStep: string;
};

/** What `doctor` asks of every row of a read model. Pure. */
export type Check<Row> = {
  readonly model: ReadModel<Row>;
  /** What is wrong with a row at an instant; undefined: nothing. */
  readonly concern: (row: Row, at: Instant) => Concern | undefined;
};

/** A check of a read model's rows. */
export const check = <Row>(model: ReadModel<Row>, concern: Check<Row>['concern']): Check<Row> => ({
  model,
  concern,
});

/** Any check: what a registry lists. */
export type AnyCheck = {
  readonly model: AnyReadModel;
  readonly concern: (row: never, at: Instant) => Concern | undefined;
};
