import { writeFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { removeDirectory, runDirectory } from './harness/files.ts';
import { HELP, optionsOf, type Options } from './harness/options.ts';
import { installPeers } from './harness/peers.ts';
import { NotRun, type Row, type Run } from './harness/row.ts';
import { jsonOf, pageOf, textOf, type Result } from './harness/table.ts';
import { rows } from './rows.ts';

const here = import.meta.dirname;

const chosen = ({ only }: Options): readonly Row[] =>
  Object.entries(rows).flatMap(([file, group]) =>
    group.filter(
      ({ name }) =>
        only.length === 0 ||
        only.some((text) => `${file} ${name}`.toLowerCase().includes(text.toLowerCase())),
    ),
  );

const measured = async (row: Row, run: Run): Promise<Result> => {
  try {
    return { row, measured: await row.measure(run) };
  } catch (cause) {
    if (cause instanceof NotRun) return { row, notRun: cause.message };
    return { row, failed: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
};

const about = ({ date, scale, rounds }: Options): readonly string[] => {
  const [processor] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${date}, Node ${process.version}, ${type()} ${process.arch}`,
    `${cpus().length} x ${processor?.model ?? 'unknown processor'}, ${gib} GiB`,
    `${rounds} rounds, sizes: ${scale}`,
  ];
};

const pagePath = ({ only, scale, output }: Options): string | undefined => {
  if (output !== undefined) return output;
  return only.length === 0 && scale !== 'quick' ? join(here, 'results.md') : undefined;
};

const runAll = async (options: Options): Promise<readonly Result[]> => {
  const directory = runDirectory(options.directory);
  const run: Run = { directory, scale: options.scale, rounds: options.rounds };
  const results: Result[] = [];
  try {
    for (const row of chosen(options)) {
      const begin = performance.now();
      results.push(await measured(row, run));
      const took = ((performance.now() - begin) / 1000).toFixed(1);
      console.error(`${row.name}: ${took} s`);
    }
  } finally {
    removeDirectory(directory);
  }
  return results;
};

const main = async (options: Options): Promise<void> => {
  if (options.help) return console.log(HELP);
  if (options.list)
    return console.log(
      chosen(options)
        .map(({ name }) => name)
        .join('\n'),
    );
  installPeers(here);
  const results = await runAll(options);
  if (results.length === 0) throw new Error('no row has such a name: see --list');
  for (const line of about(options)) console.log(line);
  console.log(textOf(results));
  const page = pagePath(options);
  if (page !== undefined) writeFileSync(page, pageOf(results, about(options)));
  if (options.json) console.log(jsonOf(results));
  if (results.some((result) => 'failed' in result)) process.exitCode = 1;
};

try {
  await main(optionsOf(process.argv.slice(2)));
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 2;
}
