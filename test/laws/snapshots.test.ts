import fc from 'fast-check';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson, noJsonIn } from '../../src/engine/json.ts';
import { replay } from '../../src/engine/replay.ts';
import type { OpenStore } from '../../src/engine/rows.ts';
import { commandMemory } from '../../src/engine/run/command-memory.ts';
import { loader } from '../../src/engine/run/load.ts';
import { snapshotsOf } from '../../src/engine/run/snapshots.ts';
import type { Envelope, StreamName } from '../../src/engine/store.ts';
import type { Runnable, Status } from '../../src/engine/subsystem.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, storyOf } from '../support/arbitrary-histories.ts';
import { retold, search, withStory } from '../support/arbitrary-runs.ts';
import { opened, stores } from '../support/engines.ts';

const right = <T>(answer: E.Either<unknown, T>): T => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

const clock = systemClock();
const breathe = clock.breathe;

const appended = async (
  { events }: OpenStore,
  { events: { versionOf } }: Runnable,
  stream: StreamName,
  history: readonly DomainEvent[],
): Promise<readonly Envelope[]> => {
  const drafts = history.map(({ type, data }, index) => ({
    type,
    data,
    version: versionOf(type),
    id: `${stream}-${index}`,
    metadata: {
      at: index,
      actor: 'ada',
      commandId: `c${index}`,
      payloadHash: '',
      correlationId: '',
    },
  }));
  return right(await events.append(stream, 'none', drafts)()).events;
};

describe.each(ruled)('snapshots of %s', (_, subsystem, guide) => {
  const folded = (history: readonly Envelope[]): Status =>
    right(replay(subsystem, structuredClone(subsystem.decider.initial), history));

  test.each(stores)(
    'engine N9: on %s the snapshot at every revision plus the tail is the full fold',
    async (__, create) => {
      const store = await opened(create());
      const subsystems = new Map([[subsystem.category, subsystem]]);
      const parts = { store, instance: 'laws', subsystems, sha256: nativeSha256, gather: breathe };
      let runs = 0;
      const holds = async (stream: StreamName, history: readonly Envelope[]) => {
        const whole = canonicalJson(folded(history));
        for (const last of history) {
          const memory = commandMemory();
          memory.note(history);
          const state = folded(history.slice(0, last.revision + 1));
          const snapshots = snapshotsOf({ ...parts, policy: { every: 1 } });
          snapshots.take({ state, last, memory });
          await snapshots.stop();
          const restored = await snapshots.restored(subsystem, stream);
          expect(restored).toMatchObject({ last: { revision: last.revision } });
          expect(canonicalJson(restored?.state)).toBe(canonicalJson(state));
          const loaded = await loader(store.events, clock, snapshots).load(subsystem, stream)();
          expect(canonicalJson(right(loaded).state)).toBe(whole);
        }
      };
      try {
        await fc.assert(
          fc.asyncProperty(scripts(subsystem, guide, { max: 30 }), async (script) => {
            const played = play(subsystem, guide, script);
            if (played.events.length === 0) return;
            runs += 1;
            const stream: StreamName = `${subsystem.category}-law${runs}`;
            const history = await appended(store, subsystem, stream, played.events);
            try {
              await holds(stream, history);
            } catch (cause) {
              throw retold(storyOf(played), cause);
            }
          }),
          search(25),
        );
      } finally {
        await store.close();
      }
    },
  );

  test('engine N9: every state is JSON and is the same after it was written and read', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            let state: Status = subsystem.decider.initial;
            for (const event of played.events) {
              state = subsystem.decider.evolve(state, event);
              expect(noJsonIn(state)).toBeUndefined();
              expect(JSON.parse(JSON.stringify(state))).toEqual(state);
            }
          },
        );
      }),
      search(60),
    );
  });
});
