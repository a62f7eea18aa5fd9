import type { Instant } from '../clock.ts';
import { lapsed } from '../decide.ts';
import { toHex } from '../bytes.ts';
import type { Lookup, Lookups, RowFact } from '../facts.ts';
import { E, TE, pipe } from '../fp.ts';
import type { LoadFailure, Loader } from './load.ts';
import { partsOf, type EventStore, type StoreFailure, type StreamName } from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** Answers what a decision asks for, at the instant of the decision. */
export type FactFinder = (
  lookups: Lookups,
  at: Instant,
) => TE.TaskEither<LoadFailure, Readonly<Record<string, unknown>>>;

export type FactSources = {
  readonly instance: string;
  readonly events: EventStore;
  readonly loader: Loader;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly settings: Readonly<Record<string, unknown>>;
  /** 32 bytes that nobody can foresee. */
  readonly newSeed: () => Uint8Array;
  /** A row, once its projection has reached the log's head or can get no further. */
  readonly row: (model: string, key: string) => TE.TaskEither<StoreFailure, RowFact<unknown>>;
};

export const factFinder = (sources: FactSources): FactFinder => {
  const answered = (lookup: Lookup, at: Instant): TE.TaskEither<LoadFailure, unknown> => {
    if (lookup.kind === 'settings') return TE.right(sources.settings[lookup.scope]);
    if (lookup.kind === 'seed') return TE.right(toHex(sources.newSeed()));
    if (lookup.kind === 'row') return sources.row(lookup.projection, lookup.key);
    if (lookup.kind === 'event') return eventAt(sources, lookup);
    return said(sources, lookup, at);
  };
  return (lookups, at) => async () => {
    const answers: Record<string, unknown> = {};
    for (const [name, lookup] of Object.entries(lookups)) {
      const answer = await answered(lookup, at)();
      if (E.isLeft(answer)) return answer;
      answers[name] = answer.right;
    }
    return E.right(answers);
  };
};

const eventAt = (
  { events }: FactSources,
  { stream, revision }: { readonly stream: StreamName; readonly revision: number },
) =>
  pipe(
    events.read(stream, { from: revision, limit: 1 }),
    TE.map(([envelope]) => (envelope?.revision === revision ? envelope : undefined)),
  );

/** What a stream says of itself; undefined where there is no such subsystem or question. */
const said = (
  { subsystems, loader, instance }: FactSources,
  { stream, question, argument }: Extract<Lookup, { readonly kind: 'answer' }>,
  at: Instant,
): TE.TaskEither<LoadFailure, unknown> => {
  const parts = partsOf(stream);
  const subsystem = parts && subsystems.get(parts.category);
  const answer = subsystem?.answers?.[question];
  if (parts === undefined || subsystem === undefined || answer === undefined)
    return TE.right(undefined);
  const name: StreamName = `${parts.category}-${parts.id}`;
  return pipe(
    loader.load(subsystem, name),
    TE.map(({ state }) => {
      const self = { stream: name, id: parts.id, instance };
      return answer(state, argument, lapsed(subsystem, state, { at, self }).events.length > 0);
    }),
  );
};
