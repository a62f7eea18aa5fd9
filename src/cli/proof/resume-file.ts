import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as t from 'io-ts';
import { fromHex } from '../../domain/proof/log-checkpoint/statements.ts';
import { toHex } from '../../engine/bytes.ts';
import { E } from '../../engine/fp.ts';
import { parsedJson } from '../../engine/json.ts';
import type { Verified } from '../../proof/log-walk.ts';
import { CliError, exitCodes } from '../exit-codes.ts';

const Stored = t.strict({
  format: t.literal('chancery-verify'),
  v: t.literal(1),
  instance: t.string,
  position: t.string,
  size: t.number,
  peaks: t.array(t.string),
  good: t.strict({ size: t.number, position: t.string }),
});

/** How far a verification has come, in a file of the auditor's: whoever can write it can make it skip events. */
export const resumeFile = (path: string) => ({
  read: async (): Promise<Verified | undefined> => {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const stored = Stored.decode(parsedJson(text));
    if (E.isLeft(stored)) {
      const problem = `${path} says not how far a verification came; remove it or name another file`;
      throw new CliError(problem, exitCodes.wrongUsage);
    }
    const { instance, position, size, peaks, good } = stored.right;
    return { instance, position, good, frontier: { size, peaks: peaks.map(fromHex) } };
  },
  write: async ({ instance, position = '0', good, frontier }: Verified): Promise<void> => {
    const { size, peaks } = frontier;
    const reached = { instance, position, size, peaks: peaks.map(toHex), good };
    const stored = { format: 'chancery-verify', v: 1, ...reached };
    await writeFile(`${path}.part`, `${JSON.stringify(stored)}\n`);
    await rename(`${path}.part`, path);
  },
  remove: () => rm(path, { force: true }),
});
