import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { visiting } from '../open.ts';
import type { Output } from '../output.ts';
import type { Place } from '../place.ts';
import { projectionNamed } from '../subjects.ts';

/** `chancery digest`: one text for all rows of a projection, as the log makes them up to a position. */
export const digest = (
  place: Place,
  name: string,
  at: string | undefined,
  output: Output,
): Promise<ExitCode> => {
  const { name: projection } = projectionNamed(name);
  return visiting(place, async (engine) => {
    const { instance, head } = await engine.status();
    const position = at ?? head ?? '';
    output.progress(`building the rows of ${projection} up to position ${position}`);
    const found = await engine.digest(projection, position);
    output.endProgress();
    output.item({ projection, instance, position, digest: found }, () => found);
    return exitCodes.done;
  });
};
