import type * as t from 'io-ts';

/** A codec as far as its description needs it; io-ts gives each kind a tag. */
type Described = t.Mixed & {
  readonly _tag?: string;
  readonly type?: t.Mixed;
  readonly types?: readonly t.Mixed[];
  readonly props?: t.Props;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly value?: unknown;
  readonly optional?: true;
  readonly personalOf?: string;
};

const fieldsText = (props: t.Props): string =>
  Object.entries(props)
    .map(([name, codec]) => `${name}${isOptional(codec) ? '?' : ''}: ${codecText(codec)}`)
    .join(', ');

const isOptional = (codec: Described): boolean => codec.optional === true;

/** What a codec accepts, in a line for people. */
const codecText = (codec: Described): string => {
  const mark = codec.personalOf === undefined ? '' : ' (personal)';
  return `${plainText(codec)}${mark}`;
};

const plainText = (codec: Described): string => {
  const { _tag, types, type, props, keys } = codec;
  if (_tag === 'UnionType' && types !== undefined) return types.map(codecText).join(' or ');
  if (_tag === 'KeyofType' && keys !== undefined) return Object.keys(keys).map(quoted).join(' or ');
  if (_tag === 'LiteralType') return JSON.stringify(codec.value);
  if (_tag === 'ReadonlyArrayType' && type !== undefined) return `[${codecText(type)}]`;
  if (_tag === 'ClosedType' && props !== undefined) return `{ ${fieldsText(props)} }`;
  return codec.name;
};

const quoted = (word: string): string => `\`${word}\``;

/** The fields of a payload, or a dash where it has none. */
export const payloadText = (props: t.Props): string => fieldsText(props) || '-';
