import { statSync } from 'node:fs';

/** Looks whether a path still names the file that it named when this was called: neither removed nor replaced. */
export const identityOf = (path: string): (() => boolean) => {
  const opened = statSync(path, { bigint: true });
  return () => {
    const now = statSync(path, { bigint: true, throwIfNoEntry: false });
    return now?.ino === opened.ino && now.dev === opened.dev;
  };
};
