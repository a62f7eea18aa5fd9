import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import * as t from 'io-ts';
import { E } from '../engine/fp.ts';
import {
  documents,
  follows,
  keeps,
  looks,
  moves,
  runs,
  serves,
  type Perform,
} from './declarations.ts';
import { proves } from './proof-declarations.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { inline, output } from './output.ts';

const versionOf = (packageFile: URL): string => {
  const found = t.type({ version: t.string }).decode(JSON.parse(readFileSync(packageFile, 'utf8')));
  return E.isRight(found) ? found.right.version : 'unknown';
};

/** The whole command line; `perform` does the work that a command declares. */
const programOf = (perform: Perform): Command => {
  const program = new Command('chancery')
    .description('event-sourced state machines of trust and operations')
    .version(versionOf(new URL('../../package.json', import.meta.url)))
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        const problem = text
          .trim()
          .replace(/^error: /, '')
          .replaceAll('\n', ' ');
        write(`chancery: ${problem}; --help says how it is used\n`);
      },
    });
  for (const declare of [runs, looks, follows, keeps, moves, serves, proves, documents])
    declare(program, perform);
  return program;
};

/** Runs the command line; resolves to the exit code. Errors are one line on standard error that says what to do. */
export const main = async (argv: readonly string[]): Promise<ExitCode> => {
  let exitCode: ExitCode = exitCodes.done;
  const perform: Perform = async (flags, work) => {
    const out = output(flags);
    try {
      exitCode = await work(out);
      await out.flushed();
    } finally {
      out.endProgress();
    }
  };
  try {
    await programOf(perform).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (cause) {
    if (cause instanceof CommanderError) {
      return cause.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    }
    if (!(cause instanceof CliError)) throw cause;
    process.stderr.write(`chancery: ${inline(cause.message)}\n`);
    return cause.exitCode;
  }
};
