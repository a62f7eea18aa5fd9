import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { mending, type Place } from '../open.ts';
import type { Output } from '../output.ts';
import { projectionNamed } from '../subjects.ts';

/** `chancery rebuild`: a projection's rows anew, from the first event. */
export const rebuild = (place: Place, name: string, output: Output): Promise<ExitCode> => {
  const { name: projection } = projectionNamed(name);
  return mending(place, async (engine) => {
    output.progress(`rebuilding ${projection}`);
    const { position = 'the beginning', ...status } = await engine.rebuild(projection);
    output.endProgress();
    const { events, broken } = status;
    output.item({ ...status, position }, () =>
      broken === undefined
        ? `${projection}: ${events} events, up to ${position}`
        : `${projection} is broken at ${broken.position}: ${broken.cause}`,
    );
    return broken === undefined ? exitCodes.done : exitCodes.notRight;
  });
};
