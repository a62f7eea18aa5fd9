import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySubsystem } from '../../engine/subsystem.ts';
import { pageOf } from './page.ts';

const current = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const pages = (subsystems: readonly AnySubsystem[], directory: string) =>
  subsystems.map((subsystem) => ({
    path: join(directory, `${subsystem.category}.md`),
    text: pageOf(subsystem),
  }));

/** The pages that are not what the model says now. */
export const stalePages = (
  subsystems: readonly AnySubsystem[],
  directory: string,
): readonly string[] =>
  pages(subsystems, directory)
    .filter(({ path, text }) => current(path) !== text)
    .map(({ path }) => path);

/** Writes every page; resolves to the paths of those that changed. */
export const writePages = (
  subsystems: readonly AnySubsystem[],
  directory: string,
): readonly string[] => {
  const stale = stalePages(subsystems, directory);
  mkdirSync(directory, { recursive: true });
  for (const { path, text } of pages(subsystems, directory)) {
    if (stale.includes(path)) writeFileSync(path, text);
  }
  return stale;
};
