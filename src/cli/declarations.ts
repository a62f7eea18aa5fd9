import { Option, type Command } from 'commander';
import { archive, load } from './commands/archive.ts';
import { backup } from './commands/backup.ts';
import { copy, type CopyFlags } from './commands/copy.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { digest } from './commands/digest.ts';
import { docs } from './commands/docs.ts';
import { doctor } from './commands/doctor.ts';
import { effects } from './commands/effects.ts';
import { history, state, streams } from './commands/look.ts';
import { marketDay } from './commands/market-day.ts';
import { payments, type PaymentFlags } from './commands/payments.ts';
import { rebuild } from './commands/rebuild.ts';
import { rows } from './commands/rows.ts';
import { run, type RunFlags } from './commands/run.ts';
import { sandboxBank, type BankFlags } from './commands/sandbox-bank.ts';
import { status } from './commands/status.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { parseInstant } from './instant.ts';
import {
  STORE_URLS,
  condition,
  instanceId,
  onStore,
  portNumber,
  revisionNumber,
  type Common,
} from './options.ts';
import type { Output } from './output.ts';

/** Does a command's work with the output that its flags ask for. */
export type Perform = (
  flags: { readonly json?: boolean },
  work: (output: Output) => Promise<ExitCode>,
) => Promise<void>;

const A_LINE =
  'A line: {"stream":"account-ada","command":"FreezeAccount","data":{"reason":"lost key"},"actor":{"id":"tess","roles":["treasurer"]}}';

/** The commands that write. */
export const runs = (program: Command, perform: Perform): void => {
  onStore(program.command('run [file]'), 'chancery run --at deal.jsonl --data ./deal')
    .description('executes commands from JSON lines; - is standard input')
    .option('--at', 'virtual time: every line carries its own instant')
    .option('--until <instant>', 'where virtual time ends, if not at the last line', parseInstant)
    .option('--instance <id>', 'the instance that a new store becomes', instanceId)
    .option('--sign <keystore>', 'signs checkpoints of the log with the key in this file')
    .option('--passphrase <reference>', "the key's passphrase: env:NAME or file:/path")
    .option('--anchor <file>', 'where signed checkpoints are published too')
    .addHelpText('after', A_LINE)
    .action((file: string | undefined, flags: Common & RunFlags) =>
      perform(flags, (output) => {
        if (flags.until !== undefined && flags.at !== true) {
          throw new CliError('--until goes with --at', exitCodes.wrongUsage);
        }
        return run(flags, file ?? '-', flags, output);
      }),
    );
  onStore(program.command('market-day'), 'chancery market-day --json', './data/market-day')
    .description('a day of a marketplace under virtual time, checked against its expected outcomes')
    .action((flags: Common) => perform(flags, (output) => marketDay(flags, output)));
};

/** The commands that look at the store and at streams. */
export const looks = (program: Command, perform: Perform): void => {
  onStore(program.command('status'), 'chancery status --data ./data --json')
    .description('how the store is, and how far all that follows its log has come')
    .action((flags: Common) => perform(flags, (output) => status(flags, output)));
  onStore(program.command('streams [category]'), 'chancery streams escrow')
    .description('every stream with its last revision')
    .action((category: string | undefined, flags: Common) =>
      perform(flags, (output) => streams(flags, category, output)),
    );
  onStore(program.command('history <stream>'), 'chancery history escrow-E1')
    .description('the events of a stream')
    .action((stream: string, flags: Common) =>
      perform(flags, (output) => history(flags, stream, output)),
    );
  onStore(program.command('state <stream>'), 'chancery state escrow-E1 --at 2026-01-31T12:00:00Z')
    .description('what the events of a stream add up to')
    .option('--at <instant>', 'at an instant, with what time alone had caused', parseInstant)
    .addOption(
      new Option('--revision <n>', 'after the event of a revision')
        .argParser(revisionNumber)
        .conflicts('at'),
    )
    .action((stream: string, flags: Common & { at?: number; revision?: number }) =>
      perform(flags, (output) => state(flags, stream, flags, output)),
    );
};

/** The commands about what follows the log: read models, projections, reactions. */
export const follows = (program: Command, perform: Perform): void => {
  onStore(program.command('rows <model>'), 'chancery rows escrows --where status=Locked')
    .description('the rows of a read model')
    .option('--where <index=value>', 'only rows that an index finds; may be repeated', condition)
    .action((model: string, flags: Common & { where?: Readonly<Record<string, string>> }) =>
      perform(flags, (output) => rows(flags, model, flags.where ?? {}, output)),
    );
  onStore(program.command('rebuild <projection>'), 'chancery rebuild ledger')
    .description("a projection's rows anew, from the first event")
    .action((projection: string, flags: Common) =>
      perform(flags, (output) => rebuild(flags, projection, output)),
    );
  onStore(
    program.command('dead-letters'),
    'chancery dead-letters --retry lockEscrowWhenHoldIsPlaced/00000000000000000042',
  )
    .description('what reactions could not do')
    .option('--retry <id>', 'does the work again')
    .addOption(new Option('--drop <id>', 'forgets it').conflicts('retry'))
    .action((flags: Common & { retry?: string; drop?: string }) =>
      perform(flags, (output) => deadLetters(flags, flags, output)),
    );
  onStore(
    program.command('effects'),
    'chancery effects --retry payWithdrawals:sandbox/00000000000000000042',
  )
    .description('what is to be done in the outside world and is not done yet')
    .option('--retry <id>', 'tries it at once, from where it stands')
    .addOption(new Option('--drop <id>', 'forgets it').conflicts('retry'))
    .action((flags: Common & { retry?: string; drop?: string }) =>
      perform(flags, (output) => effects(flags, flags, output)),
    );
  onStore(program.command('payments'), 'chancery payments --claim P1 --owner ada')
    .description('payments that came in and could not be booked')
    .option('--claim <ref>', 'books the one with this reference for --owner')
    .option('--owner <id>', 'whose payment it is')
    .action((flags: Common & PaymentFlags) =>
      perform(flags, (output) => payments(flags, flags, output)),
    );
};

/** The commands about a store as a whole: whether it is sound, and copies of it. */
export const keeps = (program: Command, perform: Perform): void => {
  onStore(program.command('doctor'), 'chancery doctor --data ./data --json')
    .description('whether a store is as it was written, and what waits for somebody')
    .action((flags: Common) => perform(flags, (output) => doctor(flags, output)));
  onStore(program.command('digest <projection>'), 'chancery digest ledger --at 1000')
    .description("SHA-256 of a projection's rows, as the log makes them up to a position")
    .option('--at <position>', 'the position, if not the last of the log')
    .action((projection: string, flags: Common & { at?: string }) =>
      perform(flags, (output) => digest(flags, projection, flags.at, output)),
    );
  onStore(program.command('backup <file>'), 'chancery backup ./backup.db --data ./data')
    .description('a copy of a store, also of one that is being written')
    .action((file: string, flags: Common) =>
      perform(flags, (output) => backup(flags, file, output)),
    );
  onStore(program.command('archive <file>'), 'chancery archive ./events.jsonl --until 1000')
    .description('the events of a store as JSON lines, for another store to load')
    .option('--until <position>', 'the last position that goes into it, if not the last of the log')
    .action((file: string, flags: Common & { until?: string }) =>
      perform(flags, (output) => archive(flags, file, flags.until, output)),
    );
  onStore(program.command('load <file>'), 'chancery load ./events.jsonl --data ./restored')
    .description('makes a new store from an archive')
    .action((file: string, flags: Common) => perform(flags, (output) => load(flags, file, output)));
};

/** The command that serves: a process of its own for the stand-in bank. */
export const serves = (program: Command, perform: Perform): void => {
  program
    .command('sandbox-bank')
    .description('a stand-in bank that moves no real money, until it is stopped')
    .option('--data <dir>', "the directory of the bank's file", './data')
    .option('--port <n>', 'the port on the loopback address; 0 takes a free one', portNumber, 0)
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample: chancery sandbox-bank --data ./data --port 7411')
    .action((flags: BankFlags & { json?: boolean }) =>
      perform(flags, (output) => sandboxBank(flags, output)),
    );
};

/** The command between two stores. */
export const moves = (program: Command, perform: Perform): void => {
  program
    .command('copy')
    .description('the log of one store into another, event by event; started again it goes on')
    .requiredOption('--from <url>', `the store that is read: ${STORE_URLS}`)
    .requiredOption('--to <url>', 'the store that is written: a new one, or a begun copy')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample: chancery copy --from sqlite:./data/chancery.db --to esdb://localhost:2113?tls=false',
    )
    .action((flags: CopyFlags & { json?: boolean }) =>
      perform(flags, (output) => copy(flags, output)),
    );
};

/** The command that needs no store. */
export const documents = (program: Command, perform: Perform): void => {
  program
    .command('docs')
    .description('a page for each subsystem, from the running model')
    .option('--out <dir>', 'where the pages go', 'docs/subsystems')
    .option('--check', 'only says which pages are not current')
    .option('--json', 'one JSON object per page')
    .addHelpText('after', '\nExample: chancery docs --check')
    .action((flags: { out: string; check?: boolean; json?: boolean }) =>
      perform(flags, async (output) => docs(flags, output)),
    );
};
