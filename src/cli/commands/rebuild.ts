import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { mending } from '../open.ts';
import type { Place } from '../place.ts';
import type { Output } from '../output.ts';
import { projectionNamed } from '../subjects.ts';

/** `chancery rebuild`: a projection's rows anew, from the first event. */
export const rebuild = (place: Place, name: string, output: Output): Promise<ExitCode> => {
  const { name: projection } = projectionNamed(name);
  return mending(place, async (engine) => {
    output.progress(`rebuilding ${projection}`);
    const status = await engine.rebuild(projection, ({ building }) => {
      if (building === undefined) return output.progress(`removing the old rows of ${projection}`);
      output.progress(`rebuilding ${projection}: ${building.events} of ${building.outOf} events`);
    });
    output.endProgress();
    const { events, position = 'the beginning', building } = status;
    const broken = building?.broken ?? status.broken;
    output.item({ ...status, position }, () =>
      broken === undefined
        ? `${projection}: ${events} events, up to ${position}`
        : `${projection} is broken at ${broken.position}: ${broken.cause}`,
    );
    return broken === undefined ? exitCodes.done : exitCodes.notRight;
  });
};
