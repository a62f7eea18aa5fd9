import type * as t from 'io-ts';
import { closed, malformed, type ClosedType, type FieldsOf, type Malformed } from './codec.ts';
import { E } from './fp.ts';

/** A fact: past tense, immutable, plain JSON data. */
export type DomainEvent<Type extends string = string, Data = unknown> = {
  readonly type: Type;
  readonly data: Data;
};

/** Lifts a payload written by version n into the shape of version n + 1. */
type Upcast = (older: unknown) => unknown;

export type Payloads = Readonly<Record<string, t.Props>>;
type Upcasts<P> = { readonly [Type in keyof P]?: readonly Upcast[] };
type Messages<P extends Payloads> = {
  [T in keyof P & string]: DomainEvent<T, FieldsOf<P[T]>>;
};

/** A message as it lies in the store: trusted by nobody until decoded. */
export type Stored = { readonly type: string; readonly version: number; readonly data: unknown };

export type Undecodable =
  | {
      readonly type: 'UnknownType';
      readonly messageType: string;
      readonly known: readonly string[];
    }
  | {
      readonly type: 'UnknownVersion';
      readonly messageType: string;
      readonly version: number;
      readonly latest: number;
    }
  | Malformed;

/** The messages of one kind in one subsystem: names, codecs, constructors and older versions, declared once. */
export type Vocabulary<P extends Payloads> = {
  readonly of: { readonly [T in keyof P & string]: (data: FieldsOf<P[T]>) => Messages<P>[T] };
  readonly payloads: P;
  readonly codecs: ReadonlyMap<string, ClosedType<t.Props>>;
  /** The version under which a message of this type is written today; counted from 1. */
  readonly versionOf: (type: string) => number;
  readonly decode: (stored: Stored) => E.Either<Undecodable, Messages<P>[keyof P & string]>;
};
/** A vocabulary whose messages are known at run time alone. */
export type AnyVocabulary = {
  readonly payloads: Payloads;
  readonly codecs: ReadonlyMap<string, ClosedType<t.Props>>;
  readonly versionOf: (type: string) => number;
  readonly decode: (stored: Stored) => E.Either<Undecodable, DomainEvent>;
};
export type MessageOf<V> = V extends Vocabulary<infer P> ? Messages<P>[keyof P & string] : never;

export const vocabulary = <const P extends Payloads>(
  payloads: P,
  upcasts: Upcasts<P> = {},
): Vocabulary<P> => {
  const types = Object.keys(payloads);
  const codecs = new Map(types.map((type) => [type, closed(payloads[type]!, type)]));
  const of = Object.fromEntries(types.map((type) => [type, (data: unknown) => ({ type, data })]));
  const upcastsOf = (type: string): readonly Upcast[] =>
    (Object.hasOwn(upcasts, type) ? upcasts[type] : undefined) ?? [];
  const versions = new Map(types.map((type) => [type, upcastsOf(type).length + 1]));
  const versionOf = (type: string) => versions.get(type) ?? 1;
  return {
    payloads,
    codecs,
    versionOf,
    // One constructor per type of P, by construction.
    of: of as unknown as Vocabulary<P>['of'],
    decode: ({ type, version, data }) => {
      const codec = codecs.get(type);
      if (codec === undefined)
        return E.left({ type: 'UnknownType', messageType: type, known: types });
      const latest = versionOf(type);
      // The codecs of messages change nothing: what is valid is already the message.
      if (version === latest && codec.is(data)) {
        return E.right({ type, data } as MessageOf<Vocabulary<P>>);
      }
      if (!(Number.isInteger(version) && version >= 1 && version <= latest)) {
        return E.left({ type: 'UnknownVersion', messageType: type, version, latest });
      }
      const upcast = lifted(data, upcastsOf(type), version);
      if (E.isLeft(upcast)) return upcast;
      if (codec.is(upcast.right)) {
        return E.right({ type, data: upcast.right } as MessageOf<Vocabulary<P>>);
      }
      const checked = codec.decode(upcast.right);
      return E.left(malformed(E.isLeft(checked) ? checked.left : []));
    },
  };
};

/** A payload of an older version in today's. An upcaster may stumble over one that was damaged: then that is wrong, not the code. */
const lifted = (
  data: unknown,
  upcasts: readonly Upcast[],
  version: number,
): E.Either<Malformed, unknown> =>
  E.tryCatch(
    () => upcasts.slice(version - 1).reduce((older, lift) => lift(older), data),
    (cause) => unliftable(version, cause),
  );

const unliftable = (version: number, cause: unknown): Malformed => ({
  type: 'Malformed',
  path: '',
  expected: `a payload of version ${version}`,
  found: `one that its upcaster cannot lift (${String(cause)})`,
});
