import { hash } from 'node:crypto';
import { eventBytes, type HashedEvent } from '../engine/ids.ts';

/** What `eventHash` of the engine answers, by the native SHA-256. */
export const nativeEventHash = (event: HashedEvent): string =>
  hash('sha256', eventBytes(event), 'hex');
