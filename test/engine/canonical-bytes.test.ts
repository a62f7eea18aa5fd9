import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalBytes, toHex, type Field } from '../../src/engine/bytes.ts';
import {
  deadlineCommandId,
  derivedId,
  eventHash,
  eventId,
  reactionCommandId,
} from '../../src/engine/ids.ts';
import {
  derived,
  record,
  sha256,
  uuid,
  type WrittenField,
} from '../support/canonical-bytes-by-hand.ts';

type Vectors = {
  readonly records: readonly { name: string; fields: readonly WrittenField[]; hex: string }[];
  readonly ids: readonly {
    name: string;
    kind: 'base32' | 'uuid';
    instance: string;
    category: string;
    parts: readonly WrittenField[];
    id: string;
  }[];
  readonly hashes: readonly {
    name: string;
    stream: string;
    revision: number;
    id: string;
    type: string;
    version: number;
    data: string;
    metadata: string;
    sha256: string;
  }[];
};

const page = readFileSync(join(__dirname, '../../docs/canonical-bytes.md'), 'utf8');
const vectors = JSON.parse(/```json vectors\n(.*?)```/s.exec(page)?.[1] ?? '{}') as Vectors;

/** The field as the engine's code takes it. */
const given = (field: WrittenField): Field => {
  if ('text' in field) return field.text;
  if ('u64' in field) return field.u64;
  if ('amount' in field) return BigInt(field.amount);
  if ('list' in field) return { list: field.list.map(given) };
  if ('record' in field) return canonicalBytes(...field.record.map(given));
  return undefined;
};

describe('the vectors of docs/canonical-bytes.md', () => {
  test('engine N27: there are enough of them', () => {
    expect(vectors.records.length).toBeGreaterThanOrEqual(8);
    expect(vectors.ids.length).toBe(4);
    expect(vectors.hashes.length).toBe(1);
  });

  test.each(vectors.records)('engine N27: $name', ({ fields, hex }) => {
    expect(record(fields).toString('hex')).toBe(hex);
    expect(toHex(canonicalBytes(...fields.map(given)))).toBe(hex);
  });

  /** What the engine's functions make of the same parts. */
  const engineIds: Readonly<Record<string, (instance: string, parts: readonly never[]) => string>> =
    {
      event: (instance, [stream, actor, commandId, index]) =>
        eventId(instance, stream!, { actor: actor!, commandId: commandId! }, index!),
      reaction: (instance, [reaction, event, n]) =>
        reactionCommandId(instance, reaction!, event!, n!),
      deadline: (instance, [stream, revision, at, target, commandType]) =>
        deadlineCommandId(instance, {
          stream: stream!,
          revision: revision!,
          at: at!,
          target: target!,
          commandType: commandType!,
        }),
      hold: (instance, parts) => derivedId(instance, 'hold', ...parts),
    };

  test.each(vectors.ids)('engine N28: $name', ({ kind, instance, category, parts, id }) => {
    expect(kind === 'uuid' ? uuid(instance, parts) : derived(instance, category, parts)).toBe(id);
    expect(engineIds[category]?.(instance, parts.map(given) as never[])).toBe(id);
  });

  test.each(vectors.hashes)('engine N16: $name', ({ sha256: hash, ...event }) => {
    const { stream, revision, id, type, version, data, metadata } = event;
    const place = [{ text: 'chancery/stored-event/1' }, { text: stream }, { u64: revision }];
    const kind = [{ text: id }, { text: type }, { u64: version }];
    const fields = [...place, ...kind, { text: data }, { text: metadata }];
    expect(sha256(record(fields)).toString('hex')).toBe(hash);
    expect(eventHash(event)).toBe(hash);
  });
});
