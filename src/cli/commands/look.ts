import type { PageRequest } from '../../engine/rows.ts';
import { partsOf, type Envelope, type StreamName } from '../../engine/store.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeInstant } from '../instant.ts';
import { visiting } from '../open.ts';
import type { Place } from '../place.ts';
import { inline, type Output } from '../output.ts';
import { pagesOf } from '../pages.ts';
import { streamNamed, subsystemNamed } from '../subjects.ts';

const nothingIn = (stream: StreamName): CliError =>
  new CliError(
    `there is no stream ${stream}; chancery streams lists those there are`,
    exitCodes.notRight,
  );

/** `chancery streams`: every stream with its last revision, in byte order. */
export const streams = (
  place: Place,
  category: string | undefined,
  output: Output,
): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const wanted = category === undefined ? {} : { category };
    const read = (request: PageRequest) => engine.streams({ ...request, ...wanted });
    let found = 0;
    for await (const page of pagesOf(read, ({ stream }) => stream)) {
      found += page.length;
      for (const each of page) output.item(each, () => `${each.stream}  ${each.revision}`);
      if (output.isUnread()) break;
    }
    if (!output.json && found === 0) output.line(`no streams${category ? ` of ${category}` : ''}`);
    return exitCodes.done;
  });

const describeEvent = ({ revision, type, data, metadata }: Envelope): string =>
  inline(
    `${String(revision).padStart(4)}  ${describeInstant(metadata.at)}  ${type}  by ${metadata.actor}  ${JSON.stringify(data)}`,
  );

/** `chancery history`: the events of a stream. */
export const history = (place: Place, name: string, output: Output): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const stream = streamNamed(name);
    const events = await engine.history(stream);
    if (events.length === 0) throw nothingIn(stream);
    for (const event of events) output.item(event, () => describeEvent(event));
    return exitCodes.done;
  });

type Point = { readonly at?: number; readonly revision?: number };

const pointOf = ({ at, revision }: Point) => {
  if (at !== undefined) return { instant: at };
  return revision === undefined ? undefined : { revision };
};

/** `chancery state`: what a stream's events add up to, now, at a revision or at an instant. */
export const state = (
  place: Place,
  name: string,
  point: Point,
  output: Output,
): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const stream = streamNamed(name);
    const subsystem = subsystemNamed(partsOf(stream)?.category ?? '');
    const found = await engine.stateAt(subsystem, stream, pointOf(point));
    if (found.revision === undefined && point.at === undefined) throw nothingIn(stream);
    if (point.revision !== undefined && found.revision !== point.revision) {
      const problem = `${stream} has no revision ${point.revision}; its last is ${found.revision}`;
      throw new CliError(problem, exitCodes.notRight);
    }
    output.item({ stream, ...found }, () => JSON.stringify(found.state, null, 2));
    return exitCodes.done;
  });
