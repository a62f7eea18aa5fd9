import canonicalize from 'canonicalize';
import { E } from './fp.ts';

/** A JSON value as text in the form of RFC 8785 (JSON Canonicalization Scheme). */
export const canonicalJson = (value: unknown): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('undefined is no JSON value');
  return text;
};

/** The value of a JSON text; undefined, which no text stands for: it is none. */
export const parsedJson = (text: string): unknown => {
  const parsed = E.tryCatch((): unknown => JSON.parse(text), String);
  return E.isRight(parsed) ? parsed.right : undefined;
};

/** Whether two JSON values are the same, whatever the order of their keys. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
};

/** How deep JSON may be nested before a walk through it could exhaust the stack. */
const MOST_LEVELS = 100;

/** A place in a value that no JSON text can stand for: the keys that lead there, what is wanted, what is there. */
export type NoJson = {
  readonly keys: readonly string[];
  readonly expected: string;
  readonly value: unknown;
};

/** The first place at which a value is not plain JSON data; undefined: it is. `within`: the values that contain it. */
export const noJsonIn = (value: unknown, within: object[] = []): NoJson | undefined => {
  const expected = expectedOf(value, within);
  if (expected !== undefined) return { keys: [], expected, value };
  if (typeof value !== 'object' || value === null) return undefined;
  within.push(value);
  const found = Array.isArray(value) ? noJsonInList(value, within) : noJsonInFields(value, within);
  within.pop();
  return found;
};

/** The items of a list, its holes too. */
const noJsonInList = (list: readonly unknown[], within: object[]): NoJson | undefined => {
  for (let index = 0; index < list.length; index += 1) {
    const found = noJsonIn(list[index], within);
    if (found !== undefined) return { ...found, keys: [String(index), ...found.keys] };
  }
  return undefined;
};

const noJsonInFields = (value: object, within: object[]): NoJson | undefined => {
  for (const key of Object.keys(value)) {
    // A record's field; what it is, is being found out.
    const found = noJsonIn((value as Record<string, unknown>)[key], within);
    if (found !== undefined) return { ...found, keys: [key, ...found.keys] };
  }
  return undefined;
};

/** What should be in the place of a value, whatever it contains; undefined: the value may be there. */
const expectedOf = (value: unknown, within: readonly object[]): string | undefined => {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') {
    return value.isWellFormed() ? undefined : 'text without lone surrogates';
  }
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number';
  return typeof value === 'object' ? expectedOfObject(value, within) : 'a JSON value';
};

const expectedOfObject = (value: object, within: readonly object[]): string | undefined => {
  if (within.includes(value)) return 'a value that does not contain itself';
  if (within.length === MOST_LEVELS) return `at most ${MOST_LEVELS} levels of nesting`;
  if (Array.isArray(value)) return undefined;
  if (!isPlain(value)) return 'a JSON value';
  const isWell = Object.keys(value).every((key) => key.isWellFormed());
  return isWell ? undefined : 'keys without lone surrogates';
};

/** Whether an object comes from a literal or JSON.parse, of whichever realm: above its prototype there is nothing. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** A copy of a JSON value that shares nothing with it. */
export const copyOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) {
    const field = copy[key];
    if (typeof field === 'object' && field !== null) copy[key] = copyOf(field);
  }
  return copy;
};

/** What is left of a budget of characters after the text of a value; below 0 as soon as it does not suffice. */
const leftAfter = (value: unknown, budget: number, level: number): number => {
  if (typeof value === 'string') return budget - value.length - 2;
  if (typeof value !== 'object' || value === null) return budget - 4;
  if (level === MOST_LEVELS) return -1;
  let left = budget - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (left < 0) return left;
      left = leftAfter(item, left - 1, level + 1);
    }
    return left;
  }
  for (const [key, field] of Object.entries(value)) {
    if (left < 0) return left;
    left = leftAfter(field, left - key.length - 4, level + 1);
  }
  return left;
};

/** Whether the JSON text of a value has roughly at most so many characters; of a larger one no more is looked at than that. */
export const isRoughlyWithin = (value: unknown, characters: number): boolean =>
  leftAfter(value, characters, 0) >= 0;
