import fc from 'fast-check';
import { postingEvents, violations } from '../../src/domain/shared/account-table.ts';
import { Postings } from '../../src/domain/shared/ledger.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, storyOf } from '../support/arbitrary-histories.ts';
import { search, withStory } from '../support/arbitrary-runs.ts';

const postingsIn = (data: unknown) =>
  typeof data === 'object' && data !== null && 'postings' in data ? data.postings : [];

describe.each(ruled)('the postings of %s', (_, subsystem, guide) => {
  test('marketplace L1: every posting of every event follows the account table', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const { type, data } of played.events) {
              const postings = postingsIn(data);
              if (!Postings.is(postings)) throw new Error(`${type} has postings of another form`);
              expect(violations(type, postings)).toEqual([]);
            }
          },
        );
      }),
      search(200),
    );
  });

  test('marketplace L1: an event has postings exactly if the account table knows it', () => {
    const { payloads } = subsystem.events;
    for (const [type, props] of Object.entries(payloads)) {
      expect([type, Object.hasOwn(props, 'postings')]).toEqual([
        type,
        postingEvents.includes(type),
      ]);
    }
  });
});
