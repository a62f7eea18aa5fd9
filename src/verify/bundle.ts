import type { Rotation, SignedStatement } from '../domain/proof/log-checkpoint/statements.ts';
import { E } from '../engine/fp.ts';
import { parsedJson } from '../engine/json.ts';
import type { BundleRefused } from './refusal.ts';

/** An event of a bundle: its leaf's index, the bytes that its leaf hashes, and what proves its place. Bytes are lower-case hex. */
export type BundledEvent = {
  readonly index: number;
  readonly bytes: string;
  readonly proof: readonly string[];
};

/** A bundle, version 1: revisions `from` to `to` of a stream, under a checkpoint, with the keys from the first to the one that signed it. */
export type Bundle = {
  readonly format: 'chancery-bundle';
  readonly v: 1;
  readonly instance: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly checkpoint: SignedStatement;
  readonly keys: { readonly first: string; readonly rotations: readonly Rotation[] };
  readonly events: readonly BundledEvent[];
};

export const BUNDLE_FORMAT = 'chancery-bundle';
export const BUNDLE_VERSION = 1;
/** The largest bundle that is read, in bytes. */
export const BUNDLE_BYTES = 64 * 1024 * 1024;

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isHex =
  (bytes?: number): Check =>
  (value) =>
    typeof value === 'string' &&
    /^(?:[0-9a-f]{2})+$/.test(value) &&
    (bytes === undefined || value.length === 2 * bytes);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first field that is not as it should be, or should not be there; undefined: all are right. */
const wrongIn = (value: unknown, shape: Shape): string | undefined => {
  if (!isRecord(value)) return '';
  const surplus = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
  if (surplus !== undefined) return surplus;
  return Object.entries(shape).find(([key, check]) => !check(value[key]))?.[0];
};

const recordOf =
  (shape: Shape): Check =>
  (value) =>
    wrongIn(value, shape) === undefined;
const listOf =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);

const HASH = 32;
const SIGNATURE = 64;

const ROTATION = {
  keyId: isText,
  publicKey: isHex(HASH),
  byOld: isHex(SIGNATURE),
  byNew: isHex(SIGNATURE),
};
const BUNDLE: Shape = {
  format: (value) => value === BUNDLE_FORMAT,
  v: (value) => value === BUNDLE_VERSION,
  instance: isText,
  stream: isText,
  from: isCount,
  to: isCount,
  checkpoint: recordOf({
    size: isCount,
    root: isHex(HASH),
    instant: isCount,
    keyId: isText,
    signature: isHex(SIGNATURE),
  }),
  keys: recordOf({ first: isText, rotations: listOf(recordOf(ROTATION)) }),
  events: listOf(recordOf({ index: isCount, bytes: isHex(), proof: listOf(isHex(HASH)) })),
};

const isBundle = (value: unknown): value is Bundle => wrongIn(value, BUNDLE) === undefined;

/** The bundle in a text. */
export const bundleIn = (text: string): E.Either<BundleRefused, Bundle> => {
  if (text.length > BUNDLE_BYTES) {
    return E.left({ type: 'TooLarge', size: text.length, limit: BUNDLE_BYTES });
  }
  const value = parsedJson(text);
  if (!isRecord(value)) return E.left({ type: 'NoBundle' });
  if (value['format'] !== BUNDLE_FORMAT || value['v'] !== BUNDLE_VERSION) {
    return E.left({
      type: 'FormatUnknown',
      found: `${String(value['format'])} ${String(value['v'])}`.slice(0, 100),
      known: `${BUNDLE_FORMAT} ${BUNDLE_VERSION}`,
    });
  }
  if (isBundle(value)) return E.right(value);
  return E.left({ type: 'BundleMalformed', path: wrongIn(value, BUNDLE) ?? '' });
};
