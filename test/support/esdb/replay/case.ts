import type { StreamMetadata } from '@eventstore/db-client';

/** An event of a recorded case: one, or many small ones; ids are labels unless they begin with `=`. */
export type CaseEvent =
  | {
      readonly id: string;
      readonly type: string;
      readonly data?: Readonly<Record<string, unknown>>;
      /** Text that is sent as bytes. */
      readonly binary?: string;
      readonly metadata?: Readonly<Record<string, unknown>>;
    }
  | { readonly $many: number; readonly prefix: string; readonly type: string };

export type CaseExpected = number | 'no_stream' | 'any' | 'stream_exists';

/** When a subscription's step is over: so many events, a notification, or this long without either. `linger` is in ms. */
export type Until = {
  readonly events?: number;
  readonly on?: string;
  readonly ms: number;
  readonly linger?: number;
};

export type AppendStep = {
  readonly do: 'append';
  readonly stream: string;
  readonly expected: CaseExpected;
  readonly events: readonly CaseEvent[];
  /** A name for the position that the append returns. */
  readonly mark?: string;
  readonly limit?: number;
};

type Marked = { readonly mark: string };
type Direction = 'forwards' | 'backwards';

export type ReadStep = {
  readonly do: 'read';
  readonly stream: string;
  readonly from?: number;
  readonly max?: number;
  readonly direction?: Direction;
};
export type ReadAllStep = {
  readonly do: 'readAll';
  readonly from: 'start' | 'end' | Marked;
  readonly max?: number;
  readonly direction?: Direction;
};
export type SubscribeStep = {
  readonly do: 'subscribe';
  readonly stream: string;
  readonly from?: number;
  readonly until: Until;
  readonly meanwhile?: readonly AppendStep[];
};
export type SubscribeAllStep = {
  readonly do: 'subscribeAll';
  readonly from: 'start' | 'end' | Marked;
  readonly filter: { readonly prefixes: readonly string[] };
  readonly checkpoints?: number;
  readonly until: Until;
  readonly meanwhile?: readonly AppendStep[];
};
export type Action = 'ack' | 'park' | 'retry' | 'skip' | 'stop' | 'none';
export type ConsumeStep = {
  readonly do: 'psConsume';
  readonly stream: string;
  readonly group: string;
  readonly actions?: readonly Action[];
  readonly otherwise?: Action;
  readonly until: Until;
};
export type GroupStep = {
  readonly do: 'psInfo' | 'psReplay' | 'psDelete';
  readonly stream: string;
  readonly group: string;
};
export type StreamStep = {
  readonly do: 'delete' | 'tombstone';
  readonly stream: string;
  readonly expected?: CaseExpected;
};

/** A step of a case, by what it does. */
export type Step =
  | AppendStep
  | { readonly do: 'appendAll'; readonly appends: readonly AppendStep[] }
  | ReadStep
  | ReadAllStep
  | SubscribeStep
  | SubscribeAllStep
  | StreamStep
  | { readonly do: 'setMetadata'; readonly stream: string; readonly metadata: StreamMetadata }
  | { readonly do: 'getMetadata'; readonly stream: string }
  | {
      readonly do: 'psCreate';
      readonly stream: string;
      readonly group: string;
      readonly settings?: object;
    }
  | { readonly do: 'psCreateAll'; readonly group: string; readonly prefixes: readonly string[] }
  | ConsumeStep
  | GroupStep
  | { readonly do: 'wait'; readonly ms: number };

/** A recorded case: steps of one client, and what a server of each version answered them. */
export type ObservedCase = {
  readonly name: string;
  readonly why: string;
  /** The order among positions is not fixed. */
  readonly unordered?: boolean;
  readonly steps: readonly Step[];
  readonly observed: Readonly<Record<string, readonly unknown[]>>;
};
