import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { E } from '../engine/fp.ts';
import {
  SecretReference,
  secretMissing,
  secretOf,
  type Secret,
  type SecretMissing,
  type Secrets,
} from '../engine/secret.ts';

/** The largest file that is taken for a secret, in bytes. */
const LARGEST = 65_536;

/** Whether anybody on this machine may read or change the file. */
const OTHERS = 0o006;

type Found = E.Either<SecretMissing, Secret>;
type Environment = Readonly<Record<string, string | undefined>>;

const missing = (reference: string, remedy: string): Found =>
  E.left(secretMissing(reference, remedy));

/** Resolves `env:NAME` in an environment and `file:/path` on this machine's disk. */
export const localSecrets = (env: Environment = process.env): Secrets => ({
  resolve: (reference) => async () => {
    if (!SecretReference.is(reference)) return missing(reference, 'write env:NAME or file:/path');
    return reference.startsWith('env:') ? inEnvironment(reference, env) : inFile(reference);
  },
});

const inEnvironment = (reference: string, env: Environment): Found => {
  const name = reference.slice('env:'.length);
  const value = env[name];
  return value === undefined || value === ''
    ? missing(reference, `set the environment variable ${name}`)
    : E.right(secretOf(reference, value));
};

const inFile = async (reference: string): Promise<Found> => {
  const path = reference.slice('file:'.length);
  let file: FileHandle | undefined;
  try {
    // What is no plain file, such as a pipe, must not be waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await readFrom(file, reference, path);
  } catch (cause) {
    return missing(reference, `${path} cannot be read (${codeOf(cause)}): make it readable`);
  } finally {
    await file?.close();
  }
};

const readFrom = async (file: FileHandle, reference: string, path: string): Promise<Found> => {
  const { mode, size, isFile } = await statOf(file);
  if (!isFile) return missing(reference, `${path} is no plain file: name one`);
  // Windows keeps rights elsewhere, and a mode that says nothing.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    return missing(reference, `everybody may read or change ${path}: chmod o-rwx ${path}`);
  }
  if (size > LARGEST) return missing(reference, `${path} is larger than ${LARGEST} bytes`);
  const value = textIn(await file.readFile());
  if (value === undefined) return missing(reference, `${path} is no UTF-8 text: write it as such`);
  if (value === '') return missing(reference, `${path} is empty: write the secret into it`);
  return E.right(secretOf(reference, value));
};

const statOf = async (file: FileHandle) => {
  const stat = await file.stat();
  return { mode: stat.mode, size: stat.size, isFile: stat.isFile() };
};

/** The text without the newline that editors put at its end; undefined: it is no UTF-8. */
const textIn = (bytes: Buffer): string | undefined => {
  const decoded = E.tryCatch(
    () => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    () => undefined,
  );
  return E.isRight(decoded) ? decoded.right.replace(/\r?\n$/, '') : undefined;
};

const codeOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause
    ? String(cause.code)
    : 'unknown cause';
