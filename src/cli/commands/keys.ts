import { KEY_ROTATION, rotationBytes } from '../../domain/proof/log-checkpoint/statements.ts';
import type { Signer } from '../../domain/shared/signer.ts';
import { logCheckpointCommands } from '../../commands/proof/log-checkpoint.ts';
import { toHex } from '../../engine/bytes.ts';
import { E } from '../../engine/fp.ts';
import { describeFailure } from '../../engine/store.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { mending } from '../open.ts';
import type { Output } from '../output.ts';
import type { Place } from '../place.ts';
import { newKey, openedKey } from '../proof/signing.ts';

export type KeygenFlags = { readonly identity: string; readonly passphrase: string };

/** `chancery keygen`: a new key in a keystore file. */
export const keygen = async (
  file: string,
  { identity, passphrase }: KeygenFlags,
  output: Output,
): Promise<ExitCode> => {
  const signer = await newKey(file, identity, passphrase);
  const { keyId } = signer;
  signer.close();
  output.item({ file, identity, key: keyId }, () => `${file}: ${keyId}`);
  return exitCodes.done;
};

export type RotateFlags = {
  readonly from: string;
  readonly passphrase: string;
  readonly newPassphrase?: string;
};

const signedBy = async (signer: Signer, bytes: Uint8Array): Promise<string> => {
  const signature = await signer.sign(KEY_ROTATION, bytes)();
  if (E.isRight(signature)) return toHex(signature.right);
  throw new CliError(describeFailure(signature.left), exitCodes.notRight);
};

const rotated = async (place: Place, old: Signer, next: Signer, output: Output) =>
  mending(place, async (engine) => {
    const named = { keyId: next.keyId, publicKey: toHex(next.publicKey) };
    const bytes = rotationBytes(engine.instance, old.keyId, named);
    const signatures = { byOld: await signedBy(old, bytes), byNew: await signedBy(next, bytes) };
    const command = logCheckpointCommands.of.RotateKey({ ...named, ...signatures });
    const actor = { id: 'operator', roles: ['operator'] };
    const answer = await engine.sendTE(`logCheckpoint-${engine.instance}`, command, { actor })();
    if (E.isLeft(answer)) throw new CliError(describeFailure(answer.left), exitCodes.storeFailed);
    if (answer.right.outcome === 'refused') {
      throw new CliError(describeFailure(answer.right.refusal), exitCodes.notRight);
    }
    const said = { old: old.keyId, key: next.keyId };
    output.item(said, () => `${next.keyId} signs from now on, in the place of ${old.keyId}`);
    return exitCodes.done;
  });

/** `chancery keys rotate`: another key signs the checkpoints from now on; the old one and the new one say so. */
export const rotateKeys = async (
  place: Place,
  file: string,
  { from, passphrase, newPassphrase = passphrase }: RotateFlags,
  output: Output,
): Promise<ExitCode> => {
  const old = await openedKey(from, passphrase);
  const next = await openedKey(file, newPassphrase);
  try {
    return await rotated(place, old, next, output);
  } finally {
    old.close();
    next.close();
  }
};
