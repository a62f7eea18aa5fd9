import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { nativeFirst } from '../../adapters/native-ed25519.ts';
import { nativeSha256 } from '../../adapters/native-sha256.ts';
import { E } from '../../engine/fp.ts';
import type { OpenStore } from '../../engine/rows.ts';
import { describeFailure, StoreFailed } from '../../engine/store.ts';
import { prove } from '../../proof/prove.ts';
import { storeLog } from '../../proof/store-log.ts';
import { instanceIn } from '../../proof/verify-log.ts';
import { BUNDLE_BYTES, type Bundle } from '../../verify/bundle.ts';
import { verifyBundle } from '../../verify/verify-bundle.ts';
import { CliError, exitCodes, reasonOf, type ExitCode } from '../exit-codes.ts';
import { orFailing } from '../open.ts';
import type { Output } from '../output.ts';
import { categories, storeThere, type Place } from '../place.ts';
import { streamNamed } from '../subjects.ts';

const NOT_THE_NEWEST = 'whether that is the newest event of the stream is not proven';

const subjectOf = (name: string) => {
  const at = /^(.+)@(\d{1,15})$/.exec(name);
  const [, stream = name, revision] = at ?? [];
  return {
    stream: streamNamed(stream),
    revision: revision === undefined ? undefined : Number(revision),
  };
};

const bundleOf = async (store: OpenStore, name: string): Promise<Bundle> => {
  const instance = await instanceIn(storeLog(store));
  if (instance === undefined) throw new CliError('the store has no instance', exitCodes.notRight);
  const parts = { store, sha256: nativeSha256, check: nativeFirst().check };
  const proven = await prove(parts, { instance, ...subjectOf(name) });
  if (E.isRight(proven)) return proven.right;
  throw new CliError(describeFailure(proven.left), exitCodes.notRight);
};

/** `chancery prove`: a bundle that proves a stream's events, or one of them, to whoever trusts the key. */
export const proveStream = (
  place: Place,
  name: string,
  out: string | undefined,
  output: Output,
): Promise<ExitCode> =>
  orFailing(async () => {
    if (out !== undefined && existsSync(out)) {
      throw new CliError(`${out} exists already; name a new file`, exitCodes.wrongUsage);
    }
    const opened = await storeThere(place).open({ readOnly: true, categories })();
    if (E.isLeft(opened)) throw new StoreFailed(opened.left);
    try {
      const bundle = await bundleOf(opened.right, name);
      if (out === undefined) {
        output.line(JSON.stringify(bundle));
        return exitCodes.done;
      }
      await writeFile(out, `${JSON.stringify(bundle)}\n`, { flag: 'wx' });
      const { stream, from, to } = bundle;
      const { size } = bundle.checkpoint;
      const said = { file: out, stream, from, to, size };
      output.item(
        said,
        () =>
          `${out}: revisions ${from} to ${to} of ${stream}, under the checkpoint over ${size} events`,
      );
      return exitCodes.done;
    } finally {
      await opened.right.close();
    }
  });

const textIn = async (file: string): Promise<string> => {
  try {
    const { size } = await stat(file);
    // A file that is too large is not read: the length that it says is refused like the bundle would be.
    if (size > BUNDLE_BYTES) {
      throw new CliError(
        `TooLarge: ${file} has ${size} bytes, a bundle at most ${BUNDLE_BYTES}`,
        exitCodes.notRight,
      );
    }
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(`cannot read ${file}: ${reasonOf(cause)}`, exitCodes.wrongUsage);
  }
};

/** `chancery verify --bundle`: whether a bundle proves what it says, by nothing but a key. */
export const verifyFile = async (file: string, key: string, output: Output): Promise<ExitCode> => {
  const verdict = verifyBundle(await textIn(file), key);
  if (E.isLeft(verdict)) {
    output.item({ refused: verdict.left }, () => `refused: ${describeFailure(verdict.left)}`);
    return exitCodes.notRight;
  }
  const { stream, from, to, checkpoint } = verdict.right;
  output.item(
    verdict.right,
    () =>
      `proven: revisions ${from} to ${to} of ${stream}, under the checkpoint over ${checkpoint.size} events; ${NOT_THE_NEWEST}`,
  );
  return exitCodes.done;
};
