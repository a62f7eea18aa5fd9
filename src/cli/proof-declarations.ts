import { Option, type Command } from 'commander';
import { keygen, rotateKeys, type KeygenFlags, type RotateFlags } from './commands/keys.ts';
import { proveStream, verifyFile } from './commands/prove.ts';
import { verify, type VerifyFlags } from './commands/verify.ts';
import type { Perform } from './declarations.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { onStore, trustedKey, type Common } from './options.ts';

const PASSPHRASE = 'env:NAME or file:/path';

const declareVerify = (program: Command, perform: Perform): void => {
  onStore(
    program.command('verify'),
    'chancery verify --key did:key:z6Mk... --anchor ./anchor.jsonl',
  )
    .description('whether the log is what was signed, and the first place where it is not')
    .option('--anchor <file>', 'checkpoints that were published elsewhere')
    .option('--key <key>', 'the key that you trust: did:key:z..., or 64 hex digits', trustedKey)
    .option('--resume <file>', 'where an interrupted verification says how far it came')
    .addOption(
      new Option('--bundle <file>', 'verifies a bundle instead of a store').conflicts([
        'anchor',
        'resume',
        'store',
      ]),
    )
    .action((flags: Common & VerifyFlags & { readonly bundle?: string }) =>
      perform(flags, async (output) => {
        const { bundle, key } = flags;
        if (bundle === undefined) return verify(flags, flags, output);
        if (key !== undefined) return verifyFile(bundle, key, output);
        throw new CliError(
          '--bundle goes with --key, the key that you trust',
          exitCodes.wrongUsage,
        );
      }),
    );
  onStore(program.command('prove <stream>'), 'chancery prove escrow-E1@3 --out ./bundle.json')
    .description('a bundle that proves the events of a stream, or one revision, offline')
    .option('--out <file>', 'where it goes, if not to standard output')
    .action((stream: string, flags: Common & { readonly out?: string }) =>
      perform(flags, (output) => proveStream(flags, stream, flags.out, output)),
    );
};

/** The commands about proofs: whether the log is what was signed, and the keys that sign it. */
export const proves = (program: Command, perform: Perform): void => {
  declareVerify(program, perform);
  program
    .command('keygen <file>')
    .description('a new key in a keystore file, sealed with a passphrase')
    .requiredOption('--identity <id>', 'whose key it is')
    .requiredOption('--passphrase <reference>', `where its passphrase is: ${PASSPHRASE}`)
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample: chancery keygen ./log.key --identity ops --passphrase env:PASS',
    )
    .action((file: string, flags: KeygenFlags & { readonly json?: boolean }) =>
      perform(flags, (output) => keygen(file, flags, output)),
    );
  const keys = program.command('keys').description('the keys that sign checkpoints');
  onStore(
    keys.command('rotate <file>'),
    'chancery keys rotate ./next.key --from ./log.key --passphrase env:PASS',
  )
    .description('the key in a keystore file signs from now on')
    .requiredOption('--from <keystore>', 'the key that signs now')
    .requiredOption('--passphrase <reference>', `its passphrase: ${PASSPHRASE}`)
    .addOption(new Option('--new-passphrase <reference>', "the new key's, if it is another"))
    .action((file: string, flags: Common & RotateFlags) =>
      perform(flags, (output) => rotateKeys(flags, file, flags, output)),
    );
};
