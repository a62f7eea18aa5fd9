import { fileAnchor } from '../../adapters/anchor-file.ts';
import { createKeystore, openKeystore } from '../../adapters/keystore/keystore.ts';
import { localSecrets } from '../../adapters/secrets.ts';
import type { Signer } from '../../domain/shared/signer.ts';
import { E } from '../../engine/fp.ts';
import { describeFailure } from '../../engine/store.ts';
import type { Proving } from '../../proof/checkpoint-cutter.ts';
import { CliError, exitCodes } from '../exit-codes.ts';

const orUsage = <T>(answer: E.Either<{ readonly type: string }, T>): T => {
  if (E.isRight(answer)) return answer.right;
  throw new CliError(describeFailure(answer.left), exitCodes.wrongUsage);
};

const passphraseOf = async (reference: string): Promise<string> =>
  orUsage(await localSecrets().resolve(reference)()).reveal();

/** The signer in a keystore file. */
export const openedKey = async (file: string, passphrase: string): Promise<Signer> =>
  orUsage(await openKeystore(file, await passphraseOf(passphrase))());

/** A signer with a new key, in a new keystore file. */
export const newKey = async (file: string, identity: string, passphrase: string): Promise<Signer> =>
  orUsage(await createKeystore(file, { identity }, await passphraseOf(passphrase))());

export type SigningFlags = {
  readonly sign?: string;
  readonly passphrase?: string;
  readonly anchor?: string;
};

/** What signs a run's checkpoints; undefined: nothing is signed. */
export const provingOf = async ({
  sign,
  passphrase,
  anchor,
}: SigningFlags): Promise<Proving | undefined> => {
  if (sign === undefined) {
    if (passphrase === undefined && anchor === undefined) return undefined;
    throw new CliError('--passphrase and --anchor go with --sign', exitCodes.wrongUsage);
  }
  if (passphrase === undefined) {
    throw new CliError(
      '--sign goes with --passphrase env:NAME or file:/path',
      exitCodes.wrongUsage,
    );
  }
  const signer = await openedKey(sign, passphrase);
  return { signer, anchors: anchor === undefined ? [] : [fileAnchor(anchor)] };
};
