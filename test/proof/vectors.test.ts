import { createHash } from 'node:crypto';
import { leafBytes, leafEvent, leafOf } from '../../src/domain/proof/log-checkpoint/leaf.ts';
import { leafEventIn } from '../../src/domain/proof/log-checkpoint/leaf-reader.ts';
import {
  checkpointBytes,
  fromHex,
  isCheckpointSigned,
  isRotationSigned,
  rotationBytes,
} from '../../src/domain/proof/log-checkpoint/statements.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { toHex } from '../../src/engine/bytes.ts';
import { blocksOf } from '../docs/markdown.ts';

const block = blocksOf('docs/proof.md').find(({ marks }) => marks.includes('vectors'));
const { leaf, checkpoint, rotation } = JSON.parse(block?.text ?? '');

/** A record by the words of docs/canonical-bytes.md, without the project's encoder. */
const byHand = (...fields: readonly (string | number | Buffer)[]): string =>
  fields
    .map((field) => {
      const bytes = Buffer.alloc(typeof field === 'number' ? 8 : 0);
      if (typeof field === 'number') bytes.writeBigUInt64BE(BigInt(field));
      const content = typeof field === 'number' ? bytes : Buffer.from(field);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(content.length);
      return Buffer.concat([length, content]).toString('hex');
    })
    .join('');

test('PR1: the leaf of the documents is what the code and a stranger compute', () => {
  const { instance, stored, bytes, hash } = leaf;
  const { stream, revision, id, type, version, data } = stored;
  const why = [1_700_000_000_000, 'ada', 'c1', 'c1', ''];
  const fields = [instance, stream, revision, id, type, version, ...why, data];
  expect(byHand('chancery/event/1', ...fields, '{"payloadHash":"00"}')).toBe(bytes);
  const hashed = createHash('sha256')
    .update(Buffer.from(`00${bytes}`, 'hex'))
    .digest('hex');
  expect(hashed).toBe(hash);
  const event = leafEvent(instance, stored)!;
  expect(toHex(leafBytes(event))).toBe(bytes);
  expect(toHex(leafOf(instance, stored, nativeSha256)!)).toBe(hash);
  expect(leafEventIn(fromHex(bytes))).toEqual(event);
});

test('PR1: metadata with escapes, a cause and a sender are read as the usual ones are', () => {
  const metadata = { actor: 'a"d', at: 7, causationId: 'e1', commandId: 'c', correlationId: 'k' };
  const rest = { payloadHash: '00', sender: 'bob', skewMs: 3 };
  const stored = { ...leaf.stored, metadata: JSON.stringify({ ...metadata, ...rest }) };
  const plain = { ...leaf.stored, metadata: JSON.stringify({ ...metadata, actor: 'ad', ...rest }) };
  expect(leafEvent('i', stored)).toMatchObject({ ...metadata, metadata: JSON.stringify(rest) });
  expect(leafEvent('i', plain)).toMatchObject({
    causationId: 'e1',
    metadata: JSON.stringify(rest),
  });
  for (const wrong of ['', '{}', '{"actor":"ada"}', `${leaf.stored.metadata} `, 'null']) {
    expect(leafEvent('i', { ...leaf.stored, metadata: wrong })).toBeUndefined();
  }
});

test('PR5: the checkpoint and the rotation of the documents are what the code and a stranger compute', () => {
  const { instance, statement, bytes, signature } = checkpoint;
  const { size, root, instant, keyId } = statement;
  const signed = [instance, size, Buffer.from(root, 'hex'), instant, keyId];
  expect(byHand('chancery/checkpoint/1', ...signed)).toBe(bytes);
  expect(toHex(checkpointBytes(instance, statement))).toBe(bytes);
  expect(isCheckpointSigned(instance, { ...statement, signature })).toBe(true);
  expect(isCheckpointSigned(instance, { ...statement, instant: instant + 1, signature })).toBe(
    false,
  );
  expect(toHex(rotationBytes('example', rotation.old, rotation))).toBe(rotation.bytes);
  expect(isRotationSigned('example', rotation.old, rotation)).toBe(true);
  expect(isRotationSigned('other', rotation.old, rotation)).toBe(false);
});
