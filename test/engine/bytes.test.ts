import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { nativeEventHash } from '../../src/adapters/event-hash.ts';
import { base32, canonicalBytes, compareText, toHex, type Field } from '../../src/engine/bytes.ts';
import {
  deadlineCommandId,
  derivedId,
  digestOf,
  eventHash,
  eventId,
  reactionCommandId,
} from '../../src/engine/ids.ts';
import { canonicalJson, copyOf, noJsonIn, sameJson } from '../../src/engine/json.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const anyText = fc.string({ unit: 'binary', maxLength: 8 });

describe('engine N27: canonical bytes', () => {
  /** Values of one kind each: what a record's definition fixes. */
  const kinds: readonly fc.Arbitrary<Field>[] = [
    text,
    fc.nat(),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.uint8Array({ maxLength: 6 }),
    fc.array(text, { maxLength: 3 }).map((list) => ({ list })),
    fc.array(fc.nat(), { maxLength: 3 }).map((list) => ({ list })),
    fc.tuple(text, fc.nat()).map((within) => canonicalBytes(...within)),
  ];
  const sameRecord = fc
    .array(fc.nat({ max: kinds.length - 1 }), { maxLength: 5 })
    .chain((record) => {
      const values = fc.tuple(...record.map((kind) => kinds[kind]!));
      return fc.tuple(values, values);
    });
  const plain = (fields: readonly Field[]): string =>
    JSON.stringify(fields, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );

  test('engine N27: different fields of one kind of record never have equal bytes', () => {
    fc.assert(
      fc.property(sameRecord, ([a, b]) => {
        const areEqual = toHex(canonicalBytes(...a)) === toHex(canonicalBytes(...b));
        expect(areEqual).toBe(plain(a) === plain(b));
      }),
    );
  });

  test('engine N27: lists of text that are cut in other places have other bytes', () => {
    fc.assert(
      fc.property(fc.array(text), fc.array(text), (a, b) => {
        const areEqual = toHex(canonicalBytes(...a)) === toHex(canonicalBytes(...b));
        expect(areEqual).toBe(JSON.stringify(a) === JSON.stringify(b));
        const nested = [canonicalBytes({ list: a }), canonicalBytes({ list: b })].map(toHex);
        expect(nested[0] === nested[1]).toBe(areEqual);
      }),
    );
  });

  test('engine N27: what has no canonical bytes throws', () => {
    expect(() => canonicalBytes('\ud800')).toThrow('lone surrogate');
    expect(() => canonicalBytes(-1n)).toThrow('negative');
    expect(() => canonicalBytes(-1)).toThrow('u64');
    expect(() => canonicalBytes(0.5)).toThrow('u64');
    expect(() => canonicalBytes(2 ** 53)).toThrow('u64');
  });
});

describe('engine N28: derived ids', () => {
  test('engine N28: base32 gives the vectors of RFC 4648, lower case and unpadded', () => {
    const vectors = { f: 'my', fo: 'mzxq', foo: 'mzxw6', foob: 'mzxw6yq', fooba: 'mzxw6ytb' };
    for (const [input, output] of Object.entries({ '': '', ...vectors, foobar: 'mzxw6ytboi' })) {
      expect(base32(new TextEncoder().encode(input))).toBe(output);
    }
  });

  test('engine N28: base32 keeps every bit', () => {
    const bits = (bytes: Uint8Array) =>
      Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
    const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const decoded = Array.from(base32(bytes))
          .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'))
          .join('');
        expect(decoded.slice(0, bytes.length * 8)).toBe(bits(bytes));
        expect(decoded.slice(bytes.length * 8)).toMatch(/^0{0,4}$/);
      }),
    );
  });

  test('engine N28: an event id is a UUID of version 8 and differs by stream, actor, command and index', () => {
    const seen = new Set<string>();
    for (const stream of ['ticket-1', 'ticket-2'])
      for (const actor of ['ada', 'bob'])
        for (const commandId of ['a', 'b'])
          for (const index of [0, 1]) {
            const id = eventId('test', stream, { actor, commandId }, index);
            expect(id).toMatch(
              /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
            );
            seen.add(id);
          }
    expect(seen.size).toBe(16);
  });

  test('engine N28: a derived id has 26 letters and differs by instance, category and parts', () => {
    const due = { stream: 'a-1', revision: 0, at: 1, target: 'a-1', commandType: 'Go' };
    const ids = [
      derivedId('one', 'x', 'p'),
      derivedId('two', 'x', 'p'),
      derivedId('one', 'y', 'p'),
      derivedId('one', 'x', 'q'),
      derivedId('one', 'x', 'p', 0),
      reactionCommandId('one', 'x', 'p', 0),
      reactionCommandId('one', 'x', 'p', 1),
      deadlineCommandId('one', due),
      deadlineCommandId('one', { ...due, revision: 1 }),
      deadlineCommandId('one', { ...due, target: 'a-2' }),
    ];
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('engine N16: the hash of an event covers its place, its id, its type and version and both texts', () => {
    const event = {
      stream: 'a-1',
      revision: 7,
      id: 'é',
      type: 'Noted',
      version: 1,
      data: '{"a":1}',
      metadata: '{}',
    };
    const variants = [
      event,
      { ...event, stream: 'a-2' },
      { ...event, revision: 8 },
      { ...event, id: 'e' },
      { ...event, type: 'Seen' },
      { ...event, version: 2 },
      { ...event, data: '{"a":2}' },
      { ...event, metadata: '{"a":1}', data: '{}' },
    ];
    expect(new Set(variants.map(eventHash)).size).toBe(variants.length);
    for (const variant of variants) expect(nativeEventHash(variant)).toBe(eventHash(variant));
  });
});

describe('engine N26: the order of ids', () => {
  test('engine N26: texts compare as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareText(a, b))).toBe(expected);
      }),
    );
  });

  test('engine N26: code points beyond U+FFFF come after all others, unlike in UTF-16', () => {
    expect(compareText('\u{1f600}', '\uffff')).toBeGreaterThan(0);
    expect(['\uffff', '\u{1f600}'].toSorted()[0]).toBe('\u{1f600}');
  });
});

describe('engine N8: RFC 8785 text', () => {
  test('engine N8: canonicalJson is what canonicalize writes, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shuffled: unknown = JSON.parse(JSON.stringify(value), (_, field: unknown) =>
          typeof field === 'object' && field !== null && !Array.isArray(field)
            ? Object.fromEntries(Object.entries(field).toReversed())
            : field,
        );
        expect(canonicalJson(shuffled)).toBe(canonicalize(JSON.parse(JSON.stringify(value))));
      }),
    );
  });

  test('engine N8: the example of RFC 8785 section 3.2.3 sorts as printed there', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const value = Object.fromEntries(keys.map((key) => [key, key]));
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33'];
    expect(canonicalJson(value)).toBe(
      `{${sorted.map((key) => `${JSON.stringify(key)}:${JSON.stringify(key)}`).join(',')}}`,
    );
    expect(canonicalJson([1e30, 4.5, 2e-3, 1e-27, -0])).toBe('[1e+30,4.5,0.002,1e-27,0]');
  });

  test('engine N8: undefined has no text', () => {
    expect(() => canonicalJson(undefined)).toThrow('undefined');
  });

  test('engine N8: digestOf is SHA-256 of the text', () => {
    const digest = createHash('sha256').update('{"a":1,"b":[null]}').digest('hex');
    expect(digestOf({ b: [null], a: 1 })).toBe(digest);
  });

  test('engine N8: a copy is the same JSON and shares nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(noJsonIn(value)).toBeUndefined();
        expect(sameJson(copyOf(value), value)).toBe(true);
      }),
    );
    const value = { a: [{ b: 1 }] };
    const copy = copyOf(value) as typeof value;
    copy.a[0]!.b = 2;
    expect(value.a[0]!.b).toBe(1);
    expect(sameJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(sameJson([1], { 0: 1 })).toBe(false);
  });
});
