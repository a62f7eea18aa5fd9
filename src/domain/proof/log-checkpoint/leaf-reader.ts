import { compareBytes } from '../../../engine/bytes.ts';
import { EVENT_TAG, leafBytes, type LeafEvent } from './leaf.ts';

/** How many fields the bytes of an event have, the tag among them. */
const FIELDS = 14;

/** The fields of a record in canonical bytes; undefined: they are not what its lengths say. */
const fieldsOf = (bytes: Uint8Array): readonly Uint8Array[] | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length || fields.length === FIELDS) return undefined;
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields.length === FIELDS ? fields : undefined;
};

const numberIn = (field: Uint8Array): number => {
  if (field.length !== 8) return Number.NaN;
  const view = new DataView(field.buffer, field.byteOffset, 8);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
};

/** The event in the bytes that a leaf hashes; undefined: they are no event's. What is read gives the same bytes again. */
export const leafEventIn = (bytes: Uint8Array): LeafEvent | undefined => {
  const fields = fieldsOf(bytes);
  if (fields === undefined) return undefined;
  const utf8 = new TextDecoder();
  const text = (index: number): string => utf8.decode(fields[index]);
  const count = (index: number): number => numberIn(fields[index] ?? new Uint8Array());
  const [revision, version, at] = [count(3), count(6), count(7)];
  if (![revision, version, at].every(Number.isSafeInteger) || text(0) !== EVENT_TAG) {
    return undefined;
  }
  const causationId = text(11) === '' ? undefined : text(11);
  const place = { instance: text(1), stream: text(2), revision, id: text(4) };
  const what = { type: text(5), version, at, payload: text(12), metadata: text(13) };
  const who = { actor: text(8), commandId: text(9), correlationId: text(10), causationId };
  const event: LeafEvent = { ...place, ...what, ...who };
  return compareBytes(leafBytes(event), bytes) === 0 ? event : undefined;
};
