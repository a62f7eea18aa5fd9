import { randomBytes } from 'node:crypto';

/** 32 bytes that nobody can foresee. */
export const newSeed = (): Uint8Array => randomBytes(32);
