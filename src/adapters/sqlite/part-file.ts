import { randomUUID } from 'node:crypto';
import { linkSync, renameSync, rmSync } from 'node:fs';
import { codeOf } from './failures.ts';

/** A name beside a new file, which nobody else has, for as long as that is not whole. */
export const partOf = (target: string): string => `${target}.${randomUUID()}.part`;

/** What file systems without hard links answer. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Gives a whole part its name; throws `EEXIST` where something has come to stand there, and leaves that alone. */
export const publish = (part: string, target: string): void => {
  try {
    linkSync(part, target);
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error) ?? '')) throw error;
    return renameSync(part, target);
  }
  rmSync(part);
};
