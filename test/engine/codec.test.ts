import * as t from 'io-ts';
import {
  ActorId,
  BuiltId,
  closed,
  listOf,
  malformed,
  optional,
  personal,
  text,
} from '../../src/engine/codec.ts';
import { E } from '../../src/engine/fp.ts';
import { vocabulary } from '../../src/engine/vocabulary.ts';

/** What people read about a wrong value; undefined: it is right. */
const wrongIn = (codec: t.Mixed, value: unknown, within?: string) => {
  const decoded = codec.decode(value);
  expect(codec.is(value)).toBe(E.isRight(decoded));
  if (E.isRight(decoded)) return undefined;
  const { path, expected, found } = malformed(decoded.left, within);
  return [path, expected, found];
};

const Ppm = t.refinement(t.Int, (n) => n >= 0 && n <= 1_000_000, 'parts per million');
const Share = closed({ party: text('a party', (id) => id !== ''), sharePpm: Ppm }, 'a share');
const Terms = closed({ split: listOf(Share), memo: optional(t.string) }, 'terms');
const Order = closed({ terms: Terms }, 'an order');

describe('engine N5: closed records', () => {
  test('engine N5: a wrong place in a list within a record is named as people write it', () => {
    const split = [{ party: 'ada', sharePpm: '5' }];
    expect(wrongIn(Order, { terms: { split } })).toEqual([
      'terms.split[0].sharePpm',
      'parts per million',
      '"5"',
    ]);
    expect(wrongIn(Order, { terms: { split } }, 'data')?.[0]).toBe('data.terms.split[0].sharePpm');
  });

  test('engine N5: a missing field is nothing, an unknown field is no such field', () => {
    expect(wrongIn(Order, {})).toEqual(['terms', 'terms', 'nothing']);
    expect(wrongIn(Order, { terms: { split: [], memory: 1 } })).toEqual([
      'terms.memory',
      'no such field',
      '1',
    ]);
    expect(wrongIn(Terms, [])).toEqual(['', 'terms', '[]']);
    expect(wrongIn(Terms, null)).toEqual(['', 'terms', 'null']);
  });

  test('engine N5: an optional field may be left out, but not be undefined or of another kind', () => {
    expect(wrongIn(Terms, { split: [] })).toBeUndefined();
    expect(wrongIn(Terms, { split: [], memo: 'm' })).toBeUndefined();
    expect(wrongIn(Terms, { split: [], memo: undefined })).toEqual(['memo', 'string', 'nothing']);
    expect(wrongIn(Terms, { split: [], memo: null })).toEqual(['memo', 'string', 'null']);
  });

  test('engine N5: what an object inherits is no field of it', () => {
    const Odd = closed({ toString: optional(t.string), constructor: optional(t.string) });
    expect(wrongIn(Odd, {})).toBeUndefined();
    expect(wrongIn(closed({ valueOf: t.unknown }), {})).toEqual(['valueOf', 'unknown', 'nothing']);
    const poisoned: unknown = JSON.parse('{"split":[],"__proto__":{"memo":1}}');
    expect(wrongIn(Terms, poisoned)).toEqual(['__proto__', 'no such field', '{"memo":1}']);
  });

  test('engine N5: a marked field is checked like any other', () => {
    const Person = closed({ name: personal(text('a name'), 'id'), id: ActorId });
    expect(wrongIn(Person, { name: 1, id: 'ada' })).toEqual(['name', 'a name', '1']);
    expect(Person.props.name.personalOf).toBe('id');
  });

  test('engine N5: what was found is short, whole and never throws', () => {
    const found = (value: unknown) => wrongIn(Ppm, value)?.[2] ?? '';
    expect(found('x'.repeat(500))).toHaveLength(80);
    expect(found(`${'x'.repeat(75)}\u{1f600}${'x'.repeat(20)}`).isWellFormed()).toBe(true);
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(found(cycle)).toBe('something that is no JSON');
    expect(found(5n)).toBe('the big integer 5');
    expect(found(Number.NaN)).toBe('NaN');
    expect(found(() => 1)).toBe('a function');
    expect(found(Symbol('s'))).toBe('a symbol');
  });
});

describe('engine N5: unions', () => {
  const Arbiter = t.union([
    closed({ kind: t.literal('nobody') }),
    closed({ kind: t.literal('actor'), actor: ActorId, withinMs: t.Int }),
    closed({
      kind: t.literal('electorate'),
      electorate: closed({ name: t.string, quorum: t.Int }),
    }),
  ]);
  const Deal = closed({ arbiters: listOf(Arbiter), note: t.union([t.string, t.null]) });

  test('engine N5: of alternatives without a name of their own, all are told', () => {
    expect(wrongIn(Deal, { arbiters: [], note: 1 })).toEqual(['note', 'string or null', '1']);
  });

  test('engine N5: the member that is meant is the one whose literal is there', () => {
    const wrong = (arbiter: unknown) => wrongIn(Deal, { arbiters: [arbiter], note: null });
    expect(wrong({ kind: 'actor', actor: 'ada', withinMs: 'x' })).toEqual([
      'arbiters[0].withinMs',
      'Int',
      '"x"',
    ]);
    expect(wrong({ kind: 'actor' })?.[0]).toBe('arbiters[0].actor');
    expect(wrong({ kind: 'electorate', electorate: { name: 'all', quorum: 0.5 } })).toEqual([
      'arbiters[0].electorate.quorum',
      'Int',
      '0.5',
    ]);
  });

  test('engine N5: where no literal is there, all literals are told', () => {
    const found = wrongIn(Deal, { arbiters: [{ kind: 'king' }], note: null });
    expect(found).toEqual(['arbiters[0].kind', '"nobody" or "actor" or "electorate"', '"king"']);
  });

  test('engine N5: unions within unions, and intersections, leave no trace in the path', () => {
    const Inner = t.union([closed({ a: t.Int }), closed({ b: t.union([t.Int, t.null]) })]);
    const Outer = closed({ x: t.union([t.string, t.intersection([Inner, t.UnknownRecord])]) });
    expect(wrongIn(Outer, { x: { b: 'no' } })?.[0]).toBe('x.b');
  });
});

describe('engine N26: ids', () => {
  test('engine N26: an actor id has 1 to 128 bytes, a built id 256, without control characters', () => {
    expect(ActorId.is('a'.repeat(128))).toBe(true);
    expect(ActorId.is('é'.repeat(64))).toBe(true);
    for (const wrong of ['', 'a'.repeat(129), 'é'.repeat(65), 'a\u0000', 'a\u009f', '\ud800', 1]) {
      expect([wrong, ActorId.is(wrong)]).toEqual([wrong, false]);
    }
    expect(BuiltId.is('a'.repeat(256))).toBe(true);
    expect(BuiltId.is('a'.repeat(257))).toBe(false);
    expect(text('any').is('\udc00')).toBe(false);
  });
});

describe('engine N11: vocabularies', () => {
  const events = vocabulary(
    { Paid: { amountMinor: t.Int, currency: t.string }, Gone: {} },
    {
      Paid: [
        (first) => ({ amount: (first as { amount: number }).amount, currency: 'EUR' }),
        (second) => {
          const { amount, currency } = second as { amount: number; currency: string };
          return { amountMinor: amount * 100, currency };
        },
      ],
    },
  );
  const decoded = (version: number, data: unknown, type = 'Paid') =>
    events.decode({ type, version, data });

  test('engine N11: every older version is lifted, step by step, to the latest', () => {
    const today = { type: 'Paid', data: { amountMinor: 500, currency: 'EUR' } };
    expect(events.versionOf('Paid')).toBe(3);
    expect(events.versionOf('Gone')).toBe(1);
    expect(decoded(1, { amount: 5 })).toEqual(E.right(today));
    expect(decoded(2, { amount: 5, currency: 'EUR' })).toEqual(E.right(today));
    expect(decoded(3, { amountMinor: 500, currency: 'EUR' })).toEqual(E.right(today));
  });

  test('engine N10: an unknown type or version is told with what is known', () => {
    const known = ['Paid', 'Gone'];
    expect(decoded(1, {}, 'Lost')).toEqual(
      E.left({ type: 'UnknownType', messageType: 'Lost', known }),
    );
    for (const version of [0, 4, 1.5]) {
      expect(decoded(version, {})).toEqual(
        E.left({ type: 'UnknownVersion', messageType: 'Paid', version, latest: 3 }),
      );
    }
    expect(decoded(1, {}, 'constructor')).toMatchObject({ left: { type: 'UnknownType' } });
    expect(events.versionOf('constructor')).toBe(1);
  });

  test('engine N10: a damaged older payload is malformed, even where its upcaster stumbles', () => {
    expect(decoded(1, null)).toMatchObject({
      left: { type: 'Malformed', expected: 'a payload of version 1' },
    });
    expect(decoded(1, { amount: 'x' })).toMatchObject({
      left: { type: 'Malformed', path: 'amountMinor' },
    });
  });
});
