import { logCheckpointEvents } from '../domain/proof/log-checkpoint/events.ts';
import {
  checkingMany,
  isCheckpointSigned,
  isRotationSigned,
  type Checking,
  type Rotation,
  type SignedStatement,
} from '../domain/proof/log-checkpoint/statements.ts';
import type { Anchored } from '../domain/shared/anchor.ts';
import type { SignatureCheck } from '../domain/shared/ed25519.ts';
import { E } from '../engine/fp.ts';
import { parsedJson } from '../engine/json.ts';
import type { StoredLog, StoredText } from '../engine/stored-log.ts';
import type { LogFault } from './fault.ts';

/** A key that has signed, from which checkpoint of the chain on, and how it came. */
type KeyInForce = { readonly keyId: string; readonly rotation?: Rotation };

/** What the log and its anchors say that was signed. */
export type KnownCheckpoints = {
  /** By size; those whose signature is right. */
  readonly checkpoints: readonly SignedStatement[];
  /** From the first key to the one in force. */
  readonly keys: readonly KeyInForce[];
  /** The first that is not right. */
  readonly fault: LogFault | undefined;
};

type Book = {
  readonly checkpoints: SignedStatement[];
  readonly keys: KeyInForce[];
  fault: LogFault | undefined;
};

const noted =
  (book: Book, instance: string, checking: Checking) =>
  (event: StoredText): void => {
    const { stream, revision, position, type, version } = event;
    const forge = (why: 'key' | 'signature' | 'form'): void => {
      book.fault ??= { type: 'CheckpointForged', stream, revision, position, why };
    };
    const decoded = logCheckpointEvents.decode({ type, version, data: parsedJson(event.data) });
    if (E.isLeft(decoded)) return forge('form');
    const key = book.keys.at(-1)?.keyId;
    const { right } = decoded;
    if (right.type === 'CheckpointSigned') {
      if (key !== undefined && right.data.keyId !== key) return forge('key');
      if (!isCheckpointSigned(instance, right.data, checking)) return forge('signature');
      if (key === undefined) book.keys.push({ keyId: right.data.keyId });
      book.checkpoints.push(right.data);
    }
    if (right.type === 'KeyRotated') {
      if (key === undefined) return forge('key');
      if (!isRotationSigned(instance, key, right.data, checking)) return forge('signature');
      book.keys.push({ keyId: right.data.keyId, rotation: right.data });
    }
  };

/** Reads what was signed, in the log and at anchors, and checks who has signed it. */
export const knownCheckpoints = async (
  log: StoredLog,
  instance: string,
  {
    anchored = [],
    check,
  }: { readonly anchored?: readonly Anchored[]; readonly check: SignatureCheck },
): Promise<KnownCheckpoints> => {
  const book: Book = { checkpoints: [], keys: [], fault: undefined };
  const checking = checkingMany(check);
  const note = noted(book, instance, checking);
  for await (const page of log.stream(`logCheckpoint-${instance}`)) page.forEach(note);
  const keys = new Set(book.keys.map(({ keyId }) => keyId));
  for (const [index, each] of anchored.entries()) {
    const isOurs = each.instance === instance && (keys.size === 0 || keys.has(each.keyId));
    if (isOurs && isCheckpointSigned(instance, each, checking)) book.checkpoints.push(each);
    else book.fault ??= { type: 'AnchorForged', line: index + 1 };
  }
  return {
    checkpoints: book.checkpoints.toSorted((a, b) => a.size - b.size),
    keys: book.keys,
    fault: book.fault,
  };
};
