import type * as t from 'io-ts';

/** A codec as far as its shape needs it; io-ts gives each kind a tag. */
type Shaped = t.Mixed & {
  readonly _tag?: string;
  readonly type?: t.Mixed;
  readonly types?: readonly t.Mixed[];
  readonly props?: t.Props;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly domain?: t.Mixed;
  readonly codomain?: t.Mixed;
  readonly value?: unknown;
  readonly optional?: true;
};

/** What a codec lets through, as JSON of which a digest can be taken. */
export type CodecShape = {
  readonly kind: string;
  readonly name: string;
  readonly isOptional: boolean;
  readonly words: readonly string[];
  readonly parts: readonly CodecShape[];
  readonly fields: Readonly<Record<string, CodecShape>>;
};

/** The parts of a codec; one that contains itself is known by its name alone. */
const partsOf = ({ _tag, type, types, domain, codomain }: Shaped): readonly t.Mixed[] =>
  _tag === 'RecursiveType'
    ? []
    : [type, ...(types ?? []), domain, codomain].filter((part) => part !== undefined);

/** The shape of a codec. The rule of a refinement shows in its name, for a function cannot be compared. */
export const codecShape = (codec: Shaped): CodecShape => ({
  kind: codec._tag ?? 'Type',
  name: codec.name,
  isOptional: codec.optional === true,
  words: [
    ...Object.keys(codec.keys ?? {}),
    ...(codec.value === undefined ? [] : [JSON.stringify(codec.value)]),
  ],
  parts: partsOf(codec).map(codecShape),
  fields: Object.fromEntries(
    Object.entries(codec.props ?? {}).map(([name, field]) => [name, codecShape(field)]),
  ),
});
