import { sandboxHttpRail } from '../../src/adapters/rails/sandbox-bank/sandbox-http-rail.ts';
import { sandboxRail } from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import { mkdirSync } from 'node:fs';
import { paymentRailContract } from '../contracts/payment-rail.contract.ts';
import { bankProcess } from '../support/bank-process.ts';
import { temporary } from '../support/cli.ts';

const place = temporary();

paymentRailContract('sandbox within the process', async () => {
  mkdirSync(place('within'));
  let rail = sandboxRail(place('within', 'bank.db'));
  return {
    rail,
    receive: async (order) => rail.receive(order),
    restart: async () => {
      rail.close();
      rail = sandboxRail(place('within', 'bank.db'));
      return rail;
    },
    close: async () => rail.close(),
  };
});

paymentRailContract('sandbox in a process of its own', async () => {
  let bank = await bankProcess(place('alone'));
  return {
    rail: sandboxHttpRail(bank.url, { timeoutMs: 2_000 }),
    receive: (order) => bank.receive(order),
    restart: async () => {
      await bank.kill();
      bank = await bankProcess(place('alone'));
      return sandboxHttpRail(bank.url);
    },
    close: () => bank.kill(),
  };
});
