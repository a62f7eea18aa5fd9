import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { E } from '../../src/engine/fp.ts';
import { digestOf } from '../../src/engine/ids.ts';
import { replay } from '../../src/engine/replay.ts';
import { snapshotFingerprint } from '../../src/engine/snapshot.ts';
import type { Runnable } from '../../src/engine/subsystem.ts';
import type { Stored } from '../../src/engine/vocabulary.ts';

/** A history as it once lay in a log, and the digest of the state that it gives. */
export type GoldenHistory = { readonly events: readonly Stored[]; readonly digest: string };

/** Histories of a subsystem in which every published version of every event occurs, and by which code their digests were made. */
export type Golden = {
  readonly version: number;
  readonly fingerprint: string;
  readonly histories: readonly GoldenHistory[];
};

export const goldenFile = (category: string): string => join('test', 'golden', `${category}.json`);

export const readGolden = (category: string): Golden =>
  JSON.parse(readFileSync(goldenFile(category), 'utf8')) as Golden;

/** What today's code makes of a history: the digest of its state, or why it cannot be folded. */
export const foldDigest = (subsystem: Runnable, events: readonly Stored[]): string => {
  const history = events.map((event, revision) => ({
    ...event,
    stream: `${subsystem.category}-golden` as const,
    revision,
    position: String(revision + 1),
    id: String(revision),
    hash: '',
    metadata: { at: 0, actor: '', commandId: '', payloadHash: '', correlationId: '' },
  }));
  const folded = replay(subsystem, structuredClone(subsystem.decider.initial), history);
  return E.isLeft(folded) ? JSON.stringify(folded.left) : digestOf(folded.right);
};

export const fingerprintOf = (subsystem: Runnable): string => {
  const fingerprint = snapshotFingerprint(subsystem, 'golden');
  return E.isLeft(fingerprint) ? fingerprint.left : fingerprint.right;
};

/** Every published version of every event, as `TicketOpened/1`. */
export const publishedVersions = ({ events }: Runnable): readonly string[] =>
  [...events.codecs.keys()].flatMap((type) =>
    Array.from({ length: events.versionOf(type) }, (_, older) => `${type}/${older + 1}`),
  );

export const occurring = (histories: readonly Pick<GoldenHistory, 'events'>[]): readonly string[] =>
  histories.flatMap(({ events }) => events.map(({ type, version }) => `${type}/${version}`));
