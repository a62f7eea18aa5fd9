import type { DeadLetter } from '../../engine/run/dead-letters.ts';
import type { KeyedRow } from '../../engine/rows.ts';
import { subsystems } from '../../subsystems.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { running, visiting, type Place } from '../open.ts';
import type { Output } from '../output.ts';
import { describeInstant } from '../instant.ts';
import { stalePages, writePages } from '../docs/write-docs.ts';

/** `chancery rebuild`: a projection's rows anew, from the first event. */
export const rebuild = (place: Place, projection: string, output: Output): Promise<ExitCode> => {
  const known = subsystems.flatMap(({ projections }) => projections.map(({ name }) => name));
  if (!known.includes(projection)) {
    throw new CliError(
      `there is no projection ${projection}; there are ${known.join(', ')}`,
      exitCodes.wrongUsage,
    );
  }
  return running(place, {}, async (engine) => {
    output.progress(`rebuilding ${projection}`);
    const status = await engine.rebuild(projection);
    output.endProgress();
    output.item(
      status,
      () => `${projection}: ${status.events} events, at ${status.position ?? 'the beginning'}`,
    );
    return status.broken === undefined ? exitCodes.done : exitCodes.notRight;
  });
};

const describeLetter = ({ key, row }: KeyedRow<DeadLetter>): string => {
  const sent =
    row.command === undefined ? 'its work' : `${row.command.type} to ${row.command.stream}`;
  const { stream, revision, type } = row.event;
  return `${letterId(key)}  ${row.reaction}: ${sent} failed at ${describeInstant(row.at)} after ${row.attempts} attempts, because of ${type} (${stream} ${revision}): ${row.cause}`;
};

/** A dead letter's key as people type it. */
const letterId = (key: string): string => key.replace('\u0001', '/');
const letterKey = (id: string): string => {
  const slash = id.lastIndexOf('/');
  return `${id.slice(0, slash)}\u0001${id.slice(slash + 1)}`;
};

/** `chancery dead-letters`: what reactions could not do; to be tried again or dropped. */
export const deadLetters = async (
  place: Place,
  { retry, drop }: { readonly retry?: string; readonly drop?: string },
  output: Output,
): Promise<ExitCode> => {
  if (retry === undefined && drop === undefined) {
    return visiting(place, async (engine) => {
      const letters = engine.deadLetters.list(1_000);
      for (const letter of letters) {
        output.item({ id: letterId(letter.key), ...letter.row }, () => describeLetter(letter));
      }
      if (!output.json && letters.length === 0) output.line('no dead letters');
      return letters.length === 0 ? exitCodes.done : exitCodes.notRight;
    });
  }
  return running(place, {}, async (engine) => {
    const id = retry ?? drop ?? '';
    const dropped = drop !== undefined && engine.deadLetters.drop(letterKey(id));
    const retried =
      drop === undefined ? await engine.deadLetters.retry(letterKey(id)) : dropped || undefined;
    if (retried === undefined) {
      throw new CliError(
        `there is no dead letter ${id}; chancery dead-letters lists those there are`,
        exitCodes.notRight,
      );
    }
    const done = drop === undefined ? 'retried' : 'dropped';
    output.item({ id, [done]: retried }, () =>
      retried ? `${done} ${id}` : `${id} failed again and stays`,
    );
    return retried ? exitCodes.done : exitCodes.notRight;
  });
};

/** `chancery docs`: a page for each subsystem, from the running model. */
export const docs = (
  { out, check }: { readonly out: string; readonly check?: boolean },
  output: Output,
): ExitCode => {
  const stale = check === true ? stalePages(subsystems, out) : writePages(subsystems, out);
  const done = check === true ? 'not current' : 'written';
  for (const path of stale)
    output.item({ path, [check === true ? 'stale' : 'written']: true }, () => `${path}: ${done}`);
  if (!output.json && stale.length === 0) output.line(`${out}: all pages are current`);
  return check === true && stale.length > 0 ? exitCodes.notRight : exitCodes.done;
};
