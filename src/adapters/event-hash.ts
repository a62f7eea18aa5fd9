import { hash } from 'node:crypto';
import type { HashedEvent } from '../engine/ids.ts';

const TAG = 'chancery/stored-event/1';

let scratch = Buffer.alloc(64 * 1024);

const room = (bytes: number): Buffer => {
  if (scratch.length < bytes) scratch = Buffer.alloc(bytes * 2);
  return scratch;
};

const putText = (buffer: Buffer, offset: number, text: string): number => {
  const length = buffer.write(text, offset + 4, 'utf8');
  buffer.writeUInt32BE(length, offset);
  return offset + 4 + length;
};

const putNumber = (buffer: Buffer, offset: number, value: number): number => {
  buffer.writeUInt32BE(8, offset);
  buffer.writeBigUInt64BE(BigInt(value), offset + 4);
  return offset + 12;
};

/**
 * What `eventHash` of the engine answers, by the native SHA-256 and without the many small arrays: SHA-256, as hex, of the canonical
 * bytes `[chancery/stored-event/1, stream, revision, id, type, version, payload text, metadata text]`.
 */
export const nativeEventHash = (event: HashedEvent): string => {
  const { stream, revision, id, type, version, data, metadata } = event;
  const texts = [TAG, stream, id, type, data, metadata];
  const units = texts.reduce((sum, { length }) => sum + length, 0);
  const buffer = room(units * 3 + 64); // a UTF-16 unit has at most three bytes
  let end = putText(buffer, 0, TAG);
  end = putText(buffer, end, stream);
  end = putNumber(buffer, end, revision);
  end = putText(buffer, end, id);
  end = putText(buffer, end, type);
  end = putNumber(buffer, end, version);
  end = putText(buffer, end, data);
  end = putText(buffer, end, metadata);
  return hash('sha256', buffer.subarray(0, end), 'hex');
};
