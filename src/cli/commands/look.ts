import type { Engine, EngineStatus } from '../../engine/run/engine.ts';
import { partsOf, type Envelope, type StreamName } from '../../engine/store.ts';
import type { AnySubsystem } from '../../engine/subsystem.ts';
import { subsystems } from '../../subsystems.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeInstant } from '../instant.ts';
import { visiting, type Place } from '../open.ts';
import { columns, type Output } from '../output.ts';

const PAGE = 500;

const streamNamed = (stream: string): StreamName => {
  const parts = partsOf(stream);
  if (parts === undefined) {
    throw new CliError(
      `${stream} is no stream: it wants category-id, such as escrow-E1`,
      exitCodes.wrongUsage,
    );
  }
  return `${parts.category}-${parts.id}`;
};

const describeStatus = (status: EngineStatus, dead: number): string => {
  const { instance, clock, store, head = 'empty', projections, deadlines } = status;
  const nearest = deadlines.nearest === undefined ? 'none' : describeInstant(deadlines.nearest);
  return [
    `instance ${instance} (${clock} time), ${store}, log at ${head}`,
    columns([
      ['projection', 'version', 'position', 'events', 'state'],
      ...projections.map(({ projection, version, position, events, broken }) => [
        projection,
        String(version),
        position ?? '-',
        String(events),
        broken === undefined ? 'runs' : `broken at ${broken.position}: ${broken.cause}`,
      ]),
    ]),
    `nearest deadline: ${nearest}; dead letters: ${dead}`,
  ].join('\n');
};

/** `chancery status`: how the store and all that follows its log are. */
export const status = (place: Place, output: Output): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const found = await engine.status();
    const dead = engine.deadLetters.list(1_000).length;
    output.item({ ...found, deadLetters: dead }, () => describeStatus(found, dead));
    const isWhole = found.projections.every(({ broken }) => broken === undefined);
    return isWhole && dead === 0 ? exitCodes.done : exitCodes.notRight;
  });

/** `chancery streams`: every stream with its last revision, in byte order. */
export const streams = (
  place: Place,
  category: string | undefined,
  output: Output,
): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    let after: string | undefined;
    for (;;) {
      const page = await engine.streams({
        limit: PAGE,
        ...(category === undefined ? {} : { category }),
        ...(after === undefined ? {} : { after }),
      });
      for (const found of page) output.item(found, () => `${found.stream}  ${found.revision}`);
      after = page.at(-1)?.stream;
      if (page.length < PAGE) return exitCodes.done;
    }
  });

const describeEvent = ({ revision, type, data, metadata }: Envelope): string =>
  `${String(revision).padStart(4)}  ${describeInstant(metadata.at)}  ${type}  by ${metadata.actor}  ${JSON.stringify(data)}`;

/** `chancery history`: the events of a stream. */
export const history = (place: Place, name: string, output: Output): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const stream = streamNamed(name);
    const events = await engine.history(stream);
    if (events.length === 0) throw nothingIn(stream);
    for (const event of events) output.item(event, () => describeEvent(event));
    return exitCodes.done;
  });

const nothingIn = (stream: string): CliError =>
  new CliError(
    `there is no stream ${stream}; chancery streams lists those there are`,
    exitCodes.notRight,
  );

/** `chancery state`: what a stream's events add up to, now, at a revision or at an instant. */
export const state = (
  place: Place,
  name: string,
  { at, revision }: { readonly at?: number; readonly revision?: number },
  output: Output,
): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const stream = streamNamed(name);
    const subsystem: AnySubsystem | undefined = subsystems.find(
      ({ category }) => category === partsOf(stream)?.category,
    );
    if (subsystem === undefined) {
      const known = subsystems.map(({ category }) => category).join(', ');
      throw new CliError(
        `${stream} belongs to no subsystem; there are ${known}`,
        exitCodes.wrongUsage,
      );
    }
    const found = await engine.stateAt(subsystem, stream, pointOf(at, revision));
    if (found.revision === undefined && at === undefined) throw nothingIn(stream);
    output.item({ stream, ...found }, () => JSON.stringify(found.state, null, 2));
    return exitCodes.done;
  });

const pointOf = (at: number | undefined, revision: number | undefined) => {
  if (at !== undefined) return { instant: at };
  return revision === undefined ? undefined : { revision };
};

/** A read model by its name. */
const modelNamed = (name: string) => {
  const models = subsystems.flatMap(({ projections }) =>
    projections.flatMap(({ models: all }) => all),
  );
  const model = models.find((candidate) => candidate.name === name);
  if (model !== undefined) return model;
  const known = models.map((candidate) => candidate.name).join(', ');
  throw new CliError(`there is no read model ${name}; there are ${known}`, exitCodes.wrongUsage);
};

/** `chancery rows`: the rows of a read model, all or those that its indexes find. */
export const rows = (
  place: Place,
  name: string,
  where: Readonly<Record<string, string>>,
  output: Output,
): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const model = modelNamed(name);
    for await (const { key, row } of rowsOf(engine, model, where)) {
      output.item({ key, row }, () => `${key}  ${JSON.stringify(row)}`);
    }
    return exitCodes.done;
  });

async function* rowsOf(
  engine: Engine,
  model: ReturnType<typeof modelNamed>,
  where: Readonly<Record<string, string>>,
) {
  const query = engine.query(model).where(where);
  let after: string | undefined;
  for (;;) {
    const page = await query.page({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1)?.key;
    if (page.length < PAGE) return;
  }
}
