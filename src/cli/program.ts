import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { createRequire } from 'node:module';
import { history, rows, state, status, streams } from './commands/look.ts';
import { marketDay } from './commands/market-day.ts';
import { deadLetters, docs, rebuild } from './commands/mend.ts';
import { run, type RunFlags } from './commands/run.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { parseInstant } from './instant.ts';
import type { Place } from './open.ts';
import { output } from './output.ts';

type Common = Place & { readonly json?: boolean };

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const condition = (text: string, known: Record<string, string> = {}): Record<string, string> => {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('a condition is index=value');
  return { ...known, [text.slice(0, equals)]: text.slice(equals + 1) };
};

const revisionNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('a revision is a whole number from 0');
  return Number(text);
};

/** A command with the options that all of them take. */
const common = (command: Command, data = './data'): Command =>
  command
    .option('--data <dir>', 'the directory of the data', data)
    .option('--store <url>', 'the store, where it is not in the data directory: sqlite:PATH')
    .option('--json', 'one JSON object per line')
    .exitOverride();

type Exit = { code: ExitCode };

const looking = (program: Command, exit: Exit): void => {
  common(program.command('status'))
    .description('how the store is, and how far all that follows its log has come')
    .addHelpText('after', '\nExample: chancery status --data ./data --json')
    .action(async (place: Common) => {
      exit.code = await status(place, output(place));
    });
  common(program.command('streams [category]'))
    .description('every stream with its last revision')
    .addHelpText('after', '\nExample: chancery streams escrow')
    .action(async (category: string | undefined, place: Common) => {
      exit.code = await streams(place, category, output(place));
    });
  common(program.command('history <stream>'))
    .description('the events of a stream')
    .addHelpText('after', '\nExample: chancery history escrow-E1')
    .action(async (stream: string, place: Common) => {
      exit.code = await history(place, stream, output(place));
    });
  common(program.command('state <stream>'))
    .description('what the events of a stream add up to')
    .option(
      '--at <instant>',
      'at an instant, with what time alone had caused by then',
      parseInstant,
    )
    .addOption(
      new Option('--revision <n>', 'after the event of a revision')
        .argParser(revisionNumber)
        .conflicts('at'),
    )
    .addHelpText('after', '\nExample: chancery state escrow-E1 --at 2026-01-31T12:00:00Z')
    .action(async (stream: string, flags: Common & { at?: number; revision?: number }) => {
      exit.code = await state(flags, stream, flags, output(flags));
    });
  common(program.command('rows <model>'))
    .description('the rows of a read model')
    .option('--where <index=value>', 'only rows that an index finds; may be repeated', condition)
    .addHelpText('after', '\nExample: chancery rows escrows --where status=Locked')
    .action(async (model: string, flags: Common & { where?: Record<string, string> }) => {
      exit.code = await rows(flags, model, flags.where ?? {}, output(flags));
    });
};

const mending = (program: Command, exit: Exit): void => {
  common(program.command('rebuild <projection>'))
    .description("a projection's rows anew, from the first event")
    .addHelpText('after', '\nExample: chancery rebuild ledger')
    .action(async (projection: string, place: Common) => {
      exit.code = await rebuild(place, projection, output(place));
    });
  common(program.command('dead-letters'))
    .description('what reactions could not do')
    .option('--retry <id>', 'does the work again')
    .addOption(new Option('--drop <id>', 'forgets it').conflicts('retry'))
    .addHelpText(
      'after',
      '\nExample: chancery dead-letters --retry lockEscrowWhenHoldIsPlaced/00000000000000000042',
    )
    .action(async (flags: Common & { retry?: string; drop?: string }) => {
      exit.code = await deadLetters(flags, flags, output(flags));
    });
  program
    .command('docs')
    .description('a page for each subsystem, from the running model')
    .option('--out <dir>', 'where the pages go', 'docs/subsystems')
    .option('--check', 'only says which pages are not current')
    .option('--json', 'one JSON object per page')
    .addHelpText('after', '\nExample: chancery docs --check')
    .action((flags: { out: string; check?: boolean; json?: boolean }) => {
      exit.code = docs(flags, output(flags));
    });
};

const runs = (program: Command, exit: Exit): void => {
  common(program.command('run [file]'))
    .description('executes commands from JSON lines; - is standard input')
    .option('--at', 'virtual time: every line carries its own instant')
    .option('--until <instant>', 'where virtual time ends, if not at the last line', parseInstant)
    .option('--instance <id>', 'the instance that a new store becomes')
    .addHelpText(
      'after',
      '\nA line: {"stream":"account-ada","command":"FreezeAccount","data":{"reason":"lost key"},"actor":{"id":"tess","roles":["treasurer"]}}\nExample: chancery run --at examples/deal.jsonl --data ./deal',
    )
    .action(async (file: string | undefined, flags: Common & RunFlags) => {
      if (flags.until !== undefined && flags.at !== true)
        throw new CliError('--until goes with --at', exitCodes.wrongUsage);
      exit.code = await run(flags, file ?? '-', flags, output(flags));
    });
  common(program.command('market-day'), './data/market-day')
    .description('a day of a marketplace under virtual time, checked against its expected outcomes')
    .addHelpText('after', '\nExample: chancery market-day --json')
    .action(async (place: Common) => {
      exit.code = await marketDay(place, output(place));
    });
};

/** Runs the command line; resolves to the exit code. Errors are one line on standard error that says what to do. */
export const main = async (argv: readonly string[]): Promise<ExitCode> => {
  const exit: Exit = { code: exitCodes.done };
  const program = new Command('chancery')
    .description('event-sourced state machines of trust and operations')
    .version(version)
    .exitOverride();
  runs(program, exit);
  looking(program, exit);
  mending(program, exit);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit.code;
  } catch (cause) {
    if (cause instanceof CommanderError)
      return cause.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    if (!(cause instanceof CliError)) throw cause;
    process.stderr.write(`chancery: ${cause.message}\n`);
    return cause.exitCode;
  }
};
