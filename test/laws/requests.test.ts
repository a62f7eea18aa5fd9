import fc from 'fast-check';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { subsystems } from '../../src/subsystems.ts';
import { garbage, messageOf, small, spoiled } from '../support/arbitrary.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { actors } from '../support/arbitrary-histories.ts';
import { search } from '../support/arbitrary-runs.ts';

const opened = () =>
  createEngine({
    store: memoryStore(),
    subsystems,
    clock: virtualClock(1_000),
    instance: 'laws',
    newId: () => 'fresh',
  });

describe.each(ruled)('requests to %s', (category, { commands }, guide) => {
  const request = fc.record({
    command: messageOf(commands.codecs, small),
    at: fc.nat(),
    other: garbage,
    actor: fc.constantFrom(...actors),
    stream: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...guide.ids.map((id) => `${category}-${id}`)) },
      fc.constantFrom(
        '',
        category,
        `${category}-`,
        '-',
        'x-1',
        `${category}-\n`,
        `${category}-\ud800`,
      ),
      fc.constant(`${category}-${'x'.repeat(300)}`),
    ),
    commandId: fc.constantFrom('c1', 'c2', '', '\u0000', 'x'.repeat(300), '\ud800'),
  });

  test('engine N5: whatever comes is answered, as plain JSON, and what is refused writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ command, at, other, actor, stream, commandId }) => {
        await using engine = await opened();
        const data = at % 5 === 0 ? command.data : spoiled(command.data, at, other);
        const answer = await engine.sendTE(stream, { ...command, data }, { actor, commandId })();
        if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
        expect(JSON.parse(canonicalJson(answer.right))).toEqual(answer.right);
        if (answer.right.outcome !== 'refused') return;
        expect((await engine.status()).head).toBe('1');
      }),
      search(200),
    );
  });
});
