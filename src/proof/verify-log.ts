import type { Anchored } from '../domain/shared/anchor.ts';
import type { SignatureCheck } from '../domain/shared/ed25519.ts';
import { E } from '../engine/fp.ts';
import type { Sha256 } from '../engine/ids.ts';
import { parsedJson } from '../engine/json.ts';
import { INSTANCE_STREAM, instanceEvents } from '../engine/run/instance.ts';
import type { StoredLog } from '../engine/stored-log.ts';
import type { LogFault } from './fault.ts';
import { knownCheckpoints, type KnownCheckpoints } from './known-checkpoints.ts';
import { logWalk, type Verified } from './log-walk.ts';

export type VerifyOptions = {
  readonly log: StoredLog;
  readonly sha256: Sha256;
  readonly check: SignatureCheck;
  /** The did:key that the auditor trusts; without one the keys in the log count, which its owner has put there. */
  readonly key?: string | undefined;
  readonly anchored?: readonly Anchored[];
  /** Where an earlier verification of this log ended. */
  readonly from?: Verified | undefined;
};

/** What a verification has found. `proven` of the `events` are under a checkpoint that a trusted key has signed, the others under none. */
export type Verification = {
  readonly instance: string;
  readonly events: number;
  readonly proven: number;
  readonly unproven: number;
  readonly checkpoints: number;
  /** The keys that count, from the first that is trusted on. */
  readonly keys: readonly string[];
  readonly trust: 'given' | 'log';
  readonly fault: LogFault | undefined;
};

/** The instance that the first event names; undefined: it names none. */
export const instanceIn = async (log: StoredLog): Promise<string | undefined> => {
  for await (const page of log.stream(INSTANCE_STREAM)) {
    const [first] = page;
    if (first === undefined) return undefined;
    const decoded = instanceEvents.decode({ ...first, data: parsedJson(first.data) });
    return E.isRight(decoded) ? decoded.right.data.instance : undefined;
  }
  return undefined;
};

/** The keys that count, from the trusted one on; undefined: it is not among them. */
const trusted = (
  { keys }: KnownCheckpoints,
  key: string | undefined,
): readonly string[] | undefined => {
  const all = keys.map(({ keyId }) => keyId);
  if (key === undefined) return all;
  const first = all.indexOf(key);
  return first < 0 ? undefined : all.slice(first);
};

/** Recomputes the tree over a log and compares it with its leaf table and with all that was signed, until something is not right. */
export async function* verifyLog(
  options: VerifyOptions,
): AsyncGenerator<Verified, Verification, undefined> {
  const { log, key, anchored = [], check } = options;
  const instance = options.from?.instance ?? (await instanceIn(log));
  if (instance === undefined) return nothing({ type: 'NoInstance' }, '', key);
  const known = await knownCheckpoints(log, instance, { anchored, check });
  const { checkpoints } = known;
  const { sha256, from } = options;
  const walk = logWalk({ log, instance, sha256, checkpoints, from });
  yield* walk.run();
  const counting = trusted(known, key);
  const signed = known.checkpoints.filter(({ keyId }) => counting?.includes(keyId) ?? false);
  const { good, frontier } = walk.now();
  const proven = Math.max(0, ...signed.map(({ size }) => size).filter((size) => size <= good.size));
  const events = frontier.size;
  const unknown: LogFault | undefined =
    counting === undefined && key !== undefined ? { type: 'KeyUnknown', key } : undefined;
  return {
    instance,
    events,
    proven,
    unproven: events - proven,
    checkpoints: new Set(signed.map(({ size }) => size)).size,
    keys: counting ?? [],
    trust: key === undefined ? 'log' : 'given',
    fault: walk.fault() ?? known.fault ?? unknown,
  };
}

const nothing = (fault: LogFault, instance: string, key: string | undefined): Verification => ({
  instance,
  events: 0,
  proven: 0,
  unproven: 0,
  checkpoints: 0,
  keys: [],
  trust: key === undefined ? 'log' : 'given',
  fault,
});
