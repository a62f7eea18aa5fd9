import { randomBytes } from 'node:crypto';
import { base32 } from '../engine/bytes.ts';

/** A fresh random id: 128 bits in base32. */
export const newId = (): string => base32(randomBytes(16));
