import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { PaymentOrder } from '../../src/adapters/rails/sandbox-bank/wire.ts';

const program = resolve(__dirname, '..', '..', 'src', 'main.ts');

/** The sandbox bank in a process of its own. */
export type BankProcess = {
  readonly url: string;
  /** A payment comes in; rejects with what the bank says against it. */
  readonly receive: (order: PaymentOrder) => Promise<void>;
  readonly kill: () => Promise<void>;
};

/** Starts the bank of a directory on a free port of the loopback address. */
export const bankProcess = async (data: string): Promise<BankProcess> => {
  const args = [program, 'sandbox-bank', '--data', data, '--port', '0', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { sandbox: url } = JSON.parse(line) as { readonly sandbox: string };
  return {
    url,
    receive: async (order) => {
      const body = JSON.stringify(order);
      const answer = await fetch(`${url}/payments`, { method: 'POST', body });
      if (!answer.ok) throw new Error(await answer.text());
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
