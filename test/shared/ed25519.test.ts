import { createHash } from 'node:crypto';
import { ed25519 as curves } from '@noble/curves/ed25519.js';
import { getPublicKey, Point } from '@noble/ed25519';
import { nativeEd25519, nativeFirst } from '../../src/adapters/native-ed25519.ts';
import { signaturesToKnow } from '../../src/adapters/known-signatures.ts';
import { admitEd25519Key, verifyEd25519 } from '../../src/domain/shared/ed25519.ts';
import { toHex } from '../../src/engine/bytes.ts';
import { E } from '../../src/engine/fp.ts';
import {
  chance,
  littleEndian,
  numberIn,
  ORDER,
  PRIME,
  smallOrderEncodings,
  strangeSignature,
  torsionPoints,
  type Strange,
} from './ed25519.strange.ts';
import { rfc8032 } from './ed25519.vectors.ts';

/** How many strange signatures are compared, and by which seed: CHANCERY_SIGNATURES, CHANCERY_SEED. */
const COUNT = Number(process.env['CHANCERY_SIGNATURES'] ?? 600);
const SEED = Number(process.env['CHANCERY_SEED'] ?? 20_261_125);

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const utf8 = new TextEncoder();
const small = smallOrderEncodings();

const vectors = rfc8032.map(([, key, message, signature]) => ({
  key: bytes(key),
  message: bytes(message),
  signature: bytes(signature),
}));

const flips = (of: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: of.length * 8 }, (_, bit) =>
    of.map((byte, index) => (index === Math.floor(bit / 8) ? byte ^ (1 << (bit % 8)) : byte)),
  );

describe('bridge V1: a signature counts by ZIP 215', () => {
  it.each(vectors)('RFC 8032 test vector %#', (signed) => {
    expect(verifyEd25519(signed)).toBe(true);
  });

  it('all 196 pairs of small-order encodings are accepted, canonical or not', () => {
    expect(new Set(small.map(toHex)).size).toBe(14);
    const message = utf8.encode('Zcash');
    const verdicts = small.flatMap((key) =>
      small.map((commitment) =>
        verifyEd25519({
          key,
          message,
          signature: Uint8Array.of(...commitment, ...littleEndian(0n)),
        }),
      ),
    );
    expect(verdicts).toHaveLength(196);
    expect(verdicts.every((verdict) => verdict)).toBe(true);
  });

  it('y >= p is reduced, minus zero is zero, and k hashes the bytes as received', () => {
    // y = 1 has two spellings and two signs; the same pair in another spelling has another challenge, which small order forgives
    // and a torsion-free key does not: R respelt needs its own S.
    const respelt = littleEndian(1n + PRIME);
    const scalar = 5n;
    const key = Point.BASE.multiply(scalar).toBytes();
    const message = utf8.encode('respelt');
    const proofFor = (commitment: Uint8Array): bigint => {
      const k = numberIn(sha512Of(commitment, key, message)) % ORDER;
      return (k * scalar) % ORDER;
    };
    const plain = littleEndian(1n);
    const own = Uint8Array.of(...respelt, ...littleEndian(proofFor(respelt)));
    const borrowed = Uint8Array.of(...respelt, ...littleEndian(proofFor(plain)));
    expect(verifyEd25519({ key, message, signature: own })).toBe(true);
    expect(verifyEd25519({ key, message, signature: borrowed })).toBe(false);
  });

  it('S at the order or above it, any wrong length and any changed bit is false, and nothing throws', () => {
    const [, { key, message, signature } = vectors[1]!] = vectors;
    const commitment = signature.slice(0, 32);
    const proof = numberIn(signature.slice(32));
    for (let times = 1n; proof + times * ORDER < 2n ** 256n; times += 1n) {
      const malleated = Uint8Array.of(...commitment, ...littleEndian(proof + times * ORDER));
      expect(verifyEd25519({ key, message, signature: malleated })).toBe(false);
    }
    const zero = Uint8Array.of(...small[0]!, ...littleEndian(ORDER));
    expect(verifyEd25519({ key: small[0]!, message, signature: zero })).toBe(false);
    for (const length of [0, 31, 33, 64]) {
      expect(verifyEd25519({ key: new Uint8Array(length), message, signature })).toBe(false);
    }
    for (const length of [0, 63, 65]) {
      expect(verifyEd25519({ key, message, signature: new Uint8Array(length) })).toBe(false);
    }
    const changed = [
      ...flips(key).map((other) => ({ key: other, message, signature })),
      ...flips(message).map((other) => ({ key, message: other, signature })),
      ...flips(signature).map((other) => ({ key, message, signature: other })),
    ];
    expect(changed.filter(verifyEd25519)).toEqual([]);
  });
});

const sha512Of = (...parts: readonly Uint8Array[]): Uint8Array =>
  // an implementation of its own, so that a wrong one in the library would show
  new Uint8Array(createHash('sha512').update(Buffer.concat(parts)).digest());

describe('bridge V3: native, @noble/ed25519 and @noble/curves agree', () => {
  const random = chance(SEED);
  const torsion = torsionPoints();
  const strange: readonly Strange[] = Array.from({ length: COUNT }, () =>
    strangeSignature(random, torsion, small),
  );

  it(`on ${COUNT} torsioned, malleated, small-order and damaged signatures (seed ${SEED})`, () => {
    const native = nativeEd25519();
    const kinds = new Set<string>();
    for (const { kind, signed, expected } of strange) {
      kinds.add(`${kind}: ${native(signed)}`);
      const { key, message, signature } = signed;
      const verdicts = {
        kind,
        key: toHex(key),
        message: toHex(message),
        signature: toHex(signature),
        noble: verifyEd25519(signed),
        curves: curves.verify(signature, message, key, { zip215: true }),
        nativeAlone: native(signed) && !expected,
      };
      expect(verdicts).toEqual({
        ...verdicts,
        noble: expected,
        curves: expected,
        nativeAlone: false,
      });
    }
    // The comparison is worth something: there were those that only ZIP 215 accepts.
    expect(kinds).toContain('torsioned: false');
    expect(kinds).toContain('honest: true');
  });

  it('native first gives the answer of ZIP 215 to all of them', () => {
    const { check, isNativeOn } = nativeFirst();
    expect(isNativeOn).toBe(true);
    expect(strange.filter(({ signed, expected }) => check(signed) !== expected)).toEqual([]);
  });

  it('a native check that accepts one too many is switched off at the start', () => {
    const lenient = nativeFirst(() => true);
    expect(lenient.isNativeOn).toBe(false);
    const wrong = signaturesToKnow().filter((signed) => !verifyEd25519(signed));
    expect(wrong.length).toBeGreaterThan(50);
    expect(wrong.filter(lenient.check)).toEqual([]);
    // One that forgets that S has a bound, and is right in all else.
    const unbounded = nativeFirst(({ key, message, signature }) => {
      const proof = numberIn(signature.slice(32)) % ORDER;
      const reduced = Uint8Array.of(...signature.slice(0, 32), ...littleEndian(proof));
      return verifyEd25519({ key, message, signature: reduced });
    });
    expect(unbounded.isNativeOn).toBe(false);
  });
});

describe('bridge V4: a key is checked when it is registered', () => {
  const admitted = (key: Uint8Array): unknown => {
    const answer = admitEd25519Key(key);
    return E.isRight(answer) ? answer.right : answer.left.why;
  };

  it('keys of RFC 8032 are admitted as they are', () => {
    for (const { key } of vectors) expect(admitted(key)).toEqual(key);
  });

  it('small order, torsion, another spelling, off the curve and another length are refused', () => {
    const canonical = torsionPoints().map((point) => toHex(point.toBytes()));
    for (const key of small) {
      expect(admitted(key)).toBe(canonical.includes(toHex(key)) ? 'smallOrder' : 'notCanonical');
    }
    const key = getPublicKey(bytes(rfc8032[0]![0]));
    for (const torsion of torsionPoints().slice(1)) {
      expect(admitted(Point.fromBytes(key).add(torsion).toBytes())).toBe('torsion');
    }
    expect(admitted(littleEndian(2n))).toBe('notOnCurve');
    for (const length of [0, 31, 33]) expect(admitted(new Uint8Array(length))).toBe('length');
    // Spellings of y above the prime that are points.
    const above = Array.from({ length: 19 }, (_, offset) => littleEndian(PRIME + BigInt(offset)));
    expect(new Set(above.map(admitted))).toEqual(new Set(['notCanonical', 'notOnCurve']));
  });
});
