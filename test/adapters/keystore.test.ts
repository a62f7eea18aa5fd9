import { readFileSync, readdirSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createKeystore, openKeystore } from '../../src/adapters/keystore/keystore.ts';
import type { Keystore } from '../../src/adapters/keystore/format.ts';
import { didOfKey, keyOfDid } from '../../src/domain/shared/did-key.ts';
import { verifyEd25519 } from '../../src/domain/shared/ed25519.ts';
import type { Signer } from '../../src/domain/shared/signer.ts';
import { canonicalBytes } from '../../src/engine/bytes.ts';
import { E } from '../../src/engine/fp.ts';
import { temporary } from '../support/cli.ts';
import { littleEndian, torsionPoints } from '../shared/ed25519.strange.ts';

const place = temporary();
const PASSPHRASE = 'correct horse';

/** A file of a time when less cost was thought enough: the secret key is 32 times 9. */
const dated = {
  format: 'chancery-keystore',
  v: 1,
  kdf: {
    name: 'scrypt',
    logN: 15,
    r: 8,
    p: 1,
    salt: 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=',
  },
  cipher: {
    name: 'aes-256-gcm',
    nonce: 'AgICAgICAgICAgIC',
  },
  key: {
    identity: 'log',
    version: 3,
    did: 'did:key:z6MkwVDfCg9LbbY6xjH3EZk8YSFQZujV5Y4y1ZWeER9tDiN3',
  },
  sealed: 'HJ6/DAbqORnu0I+ZLOz3MBqQRQ4x5uHbMlqZYzMDscOIQFPReWAhvWBAEaEtuyBq',
} as const;

const rightOf = <L, R>(answer: E.Either<L, R>): R => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};
const leftOf = <L, R>(answer: E.Either<L, R>): L => {
  if (E.isRight(answer)) throw new Error('it went well');
  return answer.left;
};

const made = async (name: string) => {
  const path = place(name, 'log.key');
  mkdirSync(dirname(path), { recursive: true });
  const signer = rightOf(await createKeystore(path, { identity: 'log' }, PASSPHRASE)());
  const keystore = JSON.parse(readFileSync(path, 'utf8')) as Keystore;
  const altered = (change: (keystore: Keystore) => unknown): string => {
    const other = join(dirname(path), 'altered.key');
    writeFileSync(other, JSON.stringify(change(keystore)));
    return other;
  };
  return { path, signer, keystore, altered };
};

const signedBy = async (signer: Signer, purpose: string, bytes: Uint8Array) =>
  signer.sign(purpose, bytes)();

describe('mesh E12: a keystore file', () => {
  it("gives the key back to who has the passphrase, holds no secret in the open, and is its owner's alone", async () => {
    const { path, signer, keystore } = await made('own');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['log.key']);
    expect(keystore).toMatchObject({
      format: 'chancery-keystore',
      v: 1,
      kdf: { name: 'scrypt', logN: 17, r: 8, p: 1 },
      cipher: { name: 'aes-256-gcm' },
      key: { identity: 'log', version: 1, did: didOfKey(signer.publicKey) },
    });
    const again = rightOf(await openKeystore(path, PASSPHRASE)());
    const bytes = canonicalBytes('chancery/checkpoint/1', 'one', 7);
    const [first, second] = [
      rightOf(await signedBy(signer, 'checkpoint', bytes)),
      rightOf(await signedBy(again, 'checkpoint', bytes)),
    ];
    expect(first).toEqual(second);
    const signed = { key: again.publicKey, message: bytes, signature: second };
    expect(verifyEd25519(signed)).toBe(true);
  });

  it('stays locked for a wrong passphrase, a changed header and damaged ciphertext', async () => {
    const { path, altered, keystore } = await made('locked');
    expect(leftOf(await openKeystore(path, 'wrong horse')())).toMatchObject({
      type: 'KeystoreLocked',
      path,
    });
    const other = await made('other');
    const flipped = (text: string, at: number): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes[at] = bytes[at]! ^ 1;
      return bytes.toString('base64');
    };
    const changes: readonly ((of: Keystore) => unknown)[] = [
      (of) => ({ ...of, key: { ...of.key, identity: 'lot' } }),
      (of) => ({ ...of, key: { ...of.key, version: 2 } }),
      (of) => ({ ...of, key: { ...of.key, did: other.keystore.key.did } }),
      (of) => ({ ...of, kdf: { ...of.kdf, salt: flipped(of.kdf.salt, 3) } }),
      (of) => ({ ...of, kdf: { ...of.kdf, p: 2 } }),
      (of) => ({ ...of, kdf: { ...of.kdf, logN: 16 } }),
      (of) => ({ ...of, cipher: { ...of.cipher, nonce: flipped(of.cipher.nonce, 0) } }),
      (of) => ({ ...of, sealed: flipped(of.sealed, 0) }),
      (of) => ({ ...of, sealed: flipped(of.sealed, 47) }),
      (of) => ({ ...of, sealed: other.keystore.sealed }),
    ];
    for (const change of changes) {
      const damaged = altered(change);
      expect(leftOf(await openKeystore(damaged, PASSPHRASE)())).toMatchObject({
        type: 'KeystoreLocked',
      });
    }
    expect(
      rightOf(
        await openKeystore(
          altered(() => keystore),
          PASSPHRASE,
        )(),
      ).keyId,
    ).toBe(keystore.key.did);
  });

  it('is refused before any work where its parameters are weak or a trap', async () => {
    const { altered } = await made('parameters');
    const refusal = async (kdf: object) => {
      const path = altered((of) => ({ ...of, kdf: { ...of.kdf, ...kdf } }));
      const { type } = leftOf(await openKeystore(path, PASSPHRASE)());
      return type;
    };
    expect(await refusal({ logN: 14 })).toBe('ParametersWeak');
    expect(await refusal({ logN: 21 })).toBe('ParametersTooCostly');
    expect(await refusal({ logN: 40 })).toBe('ParametersTooCostly');
    expect(await refusal({ p: 5 })).toBe('ParametersTooCostly');
    expect(await refusal({ r: 9 })).toBe('KeystoreDamaged');
    expect(await refusal({ logN: 17.5 })).toBe('KeystoreDamaged');
    expect(await refusal({ salt: 'AAAA' })).toBe('KeystoreDamaged');
  });

  it('that is dated is written anew when it is opened, with the same key', async () => {
    const { altered, keystore } = await made('dated');
    const weaker = altered(() => dated);
    const before = rightOf(await openKeystore(weaker, 'old horse')());
    const now = JSON.parse(readFileSync(weaker, 'utf8')) as Keystore;
    expect(now.kdf.logN).toBe(17);
    expect(now.key).toEqual(dated.key);
    expect(now.kdf.salt).not.toBe(dated.kdf.salt);
    expect(rightOf(await openKeystore(weaker, 'old horse')()).publicKey).toEqual(before.publicKey);
    expect(keystore.kdf.logN).toBe(17);
  });

  it('is never overwritten, and what is missing or none is said so with a remedy', async () => {
    const { path, keystore } = await made('again');
    const answer = leftOf(await createKeystore(path, { identity: 'log' }, PASSPHRASE)());
    expect(answer).toMatchObject({ type: 'KeystoreUnavailable', path });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(keystore);
    expect(readdirSync(dirname(path))).toEqual(['log.key']);
    const missing = leftOf(await openKeystore(place('again', 'none.key'), PASSPHRASE)());
    expect(missing).toMatchObject({
      type: 'KeystoreUnavailable',
      remedy: expect.stringContaining('keygen') as string,
    });
    const text = place('again', 'text.key');
    for (const content of [
      '',
      'no json',
      '{}',
      '[]',
      'null',
      JSON.stringify({ ...keystore, v: 2 }),
    ]) {
      writeFileSync(text, content);
      expect(leftOf(await openKeystore(text, PASSPHRASE)())).toMatchObject({
        type: 'KeystoreDamaged',
        path: text,
      });
    }
  });
});

describe('mesh E14: a signer', () => {
  it('signs what is of its purpose and nothing else, and nothing once it is closed', async () => {
    const { signer } = await made('purpose');
    const bytes = canonicalBytes('chancery/checkpoint/1', 'one', 7);
    expect(leftOf(await signedBy(signer, 'command', bytes))).toEqual({
      type: 'PurposeMismatch',
      purpose: 'command',
    });
    expect(leftOf(await signedBy(signer, 'check', bytes)).type).toBe('PurposeMismatch');
    expect(leftOf(await signedBy(signer, 'checkpoint', new Uint8Array())).type).toBe(
      'PurposeMismatch',
    );
    signer.close();
    expect(leftOf(await signedBy(signer, 'checkpoint', bytes)).type).toBe('SignerUnavailable');
  });
});

describe('mesh E15: did:key', () => {
  it('names an Ed25519 key, and comes back to it', () => {
    // did:key method, test vectors for Ed25519.
    const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
    const key = rightOf(keyOfDid(did));
    expect(didOfKey(key)).toBe(did);
    expect(Buffer.from(key).toString('hex')).toBe(
      '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29',
    );
  });

  it('of another kind, damaged, too long or unfit is refused', () => {
    const refusal = (did: string) => leftOf(keyOfDid(did)).type;
    const x25519 = 'did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F';
    const bad = [
      '',
      'did:web:example.org',
      'did:key:',
      'did:key:z',
      'did:key:m7QE',
      'did:key:z0OIl',
      x25519,
    ];
    expect(new Set(bad.map(refusal))).toEqual(new Set(['KeyTypeUnsupported']));
    expect(refusal(`did:key:z${'1'.repeat(100_000)}`)).toBe('KeyTypeUnsupported');
    expect(refusal(didOfKey(new Uint8Array(31)))).toBe('KeyTypeUnsupported');
    for (const point of torsionPoints())
      expect(refusal(didOfKey(point.toBytes()))).toBe('KeyUnfit');
    expect(refusal(didOfKey(littleEndian(2n)))).toBe('KeyUnfit');
  });
});
