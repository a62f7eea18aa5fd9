import { subsystems } from '../../subsystems.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { stalePages, writePages } from '../docs/write-docs.ts';

/** `chancery docs`: a page for each subsystem, from the running model. */
export const docs = (
  { out, check = false }: { readonly out: string; readonly check?: boolean },
  output: Output,
): ExitCode => {
  const paths = check ? stalePages(subsystems, out) : writePages(subsystems, out);
  for (const path of paths) {
    if (check) output.item({ path, stale: true }, () => `${path} is not current`);
    if (!check) output.item({ path, written: true }, () => `${path} is written`);
  }
  if (!output.json && paths.length === 0) output.line(`${out}: all pages are current`);
  if (check && paths.length > 0) output.notice(`chancery docs --out ${out} writes them anew`);
  return check && paths.length > 0 ? exitCodes.notRight : exitCodes.done;
};
