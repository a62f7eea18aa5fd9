import type { KeyedWork } from '../../engine/run/outbox/outbox-table.ts';
import type { Engine } from '../../engine/run/engine.ts';
import type { PageRequest } from '../../engine/rows.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeInstant } from '../instant.ts';
import { mending, mendingAsItStands, visiting } from '../open.ts';
import { inline, type Output } from '../output.ts';
import { pagesOf } from '../pages.ts';
import { demandRows, type Place } from '../place.ts';
import { advance } from '../run/virtual-time.ts';
import { typedId, typedKey } from '../../engine/typed-key.ts';

/** All that effects have to do. */
async function* worksIn({ outbox }: Engine) {
  const read = async ({ limit, after }: PageRequest) => outbox.list(limit, after);
  for await (const page of pagesOf(read, ({ key }) => key)) yield* page;
}

/** A work as an object: its id as people type it, and how it stands. */
const shown = ({ key, row }: KeyedWork) => {
  const { effect, key: under, event, stage, attempts, lastError, nextAt, since } = row;
  const { type, stream, revision, position } = event;
  return {
    id: typedId(key),
    effect,
    key: under,
    event: { type, stream, revision, position },
    state: stage.state,
    attempts,
    lastError,
    nextAt,
    since,
  };
};

const describeWork = (work: KeyedWork): string => {
  const { id, key, event, state, attempts, lastError, nextAt, since } = shown(work);
  const because = `because of ${event.type} in ${event.stream} (${describeInstant(since)})`;
  const next = nextAt === null || nextAt === 0 ? '' : `, next ${describeInstant(nextAt)}`;
  const trouble = lastError === null ? '' : `; ${attempts} attempts${next}: ${lastError}`;
  return inline(`${id}  ${state}: ${key}, ${because}${trouble}`);
};

/** `chancery effects`: what is to be done in the outside world and is not done yet; to be tried again or dropped. */
export const effects = (
  place: Place,
  { retry, drop }: { readonly retry?: string; readonly drop?: string },
  output: Output,
): Promise<ExitCode> => {
  if (retry !== undefined) return retried(place, retry, output);
  return drop === undefined ? listed(place, output) : dropped(place, drop, output);
};

const listed = (place: Place, output: Output): Promise<ExitCode> => {
  demandRows(place);
  return visiting(place, async (engine) => {
    let [found, failed] = [0, 0];
    for await (const work of worksIn(engine)) {
      found += 1;
      if (work.row.stage.state === 'failed') failed += 1;
      output.item(shown(work), () => describeWork(work));
    }
    if (!output.json && found === 0) output.line('nothing waits');
    return failed === 0 ? exitCodes.done : exitCodes.notRight;
  });
};

const noWork = (id: string): CliError =>
  new CliError(
    `no effect has a work ${id}; chancery effects lists those there are`,
    exitCodes.notRight,
  );

const retried = (place: Place, id: string, output: Output): Promise<ExitCode> =>
  mending(place, async (engine, clock) => {
    output.progress(`trying ${id} again`);
    const isDone = await advance(engine, clock, engine.outbox.retry(typedKey(id)));
    output.endProgress();
    if (isDone === undefined) throw noWork(id);
    output.item({ id, retried: isDone }, () =>
      isDone ? `${id} is done` : `${id} is not done and stays`,
    );
    return isDone ? exitCodes.done : exitCodes.notRight;
  });

/** Drops before anything goes on, so that what is dropped is not done first. */
const dropped = (place: Place, id: string, output: Output): Promise<ExitCode> =>
  mendingAsItStands(place, async (engine) => {
    if (!(await engine.outbox.drop(typedKey(id)))) throw noWork(id);
    output.item({ id, dropped: true }, () => `${id} is dropped`);
    return exitCodes.done;
  });
