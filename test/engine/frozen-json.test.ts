import fc from 'fast-check';
import { freezeDeep, frozenJson } from '../../src/engine/frozen-json.ts';
import { canonicalJson } from '../../src/engine/json.ts';

const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

describe('frozen JSON', () => {
  it('N8 has the RFC 8785 text that canonicalize gives, and the value of that text', () => {
    fc.assert(
      fc.property(json, (value) => {
        const frozen = frozenJson(value);
        expect(frozen.text).toBe(canonicalJson(value));
        expect(frozen.value).toEqual(JSON.parse(frozen.text));
        expect(isDeeplyFrozen(frozen.value)).toBe(true);
        expect(isDeeplyFrozen(freezeDeep(JSON.parse(frozen.text)))).toBe(true);
      }),
    );
  });

  it.each(['{"b":1,"10":2,"9":{"a":[3,{"1":0,"0":0}]}}', '{"__proto__":{"a":1},"a":2}'])(
    'N8 keeps keys that JavaScript treats apart: %s',
    (text) => {
      const value: unknown = JSON.parse(text);
      const frozen = frozenJson(value);
      expect(frozen.text).toBe(canonicalJson(value));
      expect(JSON.stringify(frozen.value)).toBe(JSON.stringify(JSON.parse(frozen.text)));
    },
  );

  it('leaves out fields that are undefined and makes -0 the 0 that its text says', () => {
    const { text, value } = frozenJson({ b: undefined, a: -0 });
    expect(text).toBe('{"a":0}');
    expect(Object.is(Object.values(value as object)[0], 0)).toBe(true);
  });

  it.each([[NaN], [Infinity], [undefined], [1n], [() => 1], ['\ud800'], [{ '\udfff': 1 }]])(
    'throws at what is no JSON value: %p',
    (value) => {
      expect(() => frozenJson({ list: [value] })).toThrow('no JSON value');
    },
  );
});
