import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shared, sized, type Run } from '../harness/row.ts';
import { fillWithTickets, projectTickets } from './ticket-log.ts';

export type BigLog = { readonly path: string; readonly events: number };

/** A log of 1,000,000 events (fewer in a quick run) with its projections current: made once per run. */
export const bigLog = shared(async (run: Run): Promise<BigLog> => {
  const path = join(run.directory, 'million.db');
  const log = { streams: sized(run, 4_000, 200_000), events: 5, closes: true };
  if (!existsSync(path)) {
    await fillWithTickets(path, log);
    await projectTickets(path);
  }
  return { path, events: log.streams * log.events };
});

/** Runs a script of the bench in a process of its own; resolves to the JSON of the last line that it prints. */
export const inChild = (script: string, ...args: readonly string[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const file = join(import.meta.dirname, '..', script);
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.once('error', reject);
    child.once('close', (code) => {
      const line = printed.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(line));
      else reject(new Error(`${script} ended with ${String(code)}`));
    });
  });
