import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Whether a program did what it was asked for; false too where it is missing. */
export const did = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args).status === 0;

/**
 * Mounts, and unmounts when a file's tests are over: to be called before `temporary`, as what is mounted has to go before the directory.
 * Each answers false where this user or machine cannot.
 */
export const mounts = () => {
  const mounted = new Set<string>();
  const mount = (directory: string, ...args: readonly string[]): boolean => {
    mkdirSync(directory, { recursive: true });
    const isDone = did('/bin/mount', ...args, directory);
    if (isDone) mounted.add(directory);
    return isDone;
  };
  const unmount = (directory: string): boolean => {
    const isDone = did('/bin/umount', directory);
    if (isDone) mounted.delete(directory);
    return isDone;
  };
  afterAll(() => {
    for (const directory of mounted) if (!unmount(directory)) did('/bin/umount', '-l', directory);
  });
  return { mount, unmount };
};
