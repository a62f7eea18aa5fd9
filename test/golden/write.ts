/**
 * `npm run golden`: adds to the golden logs histories with events that occur in none of them yet, and notes the digests that today's code
 * gives. What lies there is kept, for it is what old logs hold. A digest that changes while its decider keeps its version is refused.
 */
import { existsSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Stored } from '../../src/engine/vocabulary.ts';
import type { Runnable } from '../../src/engine/subsystem.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, type Guide } from '../support/arbitrary-histories.ts';
import {
  fingerprintOf,
  foldDigest,
  goldenFile,
  occurring,
  publishedVersions,
  readGolden,
  type GoldenHistory,
} from './golden.ts';

const SEED = 20_260_101;
const BATCHES = 400;

/** Histories by which every event of today occurs at least once beside those that are there. */
const missing = (
  subsystem: Runnable,
  guide: Guide,
  there: readonly GoldenHistory[],
): readonly (readonly Stored[])[] => {
  const lacking = new Set(publishedVersions(subsystem));
  for (const known of occurring(there)) lacking.delete(known);
  const found: (readonly Stored[])[] = [];
  for (let batch = 0; lacking.size > 0 && batch < BATCHES; batch += 1) {
    const options = { seed: SEED + batch, numRuns: 50 };
    for (const script of fc.sample(scripts(subsystem, guide), options)) {
      const events = play(subsystem, guide, script).events.map(({ type, data }) => ({
        type,
        version: subsystem.events.versionOf(type),
        data,
      }));
      const own = occurring([{ events }]).filter((type) => lacking.has(type));
      for (const type of own) lacking.delete(type);
      if (own.length > 0) found.push(events);
    }
  }
  if (lacking.size > 0) {
    throw new Error(`no history was found with ${[...lacking].join(', ')}: write one by hand`);
  }
  return found;
};

for (const [category, subsystem, guide] of ruled) {
  const golden = existsSync(goldenFile(category)) ? readGolden(category) : undefined;
  const { version } = subsystem.decider;
  const kept = (golden?.histories ?? []).map(({ events, digest }) => {
    const today = foldDigest(subsystem, events);
    if (today !== digest && version === golden?.version) {
      throw new Error(`${category} folds to another state: raise the version of its decider first`);
    }
    return { events, digest: today };
  });
  const added = missing(subsystem, guide, kept).map((events) => ({
    events,
    digest: foldDigest(subsystem, events),
  }));
  const file = { version, fingerprint: fingerprintOf(subsystem), histories: [...kept, ...added] };
  writeFileSync(goldenFile(category), `${JSON.stringify(file, null, 1)}\n`);
  console.log(`${goldenFile(category)}: ${file.histories.length} histories, ${added.length} new`);
}
