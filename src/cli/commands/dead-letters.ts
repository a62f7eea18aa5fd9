import type { DeadLetter } from '../../engine/run/dead-letters.ts';
import type { Engine } from '../../engine/run/engine.ts';
import type { KeyedRow, PageRequest } from '../../engine/rows.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeInstant } from '../instant.ts';
import { mending, mendingAsItStands, visiting } from '../open.ts';
import { demandRows, type Place } from '../place.ts';
import { inline, type Output } from '../output.ts';
import { pagesOf } from '../pages.ts';
import { advance } from '../run/virtual-time.ts';
import { typedId, typedKey } from '../../engine/typed-key.ts';

/** All that reactions could not do. */
export async function* lettersOf({ deadLetters: letters }: Engine) {
  const read = ({ limit, after }: PageRequest) => letters.list(limit, after);
  for await (const page of pagesOf(read, ({ key }) => key)) yield* page;
}

const describeLetter = ({ key, row }: KeyedRow<DeadLetter>): string => {
  const { command, event, at, attempts, cause } = row;
  const sent = command === undefined ? 'its work' : `${command.type} to ${command.stream}`;
  const tries = attempts === 1 ? 'at once' : `after ${attempts} attempts`;
  return inline(
    `${typedId(key)}  ${sent} failed ${tries} (${describeInstant(at)}), because of ${event.type} in ${event.stream}: ${cause}`,
  );
};

/** `chancery dead-letters`: what reactions could not do; to be tried again or dropped. */
export const deadLetters = (
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
    let found = 0;
    for await (const letter of lettersOf(engine)) {
      found += 1;
      output.item({ id: typedId(letter.key), ...letter.row }, () => describeLetter(letter));
    }
    if (!output.json && found === 0) output.line('no dead letters');
    return found === 0 ? exitCodes.done : exitCodes.notRight;
  });
};

const noLetter = (id: string): CliError =>
  new CliError(
    `there is no dead letter ${id}; chancery dead-letters lists those there are`,
    exitCodes.notRight,
  );

const retried = (place: Place, id: string, output: Output): Promise<ExitCode> =>
  mending(place, async (engine, clock) => {
    output.progress(`trying ${id} again`);
    const isDone = await advance(engine, clock, engine.deadLetters.retry(typedKey(id)));
    output.endProgress();
    if (isDone === undefined) throw noLetter(id);
    output.item({ id, retried: isDone }, () =>
      isDone ? `${id} is done` : `${id} failed again and stays`,
    );
    return isDone ? exitCodes.done : exitCodes.notRight;
  });

/** Drops before anything goes on, so that what is dropped is not done first. */
const dropped = (place: Place, id: string, output: Output): Promise<ExitCode> =>
  mendingAsItStands(place, async (engine) => {
    if (!(await engine.deadLetters.drop(typedKey(id)))) throw noLetter(id);
    output.item({ id, dropped: true }, () => `${id} is dropped`);
    return exitCodes.done;
  });
