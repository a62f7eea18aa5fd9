import {
  runnable,
  type AnySubsystem,
  type Runnable,
  type Status,
} from '../../src/engine/subsystem.ts';
import { partsOf, type Envelope } from '../../src/engine/store.ts';

/** The log as whoever sees everything knows it: all events, and the state of every stream. */
export type Log = {
  readonly events: readonly Envelope[];
  readonly head: () => string;
  readonly history: (stream: string) => readonly Envelope[];
  readonly streams: () => readonly string[];
  readonly state: (stream: string) => Status;
  /** Takes in what was written; what was there before is nothing new. */
  readonly write: (events: readonly Envelope[]) => void;
  readonly subsystemOf: (stream: string) => Runnable | undefined;
};

export const logOf = (subsystems: readonly AnySubsystem[]): Log => {
  const byCategory = new Map(subsystems.map((row) => [row.category, runnable(row)]));
  const events: Envelope[] = [];
  const streams = new Map<string, { readonly history: Envelope[]; state: Status }>();
  const subsystemOf = (stream: string) => byCategory.get(partsOf(stream)?.category ?? '');

  const writeOne = (envelope: Envelope): void => {
    if (Number(envelope.position) <= events.length) return;
    events.push(envelope);
    const subsystem = subsystemOf(envelope.stream);
    const initial = subsystem?.decider.initial ?? { status: '' };
    const stream = streams.get(envelope.stream) ?? { history: [], state: initial };
    stream.history.push(envelope);
    stream.state = evolved(subsystem, stream.state, envelope);
    streams.set(envelope.stream, stream);
  };
  return {
    events,
    head: () => String(events.length),
    history: (stream) => streams.get(stream)?.history ?? [],
    streams: () => [...streams.keys()],
    state: (stream) =>
      streams.get(stream)?.state ?? subsystemOf(stream)?.decider.initial ?? { status: '' },
    write: (written) => written.forEach(writeOne),
    subsystemOf,
  };
};

/** The state after an event of today's version: nothing older is written here. */
export const evolved = (
  subsystem: Runnable | undefined,
  state: Status,
  { type, data }: Envelope,
): Status => subsystem?.decider.evolve(state, { type, data }) ?? state;
