import { copyLog, type Copied } from '../../adapters/copy/copy-log.ts';
import { CopyFailed } from '../../adapters/copy/failures.ts';
import { withoutRows } from '../../adapters/sqlite/local-rows.ts';
import { createEngine } from '../../create-engine.ts';
import { unwrapped } from '../../engine/run/edge.ts';
import type { Log } from '../../engine/rows.ts';
import type { Position } from '../../engine/store.ts';
import { subsystems } from '../../subsystems.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { closing, orFailing } from '../open.ts';
import { columns, type Output } from '../output.ts';
import { categories, logAt } from '../place.ts';
import { projectionNames } from '../subjects.ts';

/** The two stores, as URLs. */
export type CopyFlags = { readonly from: string; readonly to: string };

type Digests = Readonly<Record<string, string>>;

/** The log of a store for as long as the work takes. */
const withLog = async <T>(
  log: Log,
  readOnly: boolean,
  work: (events: Parameters<typeof copyLog>[0]) => Promise<T>,
): Promise<T> => {
  const open = unwrapped(await log.open({ readOnly, categories })());
  try {
    return await work(open.events);
  } finally {
    await open.close();
  }
};

/** The digest of every projection at a position, from the log alone. */
const digestsOf = (log: Log, position: Position, output: Output): Promise<Digests> =>
  closing(
    () => createEngine({ store: withoutRows(log), subsystems, readOnly: true }),
    async (engine) => {
      const digests: [string, string][] = [];
      for (const name of projectionNames()) {
        output.progress(`building the rows of ${name} from ${log.name}`);
        digests.push([name, await engine.digest(name, position)]);
      }
      return Object.fromEntries(digests);
    },
  );

const copied = (from: Log, to: Log, output: Output): Promise<Copied> =>
  withLog(from, true, (source) =>
    withLog(to, false, (target) =>
      copyLog(source, target, (events) => output.progress(`copy: ${events} events`)),
    ),
  );

const describe = (from: string, to: string, copy: Copied, before: Digests, after: Digests) =>
  [
    `${to}: instance ${copy.instance}, ${copy.events} events, ${copy.found} of them were there; ${from} was read up to position ${copy.from}, which is ${copy.to} now`,
    columns(
      Object.entries(before).map(([name, digest]) => [
        name,
        digest,
        after[name] === digest ? 'equal' : `DIFFERENT: ${after[name]}`,
      ]),
    ),
  ].join('\n');

/** `chancery copy`: the log of one store into another, and whether every projection comes out the same there. */
export const copy = (flags: CopyFlags, output: Output): Promise<ExitCode> =>
  orFailing(async () => {
    const [from, to] = [logAt('--from', flags.from), logAt('--to', flags.to)];
    if (from.name === to.name) {
      throw new CliError(`--from and --to are both ${to.name}; name two`, exitCodes.wrongUsage);
    }
    const done = await copied(from, to, output).catch((cause: unknown) => {
      throw cause instanceof CopyFailed ? new CliError(cause.message, exitCodes.notRight) : cause;
    });
    const before = await digestsOf(from, done.from, output);
    const after = await digestsOf(to, done.to, output);
    output.endProgress();
    const differing = Object.keys(before).filter((name) => before[name] !== after[name]);
    const [source, target] = [
      { store: from.name, position: done.from, digests: before },
      { store: to.name, position: done.to, digests: after },
    ];
    const { instance, events, found } = done;
    output.item({ instance, events, found, from: source, to: target, differing }, () =>
      describe(from.name, to.name, done, before, after),
    );
    return differing.length === 0 ? exitCodes.done : exitCodes.notRight;
  });
