import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { nativeFirst } from '../../src/adapters/native-ed25519.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { consistencyProof, merkleRoot, rootOf } from '../../src/domain/shared/merkle.ts';
import { E } from '../../src/engine/fp.ts';
import { prove } from '../../src/proof/prove.ts';
import { storedLeaf, storedNodes } from '../../src/proof/tree-store.ts';
import type { Bundle } from '../../src/verify/bundle.ts';
import { verifyBundle, verifyConsistency } from '../../src/verify/index.ts';
import { opened } from '../support/engines.ts';
import { proofDirectory, provenStore, signerFrom } from '../support/proof-world.ts';

const key = signerFrom(1).keyId;
const root = resolve(__dirname, '..', '..');
let file = '';
let bundle: Bundle;

const proven = async (stream: `ticket-${number}`, revision?: number) => {
  const store = await opened(sqliteStore(file));
  try {
    const parts = { store, sha256: nativeSha256, check: nativeFirst().check };
    return await prove(parts, { instance: 'proofs', stream, revision });
  } finally {
    await store.close();
  }
};

beforeAll(async () => {
  file = await provenStore([300, 20, 7]);
  const made = await proven('ticket-3');
  if (E.isLeft(made)) throw new Error(made.left.type);
  bundle = made.right;
});

describe('PR8: a bundle', () => {
  test('proves all revisions of a stream, or one, with nothing but the key', async () => {
    const verdict = verifyBundle(JSON.stringify(bundle), key);
    expect(verdict).toMatchObject({ right: { stream: 'ticket-3', from: 0, to: 4 } });
    const payloads = E.isRight(verdict) ? verdict.right.events.map(({ payload }) => payload) : [];
    expect(payloads[1]).toBe('{"note":"note 16 ä€😀"}');
    const one = await proven('ticket-62', 2);
    const text = E.isRight(one) ? JSON.stringify(one.right) : '';
    expect(verifyBundle(text, key)).toMatchObject({ right: { from: 2, to: 2 } });
  });

  test('of what is not there is refused', async () => {
    expect(await proven('ticket-999')).toMatchObject({ left: { type: 'NoSuchEvents' } });
    expect(await proven('ticket-3', 99)).toMatchObject({ left: { type: 'NoSuchEvents' } });
  });

  const checkpoint = (change: Partial<Bundle['checkpoint']>): Partial<Bundle> => ({
    checkpoint: { ...bundle.checkpoint, ...change },
  });
  const event = (place: number, change: object): Partial<Bundle> => ({
    events: bundle.events.map((each, index) => (index === place ? { ...each, ...change } : each)),
  });
  const other = 'ab'.repeat(32);
  const swapped = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
  const bytes = (place: number) => bundle.events[place]!.bytes;

  const alterations: readonly (readonly [string, () => object, string])[] = [
    ['of another format', () => ({ format: 'chancery-parcel' }), 'FormatUnknown'],
    ['of a later version', () => ({ v: 2 }), 'FormatUnknown'],
    ['with a field too many', () => ({ note: 'trust me' }), 'BundleMalformed'],
    ['with a root that is none', () => checkpoint({ root: 'abc' }), 'BundleMalformed'],
    ['with a size that is none', () => checkpoint({ size: -1 }), 'BundleMalformed'],
    ['of another instance', () => ({ instance: 'others' }), 'SignatureInvalid'],
    ['with another root', () => checkpoint({ root: other }), 'SignatureInvalid'],
    [
      'with another size',
      () => checkpoint({ size: bundle.checkpoint.size + 1 }),
      'SignatureInvalid',
    ],
    ['with another instant', () => checkpoint({ instant: 5 }), 'SignatureInvalid'],
    ['with another signature', () => checkpoint({ signature: other + other }), 'SignatureInvalid'],
    ['signed by another key', () => checkpoint({ keyId: signerFrom(2).keyId }), 'KeyNotCurrent'],
    [
      'that begins with another key',
      () => ({ keys: { first: signerFrom(2).keyId, rotations: [] } }),
      'KeyUntrusted',
    ],
    [
      'with a rotation that nobody has signed',
      () => ({
        keys: {
          first: key,
          rotations: [
            {
              keyId: signerFrom(2).keyId,
              publicKey: other,
              byOld: other + other,
              byNew: other + other,
            },
          ],
        },
      }),
      'RotationInvalid',
    ],
    ['with an event too few', () => ({ events: bundle.events.slice(1) }), 'EventsMissing'],
    ['that claims one more revision', () => ({ to: 5 }), 'EventsMissing'],
    ['of another stream', () => ({ stream: 'ticket-4' }), 'StreamDiffers'],
    ['of other revisions', () => ({ from: 1, to: 5 }), 'RevisionDiffers'],
    ['with two events swapped', () => ({ events: bundle.events.toReversed() }), 'RevisionDiffers'],
    [
      'with another payload',
      () => event(1, { bytes: swapped(bytes(1), bytes(1).length - 200) }),
      'Event',
    ],
    [
      'with a length that is wrong',
      () => event(1, { bytes: swapped(bytes(1), 7) }),
      'EventMalformed',
    ],
    [
      'with bytes behind its last field',
      () => event(1, { bytes: `${bytes(1)}00` }),
      'EventMalformed',
    ],
    [
      'with a hash of a proof changed',
      () => event(2, { proof: [other, ...bundle.events[2]!.proof.slice(1)] }),
      'EventUnproven',
    ],
    [
      'with a proof too short',
      () => event(2, { proof: bundle.events[2]!.proof.slice(1) }),
      'EventUnproven',
    ],
    [
      'with an index changed',
      () => event(4, { index: bundle.events[4]!.index + 1 }),
      'EventUnproven',
    ],
    ['with an index that goes back', () => event(4, { index: 0 }), 'OrderDiffers'],
  ];
  test.each(alterations)('%s is refused for that', (_, change, type) => {
    const verdict = verifyBundle(JSON.stringify({ ...bundle, ...change() }), key);
    expect(verdict).toMatchObject({ left: { type: expect.stringMatching(`^${type}`) } });
  });

  test('that is no JSON, or larger than 64 MiB, is refused before more of it is looked at', () => {
    expect(verifyBundle('{"format":', key)).toEqual(E.left({ type: 'NoBundle' }));
    const size = 64 * 1024 * 1024 + 1;
    const verdict = verifyBundle(' '.repeat(size), key);
    expect(verdict).toMatchObject({ left: { type: 'TooLarge', size } });
  });

  test('by another trusted key is refused', () => {
    const verdict = verifyBundle(JSON.stringify(bundle), signerFrom(2).keyId);
    expect(verdict).toMatchObject({ left: { type: 'KeyUntrusted' } });
  });
});

test('PR9: any two sizes of the stored tree are consistent, and a wrong proof of that is refused', async () => {
  const store = await opened(sqliteStore(file));
  try {
    const nodes = storedNodes(store.rows, nativeSha256);
    const leaves = Array.from({ length: 329 }, (_, index) => storedLeaf(store.rows, index)!.hash);
    for (const newSize of [1, 2, 255, 256, 257, 300, 302, 329]) {
      expect(rootOf(nodes, newSize)).toEqual(merkleRoot(leaves.slice(0, newSize)));
      for (const oldSize of [1, 2, 3, 128, 256, 301].filter((size) => size <= newSize)) {
        const proof = consistencyProof(nodes, oldSize, newSize);
        const [oldRoot, newRoot] = [rootOf(nodes, oldSize), rootOf(nodes, newSize)];
        const claim = { oldSize, newSize, oldRoot, newRoot, proof };
        expect(verifyConsistency(claim)).toMatchObject({ _tag: 'Right' });
        const lie = { ...claim, oldRoot: leaves[7]! };
        expect(verifyConsistency(lie)).toMatchObject({ left: { type: 'ProofRefused' } });
        expect(verifyConsistency({ ...claim, oldSize: 0 })).toMatchObject({
          left: { why: 'sizes' },
        });
      }
    }
  } finally {
    await store.close();
  }
});

/** The files that a module needs, and the packages. */
const reachable = (entry: string) => {
  const [files, packages] = [new Set<string>(), new Set<string>()];
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    const text = readFileSync(path, 'utf8').replaceAll(/^import type [^;]*;/gmu, '');
    for (const [, from = ''] of text.matchAll(
      /^(?:import|export|\}) ?[^;]*? ?from '([^']+)';/gmu,
    )) {
      if (from.startsWith('.')) visit(resolve(dirname(path), from));
      else
        packages.add(
          from
            .split('/')
            .slice(0, from.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  };
  visit(entry);
  return { files: [...files], packages: [...packages].toSorted() };
};

test('PR8: the verifier runs as a plain ES module from its own files alone, where there is no Node.js', () => {
  const { files, packages } = reachable(join(root, 'src', 'verify', 'index.ts'));
  const pure = ['@noble/ed25519', '@noble/hashes', 'canonicalize', 'fp-ts', 'multiformats'];
  expect(packages).toEqual(pure);
  const place = proofDirectory();
  for (const path of files) {
    const target = join(place, relative(root, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
  for (const name of packages) {
    const link = join(place, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(place, 'package.json'), '{"type":"module"}');
  writeFileSync(join(place, 'bundle.json'), JSON.stringify(bundle));
  writeFileSync(
    join(place, 'run.mjs'),
    `import { readFileSync } from 'node:fs';
     const text = readFileSync('bundle.json', 'utf8');
     const say = console.log;
     for (const name of ['Buffer', 'process', 'setImmediate', 'global']) delete globalThis[name];
     const { verifyBundle } = await import('./src/verify/index.ts');
     say(JSON.stringify(verifyBundle(text, '${key}')));`,
  );
  const said = execFileSync(process.execPath, ['run.mjs'], { cwd: place, encoding: 'utf8' });
  expect(JSON.parse(said)).toMatchObject({ right: { type: 'BundleProven', to: 4 } });
});
