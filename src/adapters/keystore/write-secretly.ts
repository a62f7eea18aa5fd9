import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../sqlite/connection.ts';

const OWNER_ONLY = 0o600;

/**
 * Writes a file that only its owner reads, whole and on the disk, or not at all. Without `replace` an existing file stays as it is and
 * the write fails. Rejects with file system errors.
 */
export const writeSecretly = async (
  path: string,
  content: string,
  { replace }: { readonly replace: boolean },
): Promise<void> => {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(draft, 'wx', OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, unlike a rename, fails where the name is taken.
    await (replace ? rename(draft, path) : link(draft, path));
    syncDirectory(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
};
