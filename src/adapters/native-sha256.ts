import { hash } from 'node:crypto';
import type { Sha256 } from '../engine/ids.ts';

/** SHA-256 by the runtime's own library. */
export const nativeSha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');
