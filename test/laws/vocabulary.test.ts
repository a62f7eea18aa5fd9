import fc from 'fast-check';
import { frozenJson } from '../../src/engine/frozen-json.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import type { AnyVocabulary } from '../../src/engine/vocabulary.ts';
import { subsystems } from '../../src/subsystems.ts';
import { garbage, messageOf, small, spoiled, wide } from '../support/arbitrary.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { play, scripts, storyOf } from '../support/arbitrary-histories.ts';
import { search, withStory } from '../support/arbitrary-runs.ts';

/** A message as the store gives it back. */
const stored = ({ versionOf }: AnyVocabulary, message: { type: string; data: unknown }) => ({
  type: message.type,
  version: versionOf(message.type),
  data: JSON.parse(canonicalJson(message.data)) as unknown,
});

describe.each(ruled)('the messages of %s', (_, subsystem, guide) => {
  const { events, commands } = subsystem;

  test('every event survives the store, whatever its codec lets through', () => {
    fc.assert(
      fc.property(messageOf(events.codecs, wide), (event) => {
        expect(events.decode(stored(events, event))).toEqual(E.right(event));
        expect(frozenJson(event.data).text).toBe(canonicalJson(event.data));
      }),
      search(300),
    );
  });

  test('every event that is really decided is one that its codec reads back', () => {
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        const played = play(subsystem, guide, script);
        withStory(
          () => storyOf(played),
          () => {
            for (const event of played.events) {
              expect(events.decode(stored(events, event))).toEqual(E.right(event));
            }
          },
        );
      }),
      search(100),
    );
  });

  test('what is wrong in a command is told with its path, and never thrown', () => {
    fc.assert(
      fc.property(messageOf(commands.codecs, small), fc.nat(), garbage, (command, at, other) => {
        const { type } = command;
        const version = commands.versionOf(type);
        const decoded = commands.decode({ type, version, data: spoiled(command.data, at, other) });
        if (E.isRight(decoded)) return;
        expect(decoded.left).toEqual({
          type: 'Malformed',
          path: expect.any(String),
          expected: expect.any(String),
          found: expect.any(String),
        });
        expect(JSON.parse(JSON.stringify(decoded.left))).toEqual(decoded.left);
      }),
      search(500),
    );
  });

  test('an unknown type or version is told as such', () => {
    for (const vocabulary of [events, commands]) {
      const [type = ''] = vocabulary.codecs.keys();
      for (const unknown of ['', 'toString', '__proto__', `${type}s`]) {
        const decoded = vocabulary.decode({ type: unknown, version: 1, data: {} });
        expect(decoded).toMatchObject(E.left({ type: 'UnknownType' }));
      }
      for (const version of [0, -1, 0.5, vocabulary.versionOf(type) + 1]) {
        const decoded = vocabulary.decode({ type, version, data: {} });
        expect(decoded).toMatchObject(E.left({ type: 'UnknownVersion' }));
      }
    }
  });
});

describe('names', () => {
  const repeated = (names: readonly string[]): readonly string[] =>
    names.filter((name, index) => names.indexOf(name) !== index);
  const projections = [...new Set(subsystems.flatMap((row) => row.projections))];

  test('engine N26: of events, commands, categories and projections each stands once in the system', () => {
    const names = subsystems.flatMap(({ category, events, commands }) => [
      category,
      ...Object.keys(events.payloads),
      ...Object.keys(commands.payloads),
    ]);
    expect(repeated([...names, ...projections.map(({ name }) => name)])).toEqual([]);
  });

  test('engine N26: of read models and of reactions each stands once in the system', () => {
    const models = projections.flatMap((projection) => projection.models.map(({ name }) => name));
    const reactions = subsystems.flatMap((row) => row.reactions.map(({ name }) => name));
    expect(repeated(models)).toEqual([]);
    expect(repeated(reactions)).toEqual([]);
  });

  test.each(subsystems.map((row) => [row.category, row] as const))(
    '%s: a category is in camel case and has no dash',
    (category) => {
      expect(category).toMatch(/^[a-z][A-Za-z0-9]*$/);
    },
  );
});
