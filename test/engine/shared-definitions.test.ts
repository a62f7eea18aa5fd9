import fc from 'fast-check';
import { freeze } from 'immer';
import { escrow, escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { openBook, settled } from '../../src/domain/marketplace/escrow/book.ts';
import { marketplaceDefaults } from '../../src/settings.ts';
import { subsystems } from '../../src/subsystems.ts';
import { complete } from '../../src/domain/marketplace/escrow/terms.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import { runnable } from '../../src/engine/subsystem.ts';
import { given } from '../../src/testing/given.ts';

const PPM = 1_000_000n;

const termsWith = (shares: readonly number[]) =>
  complete({
    buyer: 'buyer',
    seller: 'z-seller',
    arbiter: { actor: 'judge' },
    milestones: [{ title: 'all', amount: { currency: 'USD', amount: '1' } }],
    split: shares.map((sharePpm, index) => ({ party: `payee-${index}`, sharePpm })),
  });

/** Fractions first, then the smaller id: written down anew, by exact rationals. */
const expectedParts = (net: bigint, shares: readonly { party: string; ppm: bigint }[]) => {
  const parts = shares.map(({ ppm }) => (net * ppm) / PPM);
  const order = shares
    .map(({ party, ppm }, index) => ({ party, index, rest: (net * ppm) % PPM }))
    .toSorted(
      (a, b) =>
        Number(b.rest - a.rest) || Buffer.compare(Buffer.from(a.party), Buffer.from(b.party)),
    );
  let left = net - parts.reduce((sum, part) => sum + part, 0n);
  for (const { index } of order) {
    if (left === 0n) break;
    parts[index]! += 1n;
    left -= 1n;
  }
  return parts;
};

test('engine N30: what floors leave over goes one unit each to the largest fractions, ties to the smaller id', () => {
  const shares = fc.array(fc.integer({ min: 1, max: 31_000 }), { minLength: 1, maxLength: 32 });
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: (1n << 128n) - 1n }), shares, (net, ppms) => {
      const terms = termsWith(ppms);
      const deal = { terms, fee: { payee: 'platform', ppm: 0 } };
      const [entry] = settled(openBook([{ currency: 'USD', amount: `${net}` }], terms), [], deal);
      const shared = ppms.reduce((sum, ppm) => sum + ppm, 0);
      const expected = expectedParts(net, [
        ...ppms.map((ppm, index) => ({ party: `payee-${index}`, ppm: BigInt(ppm) })),
        { party: 'z-seller', ppm: PPM - BigInt(shared) },
      ]);
      expect(entry?.paid.map(({ amount }) => BigInt(amount))).toEqual(expected);
    }),
  );
});

describe('engine N31: refusals have one meaning and one order', () => {
  const { OpenEscrow, ReleaseFunds, CancelEscrow } = escrowCommands.of;
  const terms = {
    buyer: 'ada',
    seller: 'bob',
    arbiter: { actor: 'cyd' },
    milestones: [{ title: 'all', amount: { currency: 'USD', amount: '100' } }],
  };
  const facts = { settings: marketplaceDefaults };
  const opened = given(escrow).when(OpenEscrow({ terms }), { facts }).decided;
  const events = opened._tag === 'Right' ? opened.right : [];
  const proposed = given(escrow, ...events);

  test('the status comes before the permission', () => {
    proposed
      .when(ReleaseFunds({ milestone: 1 }), { actor: 'eve' })
      .thenRefuses({ type: 'StatusForbids', status: 'Proposed' });
  });

  test('the permission comes before the facts', () => {
    given(escrow)
      .when(OpenEscrow({ terms: { ...terms, milestones: [] } }), { actor: 'eve', facts })
      .thenRefuses({ type: 'NotPermitted', actor: 'eve' });
    proposed
      .when(CancelEscrow({}), { actor: 'eve' })
      .thenRefuses({ type: 'NotPermitted', actor: 'eve' });
  });

  test('what already holds is granted before the status is looked at', () => {
    proposed.when(OpenEscrow({ terms }), { actor: 'eve', facts }).then();
  });
});

describe.each<readonly [string, AnySubsystem]>(
  subsystems.map((subsystem) => [subsystem.category, subsystem] as const),
)('engine N40: the row of %s', (_, row) => {
  test('answers the same twice and changes nothing it is given', () => {
    const { decider, due, answers = {} } = runnable(row);
    const self = { stream: `${row.category}-1` as const, id: '1', instance: 'test' };
    const state = freeze(decider.initial, true);
    const asked = () => [
      decider.lapse?.(state, Number.MAX_SAFE_INTEGER, self),
      due?.(state, self),
      ...Object.values(answers).map((answer) => answer(state, 'x#1', false)),
    ];
    expect(asked()).toEqual(asked());
  });

  test('says of every command who may ask, when it is accepted, and what it refuses', () => {
    expect(Object.keys(row.about.commands).toSorted()).toEqual(
      Object.keys(row.commands.payloads).toSorted(),
    );
    for (const { who, when } of Object.values(row.about.commands)) {
      expect(who).not.toBe('');
      expect(when).not.toBe('');
    }
  });
});
