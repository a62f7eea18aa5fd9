import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { LogCheckpoint } from '../../src/domain/proof/log-checkpoint/state.ts';
import {
  checkpointBytes,
  rotationBytes,
  type Statement,
} from '../../src/domain/proof/log-checkpoint/statements.ts';
import { logCheckpointCommands } from '../../src/commands/proof/log-checkpoint.ts';
import { didOfKey } from '../../src/domain/shared/did-key.ts';
import type { Actor } from '../../src/engine/decider.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import type { Asked, Guide } from './arbitrary-histories.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Three keys that follow from their numbers. */
const keys = [1, 2, 3].map((seed) => {
  const der = Buffer.concat([PKCS8, Buffer.alloc(32, seed)]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    keyId: didOfKey(publicKey),
    publicKey: publicKey.toString('hex'),
    sign: (bytes: Uint8Array) => sign(null, bytes, secret).toString('hex'),
  };
});
type Key = (typeof keys)[number];

const keyOf = (keyId: string): Key => keys.find((key) => key.keyId === keyId) ?? keys[0]!;
const rootOf = (size: number): string => size.toString(16).padStart(64, '0');

const prover: Actor = { id: 'prover', roles: ['prover'] };
const olga: Actor = { id: 'olga', roles: ['operator'] };
const { SignCheckpoint, RotateKey, ResumeSigning } = logCheckpointCommands.of;

const isLogCheckpoint = (state: Status): state is LogCheckpoint =>
  ['Unstarted', 'Signing', 'Halted'].includes(state.status);

type Base = { readonly size: number; readonly root: string } | null;

const signing = (instance: string, key: Key, size: number, root: string, base: Base) => {
  const statement: Statement = { size, root, instant: size, keyId: key.keyId };
  const signature = key.sign(checkpointBytes(instance, statement));
  return SignCheckpoint({ ...statement, position: `${size}`, signature, base });
};

const by = (actor: Actor, command: Asked['command']): Asked => ({ actor, command });

/** How the signing of a log's checkpoints is led into all its statuses. */
export const logCheckpointGuide: Guide = {
  ids: ['laws', 'laws', 'laws', 'laws', 'another'],
  commandsFor: ({ state, self: { instance }, draw }) => {
    if (!isLogCheckpoint(state))
      throw new Error(`no status of a log's checkpoints: ${state.status}`);
    if (state.status === 'Unstarted') {
      const first = signing(instance, draw.pick(keys), 1 + draw.below(9), rootOf(1), null);
      return { allowed: [by(prover, first)], refused: [by(olga, first)] };
    }
    const key = keyOf(state.keyId);
    const other = draw.pick(keys.filter(({ keyId }) => keyId !== state.keyId));
    const { size, root } = state;
    const next = size + 1 + draw.below(5);
    const base = { size, root };
    const bytes = rotationBytes(instance, state.keyId, other);
    const { keyId, publicKey } = other;
    const rotation = { keyId, publicKey, byOld: key.sign(bytes), byNew: other.sign(bytes) };
    const good = signing(instance, key, next, rootOf(next), base);
    const forked = signing(instance, key, next, rootOf(next), { size, root: rootOf(0) });
    const resumed = ResumeSigning({ reason: 'the copy is gone' });
    const ahead = [
      by(prover, good),
      by(prover, good),
      by(olga, RotateKey(rotation)),
      by(prover, draw.percent(50) ? forked : signing(instance, key, size, rootOf(0), null)),
    ];
    const outdated = signing(instance, key, next, rootOf(next), null);
    return {
      allowed: state.status === 'Halted' ? [by(olga, resumed)] : ahead,
      refused: [
        by(prover, outdated),
        by(prover, signing(instance, other, next, rootOf(next), base)),
        by(prover, { ...good, data: { ...good.data, root: rootOf(next + 1) } }),
        by(olga, RotateKey({ ...rotation, byNew: rotation.byOld })),
        by(prover, RotateKey(rotation)),
        by(prover, resumed),
      ],
    };
  },
};
