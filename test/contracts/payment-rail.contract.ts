import type { PaymentRail, Payout, RailAnswer } from '../../src/domain/shared/payment-rail.ts';

/** A rail to a bank of its own, and how it is left; `restart` gives the same bank in a new process, or what comes nearest. */
export type RailUnderTest = {
  readonly rail: PaymentRail;
  readonly restart: () => Promise<PaymentRail>;
  readonly close: () => Promise<void>;
};

let ids = 0;
const payoutTo = (destination: string): Payout => ({
  withdrawalId: `artist!${(ids += 1)}`,
  money: { currency: 'USD', amount: '7020' },
  rail: 'sandbox',
  destination,
});
const paid = (id: string): RailAnswer => ({ type: 'Paid', railRef: `sandbox-${id}` });
const refused: RailAnswer = { type: 'NotSent', reason: 'refused by the sandbox' };

/** What every adapter of the sandbox keeps to. */
export const paymentRailContract = (name: string, open: () => Promise<RailUnderTest>): void => {
  describe(`the rail ${name}`, () => {
    let tested: RailUnderTest;
    beforeAll(async () => {
      tested = await open();
    });
    afterAll(() => tested.close());

    const submitted = async (destination: string) => {
      const payout = payoutTo(destination);
      await tested.rail.prepare(payout);
      const answers = await tested.rail
        .submit(payout.withdrawalId)
        .catch((): readonly RailAnswer[] => []);
      return { id: payout.withdrawalId, answers };
    };

    test('marketplace L6: pays a payout once, however often it is prepared and submitted', async () => {
      const { rail } = tested;
      const payout = payoutTo('iban-1');
      const { withdrawalId: id } = payout;
      expect(await rail.lookUp(id)).toEqual({ type: 'Unknown' });
      await rail.prepare(payout);
      expect(await rail.lookUp(id)).toEqual({ type: 'Unknown' });
      for (let time = 0; time < 2; time += 1) {
        await rail.prepare(payout);
        expect(await rail.submit(id)).toEqual([paid(id)]);
      }
      expect(await rail.lookUp(id)).toEqual(paid(id));
    });

    test('marketplace L6: submits nothing that was not prepared', async () => {
      await expect(tested.rail.submit('artist!0')).rejects.toThrow('artist!0 was never prepared');
    });

    test.each([
      ['fault:late', (id: string) => [paid(id)]],
      ['fault:double', (id: string) => [paid(id), paid(id)]],
      ['fault:lost', () => []],
      ['fault:timeout', () => []],
      ['fault:reordered', () => []],
    ])('marketplace L6: has paid to %s, whatever it answers', async (destination, expected) => {
      const { id, answers } = await submitted(destination);
      expect(answers).toEqual(expected(id));
      expect(await tested.rail.lookUp(id)).toEqual(paid(id));
    });

    test('marketplace L6: an answer about another payout is no answer to this one', async () => {
      await submitted('fault:reordered');
      const { id, answers } = await submitted('fault:reordered');
      expect(answers).toEqual([]);
      expect(await tested.rail.lookUp(id)).toEqual(paid(id));
    });

    test('marketplace L6: what it has refused it never sends', async () => {
      const { id, answers } = await submitted('fault:refuse');
      expect([answers, await tested.rail.submit(id)]).toEqual([[refused], [refused]]);
      expect(await tested.rail.lookUp(id)).toEqual(refused);
    });

    test('marketplace L9: remembers after a kill what it has prepared and paid', async () => {
      const before = await submitted('iban-1');
      const prepared = payoutTo('iban-2');
      await tested.rail.prepare(prepared);
      const again = await tested.restart();
      expect(await again.lookUp(before.id)).toEqual(paid(before.id));
      expect(await again.submit(prepared.withdrawalId)).toEqual([paid(prepared.withdrawalId)]);
    });
  });
};
