import fc from 'fast-check';
import type * as t from 'io-ts';
import { Amounts } from '../../src/domain/shared/money.ts';

/** Where the values of a codec come from: texts and numbers to choose from, and generators for codecs that need their own, by name. */
export type Pools = {
  readonly texts: readonly string[];
  readonly text: fc.Arbitrary<string>;
  readonly number: fc.Arbitrary<number>;
  readonly named: Readonly<Record<string, fc.Arbitrary<unknown>>>;
};

/** What codecs are made of, as far as a generator has to know. */
type Made = t.Mixed & {
  readonly _tag?: string;
  readonly type: t.Mixed;
  readonly types: readonly t.Mixed[];
  readonly props: t.Props;
  readonly keys: object;
  readonly value: unknown;
  readonly codomain: t.Mixed;
};

/** At least one text that every text codec of the system accepts; a codec that accepts none of them says so. */
const EXAMPLES: readonly string[] = [
  'ada',
  '1',
  '12',
  '0',
  'USD',
  'f'.repeat(64),
  'wallet:ada',
  'escrow-E1',
  'bafy2bzaced',
  'f'.repeat(128),
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
];
const NUMBERS: readonly number[] = [0, 1, 2, 3, 60_000, 3_600_000, 1_700_000_000_000];

const isText = ({ _tag, type }: Made): boolean =>
  _tag === 'StringType' || (_tag === 'RefinementType' && isText(type as Made));

const accepted = (
  codec: t.Mixed,
  ...lists: readonly (readonly unknown[])[]
): readonly unknown[] => {
  const found = [...new Set(lists.flat())].filter((value) => codec.is(value));
  if (found.length === 0) throw new Error(`no arbitrary for the codec ${codec.name}: name one`);
  return found;
};

/** What a generator gives where the codec accepts it, else one of the examples that it accepts. */
const refined = (
  codec: t.Mixed,
  free: fc.Arbitrary<unknown>,
  examples: readonly unknown[],
): fc.Arbitrary<unknown> =>
  fc
    .tuple(free, fc.constantFrom(...examples))
    .map(([value, example]) => (codec.is(value) ? value : example));

type Making = (codec: Made, pools: Pools) => fc.Arbitrary<unknown>;

const record: Making = ({ props }, pools) => {
  const fields = Object.entries(props);
  return fc.record(
    Object.fromEntries(fields.map(([key, codec]) => [key, arbitraryOf(codec, pools)])),
    { requiredKeys: fields.filter(([, codec]) => !('optional' in codec)).map(([key]) => key) },
  );
};

const list: Making = ({ type }, pools) => fc.array(arbitraryOf(type, pools), { maxLength: 3 });

const byTag: Readonly<Record<string, Making>> = {
  StringType: (_, { text }) => text,
  NumberType: (_, { number }) => number,
  BooleanType: () => fc.boolean(),
  NullType: () => fc.constant(null),
  LiteralType: ({ value }) => fc.constant(value),
  KeyofType: ({ keys }) => fc.constantFrom(...Object.keys(keys)),
  UnionType: ({ types }, pools) => fc.oneof(...types.map((type) => arbitraryOf(type, pools))),
  TupleType: ({ types }, pools) => fc.tuple(...types.map((type) => arbitraryOf(type, pools))),
  ReadonlyArrayType: list,
  ArrayType: list,
  ClosedType: record,
  InterfaceType: record,
  DictionaryType: ({ codomain }, pools) => fc.dictionary(pools.text, arbitraryOf(codomain, pools)),
  RefinementType: (codec, pools) => {
    const free = arbitraryOf(codec.type, pools);
    if (isText(codec)) return refined(codec, free, accepted(codec, pools.texts, EXAMPLES));
    if (codec.is(1) || codec.is(0)) return refined(codec, free, accepted(codec, NUMBERS));
    return free.filter((value) => codec.is(value));
  },
};

/** Values that a codec accepts, by the kind of codec it is. */
const arbitraryOf = (codec: t.Mixed, pools: Pools): fc.Arbitrary<unknown> => {
  const named = pools.named[codec.name];
  if (named !== undefined) return named;
  const made = codec as Made;
  const making = byTag[made._tag ?? ''];
  if (making === undefined) throw new Error(`no arbitrary for ${made._tag ?? ''} ${codec.name}`);
  return making(made, pools);
};

const amountsOf = (codes: readonly string[], amount: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(fc.record({ currency: fc.constantFrom(...codes), amount }), {
      maxLength: 2,
      selector: ({ currency }) => currency,
    })
    .map((some) => some.toSorted((a, b) => (a.currency < b.currency ? -1 : 1)));

const texts = ['ada', 'bob', 'cyd', 'eve', 'judy', 'E1', 'ada#1', 'ada!1', 'escrow-E1', 'sandbox'];

/** Few values, so that what is drawn at one time meets what was drawn at another. */
export const small: Pools = {
  texts,
  text: fc.constantFrom(...texts),
  number: fc.oneof(fc.nat(4), fc.nat(4_000_000)),
  named: {
    [Amounts.name]: amountsOf(['EUR', 'USD', 'XXX'], fc.integer({ min: 1, max: 50 }).map(String)),
  },
};

const awkward = [
  'ada',
  '__proto__',
  'constructor',
  'Ä\u0308',
  '\u{1F600}',
  '"\\/',
  '\u2028',
  ' ',
  'x'.repeat(128),
  '123456789012345678901234567890123456789'.slice(0, 38),
];

/** Any character, some of them half a pair that has no UTF-8: what is drawn alone becomes the replacement character. */
const character = fc.oneof(
  fc.nat(0x7f).map((code) => String.fromCodePoint(code)),
  fc.nat(0x10ffff).map((code) => String.fromCodePoint(code).toWellFormed()),
);

/** All that a codec accepts, the awkward above all: what has to survive the store. */
export const wide: Pools = {
  texts: awkward,
  text: fc.oneof(
    fc.constantFrom(...awkward),
    fc.array(character, { maxLength: 20 }).map((characters) => characters.join('')),
  ),
  number: fc.oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
  ),
  named: {
    [Amounts.name]: amountsOf(
      ['BTC', 'ETH', 'EUR', 'ZZZZZZZZZZZZ'],
      fc.bigInt({ min: 1n, max: (1n << 128n) - 1n }).map(String),
    ),
  },
};

/** A message of one of a vocabulary's types with a payload its codec accepts. */
export const messageOf = (
  codecs: ReadonlyMap<string, t.Mixed>,
  pools: Pools,
  types: readonly string[] = [...codecs.keys()],
): fc.Arbitrary<{ readonly type: string; readonly data: unknown }> =>
  fc.oneof(
    ...types.map((type) => arbitraryOf(codecs.get(type)!, pools).map((data) => ({ type, data }))),
  );

/** Values that no field expects. */
export const garbage = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true, maxDepth: 2 }),
  fc.constantFrom(null, undefined, 0, -0, NaN, Infinity, '', '\ud800', [], {}, 1n),
);

/** A payload with one field, anywhere, replaced by something else, dropped or added. */
export const spoiled = (data: unknown, at: number, other: unknown): unknown => {
  if (typeof data !== 'object' || data === null) return other;
  const fields = Object.entries(data);
  const key = fields[at % Math.max(1, fields.length)]?.[0];
  if (key === undefined || at % 7 === 0) return { ...data, [`extra${at}`]: other };
  const value: unknown = Object.entries(data).find(([name]) => name === key)?.[1];
  const next = at % 3 === 0 ? other : spoiled(value, Math.floor(at / 5), other);
  if (Array.isArray(data)) {
    return data.map((item: unknown, index) => (String(index) === key ? next : item));
  }
  return { ...data, [key]: next };
};
