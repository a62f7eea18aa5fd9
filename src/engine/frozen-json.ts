import { canonicalJson } from './json.ts';

/** A JSON value that nobody can change any more, and its RFC 8785 text. */
export type FrozenJson = { readonly value: unknown; readonly text: string };

const INDEX_KEY = /^(?:0|[1-9]\d*)$/;

const refuse = (what: string): never => {
  throw new Error(`${what} is no JSON value`);
};

const scalar = (value: unknown): unknown => {
  if (typeof value === 'string') return value.isWellFormed() ? value : refuse('a lone surrogate');
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return refuse(String(value));
    return value === 0 ? 0 : value; // -0 has the text of 0, so it is 0
  }
  if (typeof value === 'boolean' || value === null) return value;
  return refuse(typeof value);
};

const put = (object: Record<string, unknown>, key: string, value: unknown): void => {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true });
};

/** A deeply frozen copy with sorted keys; `onIndexKey` is told of keys that JavaScript puts first whatever their order. */
const frozenCopy = (value: unknown, onIndexKey: () => void): unknown => {
  if (typeof value !== 'object' || value === null) return scalar(value);
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item: unknown) => frozenCopy(item, onIndexKey)));
  }
  return frozenRecord(value as Readonly<Record<string, unknown>>, onIndexKey);
};

const frozenRecord = (
  record: Readonly<Record<string, unknown>>,
  onIndexKey: () => void,
): unknown => {
  const copy: Record<string, unknown> = {};
  for (const key of sortedKeys(record)) {
    const field = record[key];
    if (field === undefined) continue;
    if (!key.isWellFormed()) refuse('a lone surrogate');
    if (isDigit(key.charCodeAt(0)) && INDEX_KEY.test(key)) onIndexKey();
    put(copy, key, frozenCopy(field, onIndexKey));
  }
  return Object.freeze(copy);
};

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** RFC 8785 sorts keys by their UTF-16 units, as `<` and `toSorted` do. */
const sortedKeys = (record: object): readonly string[] => {
  const keys = Object.keys(record);
  const isSorted = keys.every((key, index) => index === 0 || keys[index - 1]! < key);
  return isSorted ? keys : keys.toSorted();
};

/**
 * A frozen copy of a JSON value and its RFC 8785 text. JSON.stringify writes that text as soon as the keys are sorted, but for keys
 * that look like array indexes. Fields that are undefined are left out; what is no JSON value is a bug and throws.
 */
export const frozenJson = (value: unknown): FrozenJson => {
  let sortable = true;
  const copy = frozenCopy(value, () => {
    sortable = false;
  });
  return { value: copy, text: sortable ? JSON.stringify(copy) : canonicalJson(copy) };
};

/** Freezes a value that was just parsed and that nobody else holds yet. */
export const freezeDeep = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  for (const field of Object.values(value)) freezeDeep(field);
  return Object.freeze(value);
};
