/**
 * What the engine spends its time on, with what a span says at its beginning.
 * - `command`: a command on its way through the handler, whoever sent it: `stream`, `command`, `commandId`, `correlationId`
 * - `load`: bringing a stream to its head: `stream`
 * - `facts`: looking up what one decision asks for: `lookups`, a number
 * - `decide`: the decider alone: `category`, `command`
 * - `append`: writing one batch: `stream`, `events`
 * - `projection`: taking in one page: `projection`, `events`
 * - `reaction`: what follows from one event: `reaction`, `stream`, `position`
 * - `effect`: one try of a work of the outbox: `effect`, `stream` and `position` of its event
 */
export type SpanName =
  'command' | 'load' | 'facts' | 'decide' | 'append' | 'projection' | 'reaction' | 'effect';

/** How often something happened: events written, events that projections took in. */
export type CounterName = 'events.appended' | 'events.projected';

export type Attributes = Readonly<Record<string, string | number>>;

/** How a span ended: `result` in one word, such as `accepted`, `refused`, `done` or the type of a failure. */
export type SpanEnd = { readonly result: string };

/**
 * The port of telemetry. Everything is called where the work is done, so it has to return at once; what it throws is ignored. The
 * engine measures no time: the port looks at a clock of its own as a span begins and as it ends.
 */
export type Telemetry = {
  /** A piece of work begins; the function answered is called once, as it ends. */
  readonly span: (name: SpanName, attributes: Attributes) => (end: SpanEnd) => void;
  readonly count: (name: CounterName, by: number, attributes: Attributes) => void;
  /** By how many milliseconds a deadline's command is sent after the instant it was due at. */
  readonly deadlineLate: (lateMs: number, attributes: Attributes) => void;
};
