import { orFailed } from './consumer.ts';
import { headOf } from './driver.ts';
import { E } from '../fp.ts';
import { stateAt } from './history.ts';
import { digestOf, digestOfText } from '../ids.ts';
import { StoreFailed, type StreamName } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';
import type { LoadFailure } from './load.ts';
import { isHistoryFailure } from '../replay.ts';
import { liveTable } from './live-rows.ts';
import type { ProjectionStatus } from './projection-status.ts';
import type { Wiring } from './wiring.ts';

/** What a replay has shown: digests before and after, of all states and of the rows of each read model. */
export type ReplayCheck = {
  readonly streams: number;
  readonly states: { readonly live: string; readonly folded: string };
  readonly rows: readonly {
    readonly model: string;
    readonly live: string;
    readonly rebuilt: string;
  }[];
  readonly identical: boolean;
};

const PAGE = 500;

/** Streams that are folded before others may run. */
const CHUNK = 64;

/** Folds every stream from its first event and compares with the state that commands are decided on; then rebuilds all rows. */
export const replayCheck = async (
  wiring: Wiring,
  rebuild: (projection: string) => Promise<ProjectionStatus>,
): Promise<ReplayCheck> => {
  const head = await headOf(wiring);
  if (head !== undefined) {
    for (const projection of wiring.projections) await projection.advance(head);
  }
  const { streams, live, folded } = await statesOf(wiring);
  const models = [...wiring.models.keys()];
  const before: string[] = [];
  for (const model of models) before.push(await rowsDigest(wiring, model));
  const broken = new Set<string>();
  for (const { projection } of wiring.projections) {
    const { building } = await rebuild(projection.name);
    if (building !== undefined) broken.add(projection.name);
  }
  const rows: ReplayCheck['rows'][number][] = [];
  for (const [index, model] of models.entries()) {
    // Rows that could not be built have none.
    const after = isOneOf(broken, wiring, model) ? '' : await rowsDigest(wiring, model);
    rows.push({ model, live: before[index] ?? '', rebuilt: after });
  }
  const identical = live === folded && rows.every((row) => row.live === row.rebuilt);
  return { streams, states: { live, folded }, rows, identical };
};

const statesOf = async (wiring: Wiring) => {
  let [streams, live, folded] = [0, '', ''];
  for (const [category, subsystem] of wiring.subsystems) {
    for await (const stream of streamsOf(wiring, category)) {
      const states = await bothStates(wiring, subsystem, stream);
      streams += 1;
      if (streams % CHUNK === 0) await wiring.clock.breathe();
      live = digestOfText(live + digestOf(states.live));
      folded = digestOfText(folded + digestOf(states.folded));
    }
  }
  return { streams, live, folded };
};

async function* streamsOf({ store }: Wiring, category: string): AsyncGenerator<StreamName> {
  let after: string | undefined;
  for (;;) {
    const options = { category, limit: PAGE, ...(after === undefined ? {} : { after }) };
    const page = orFailed(await store.events.streams(options)());
    for (const { stream } of page) yield stream;
    after = page.at(-1)?.stream;
    if (page.length < PAGE) return;
  }
}

const bothStates = async (
  { loader, store, instance, clock }: Wiring,
  subsystem: Runnable,
  stream: StreamName,
) => {
  const live = await loader.load(subsystem, stream)();
  const histories = { events: store.events, instance, clock };
  const folded = await stateAt(histories, subsystem, stream, undefined)();
  return { live: stateOr(live), folded: stateOr(folded) };
};

/** A state, or the damage that keeps its stream from having one. */
const stateOr = (answer: E.Either<LoadFailure, { readonly state: Status }>): unknown => {
  if (E.isRight(answer)) return answer.right.state;
  if (isHistoryFailure(answer.left)) return answer.left;
  throw new StoreFailed(answer.left);
};

const isOneOf = (projections: ReadonlySet<string>, { models }: Wiring, model: string): boolean =>
  projections.has(models.get(model)?.runner.projection.name ?? '');

const rowsDigest = async (
  { store: { rows }, models, clock }: Wiring,
  name: string,
): Promise<string> => {
  const { model } = models.get(name)!; // the names are those of the map
  const { table } = liveTable({ models }, model);
  let digest = '';
  let after: string | undefined;
  for (;;) {
    const page = orFailed(
      rows.page(table, { limit: PAGE, ...(after === undefined ? {} : { after }) }),
    );
    for (const row of page) digest = digestOfText(digest + digestOf(row));
    after = page.at(-1)?.key;
    if (page.length < PAGE) return digest;
    await clock.breathe();
  }
};
