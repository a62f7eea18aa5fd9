import { ruled } from '../support/arbitrary-guides.ts';
import { fingerprintOf, foldDigest, occurring, publishedVersions, readGolden } from './golden.ts';

describe.each(ruled)('the golden logs of %s', (category, subsystem) => {
  const golden = readGolden(category);
  const digests = golden.histories.map(({ digest }) => digest);
  const today = () => golden.histories.map(({ events }) => foldDigest(subsystem, events));

  test('engine N11: hold every published version of every event', () => {
    const seen = new Set(occurring(golden.histories));
    const what = `missing in test/golden/${category}.json: npm run golden adds it`;
    const lacking = publishedVersions(subsystem).filter((type) => !seen.has(type));
    expect({ [what]: lacking }).toEqual({ [what]: [] });
  });

  test('engine N9, N11: fold to the states that they folded to when they were made', () => {
    const what = `the states of ${category} changed: raise \`version\` of its decider, then npm run golden`;
    expect({ [what]: today() }).toEqual({ [what]: digests });
  });

  test('engine N9: are of the version, machine and codecs of today', () => {
    const what = `version, machine or event codecs of ${category} changed: npm run golden notes it`;
    const { version, fingerprint } = golden;
    const now = { version: subsystem.decider.version, fingerprint: fingerprintOf(subsystem) };
    expect({ [what]: now }).toEqual({ [what]: { version, fingerprint } });
  });
});
