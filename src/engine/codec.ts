import * as t from 'io-ts';
import { E } from './fp.ts';
import { closest, keysOf } from './union-errors.ts';

/** A payload that does not have the form it should: the first wrong place, what was expected there, what came. */
export type Malformed = {
  readonly type: 'Malformed';
  readonly path: string;
  readonly expected: string;
  readonly found: string;
};

/** A field that may be left out. */
export type OptionalField<C extends t.Mixed = t.Mixed> = C & { readonly optional: true };

type OptionalKeys<P> = {
  [K in keyof P]: P[K] extends { readonly optional: true } ? K : never;
}[keyof P];

/** The value that a record of fields describes. */
export type FieldsOf<P extends t.Props> = {
  readonly [K in Exclude<keyof P, OptionalKeys<P>>]: t.TypeOf<P[K]>;
} & { readonly [K in OptionalKeys<P>]?: t.TypeOf<P[K]> };

export const optional = <C extends t.Mixed>(codec: C): OptionalField<C> =>
  Object.assign(Object.create(Object.getPrototypeOf(codec) as object) as C, codec, {
    optional: true as const,
  });

const isOptional = (codec: t.Mixed): boolean => 'optional' in codec;

/** A record that has exactly the fields named: an unknown one is an error with its path. */
export class ClosedType<P extends t.Props> extends t.Type<FieldsOf<P>> {
  readonly _tag = 'ClosedType' as const;
  readonly props: P;
  constructor(name: string, props: P) {
    const fields = Object.entries(props).map(([key, codec]) => ({ key, codec }));
    const is = (value: unknown): value is FieldsOf<P> => {
      if (!isRecord(value)) return false;
      let present = 0;
      for (const { key, codec } of fields) {
        const isThere = Object.hasOwn(value, key);
        if (!isThere && isOptional(codec)) continue;
        if (!isThere || !codec.is(value[key])) return false;
        present += 1;
      }
      return present === Object.keys(value).length;
    };
    super(name, is, (value, context) => validateClosed(value, context, props, is), t.identity);
    this.props = props;
  }
}

const validateClosed = <P extends t.Props>(
  value: unknown,
  context: t.Context,
  props: P,
  is: (value: unknown) => value is FieldsOf<P>,
): t.Validation<FieldsOf<P>> => {
  if (is(value)) return t.success(value);
  if (!isRecord(value)) return t.failure(value, context);
  const errors: t.Errors = [];
  for (const [key, codec] of Object.entries(props)) {
    const isThere = Object.hasOwn(value, key);
    if (!isThere && isOptional(codec)) continue;
    const field = isThere ? value[key] : undefined;
    const place = t.appendContext(context, key, codec, field);
    const checked = isThere ? codec.validate(field, place) : t.failure(field, place);
    if (E.isLeft(checked)) errors.push(...checked.left);
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(props, key)) continue;
    const place = t.appendContext(context, key, NO_FIELD, value[key]);
    errors.push({ value: value[key], context: place });
  }
  return t.failures(errors);
};

const NO_FIELD = new t.Type<never>(
  'no such field',
  (value): value is never => value === NO_FIELD,
  t.failure,
  t.identity,
);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const closed = <P extends t.Props>(props: P, name = 'a record'): ClosedType<P> =>
  new ClosedType(name, props);

/** A text that satisfies a rule; `name` is what people read when it does not. */
export const text = (name: string, rule: (value: string) => boolean = () => true) =>
  t.refinement(t.string, (value) => value.isWellFormed() && rule(value), name);

/** A list; it may be empty. */
export const listOf = <C extends t.Mixed>(item: C, name = `a list of ${item.name}`) =>
  t.readonlyArray(item, name);

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;
const utf8 = new TextEncoder();
/** Whether a text has at most so many bytes of UTF-8; a UTF-16 unit has three at most. */
const fits = (value: string, most: number): boolean =>
  value.length * 3 <= most || (value.length <= most && utf8.encode(value).length <= most);

/** An actor's id: 1 to 128 bytes of UTF-8 without control characters, compared as bytes. */
export const ActorId = text(
  'an actor id (1 to 128 bytes, no control characters)',
  (id) => id.length > 0 && fits(id, 128) && !CONTROL.test(id),
);

/** An id that is built from others: 1 to 256 bytes of UTF-8 without control characters. */
export const BuiltId = text(
  'an id (1 to 256 bytes, no control characters)',
  (id) => id.length > 0 && fits(id, 256) && !CONTROL.test(id),
);

/** Marks a payload field as personal data of the subject that another field of the payload names. */
export const personal = <C extends t.Mixed>(codec: C, subject: string): C & PersonalMark =>
  Object.assign(Object.create(Object.getPrototypeOf(codec) as object) as C, codec, {
    personalOf: subject,
  });
export type PersonalMark = { readonly personalOf: string };

/** A place in a value, as people write it: `terms.split[0].sharePpm`. */
export const pathOf = (keys: readonly string[]): string =>
  keys.reduce(
    (path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
    '',
  );

/** A value as a short text for people; whatever it is, JSON or not. */
export const foundIn = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `the big integer ${value}`;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const json = E.tryCatch(
    () => JSON.stringify(value),
    () => 'something that is no JSON',
  );
  const shown = E.isLeft(json) ? json.left : json.right;
  return shown.length <= 80 ? shown : `${shown.slice(0, 77).toWellFormed()}...`;
};

/** The one function that renders decode errors for people: the first wrong place, what was expected, what came. */
export const malformed = (errors: t.Errors, within = ''): Malformed => {
  const places = closest(errors).map(({ value, context }) => ({
    path: [within, pathOf(keysOf(context))].filter((part) => part !== '').join('.'),
    expected: context.at(-1)?.type.name ?? 'something else',
    value,
  }));
  const first = places[0] ?? { path: within, expected: 'something else', value: undefined };
  const alternatives = places.filter(({ path }) => path === first.path);
  return {
    type: 'Malformed',
    path: first.path,
    expected: [...new Set(alternatives.map(({ expected }) => expected))].join(' or '),
    found: foundIn(first.value),
  };
};
