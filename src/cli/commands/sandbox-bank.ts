import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serveBank } from '../../adapters/rails/sandbox-bank/bank-server.ts';
import { CliError, exitCodes, reasonOf, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';

export type BankFlags = { readonly data: string; readonly port: number };

const listening = async ({ data, port }: BankFlags) => {
  try {
    mkdirSync(data, { recursive: true });
    return await serveBank(join(data, 'sandbox-rail.db'), port);
  } catch (cause) {
    throw new CliError(
      `the sandbox bank cannot start: ${reasonOf(cause)}; name another --data directory or --port`,
      exitCodes.storeFailed,
    );
  }
};

/** `chancery sandbox-bank`: a stand-in bank in a process of its own, until it is told to stop. */
export const sandboxBank = async (flags: BankFlags, output: Output): Promise<ExitCode> => {
  const server = await listening(flags);
  output.item({ sandbox: server.url }, () => `the sandbox bank listens at ${server.url}`);
  await new Promise((stop) => process.once('SIGINT', stop).once('SIGTERM', stop));
  await server.close();
  return exitCodes.done;
};
