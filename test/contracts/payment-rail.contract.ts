import type { PaymentOrder } from '../../src/adapters/rails/sandbox-bank/wire.ts';
import type {
  IncomingPayment,
  PaymentRail,
  Payout,
  RailAnswer,
} from '../../src/domain/shared/payment-rail.ts';

/** A rail to a bank of its own, and how it is left; `restart` gives the same bank in a new process, or what comes nearest. */
export type RailUnderTest = {
  readonly rail: PaymentRail;
  /** A payment comes in at the bank, from outside; rejects with the bank's words. */
  readonly receive: (order: PaymentOrder) => Promise<void>;
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

    const restarted = async () => {
      const rail = await tested.restart();
      tested = { ...tested, rail };
      return rail;
    };
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

    const { signal } = new AbortController();
    const all = async (rail: PaymentRail, from?: string) => {
      const found: IncomingPayment[] = [];
      for (let after = from; ; after = found.at(-1)?.position) {
        const page = await rail.incoming(after, signal);
        found.push(...page);
        if (page.length === 0) return found;
      }
    };
    const usd = (amount: string) => ({ currency: 'USD', amount });
    const refs = (payments: readonly IncomingPayment[]) => payments.map(({ ref }) => ref);

    test('marketplace L5: gives what came in after a position, in its order, and the same again', async () => {
      const { rail, receive } = tested;
      const last = (await all(rail)).at(-1)?.position;
      expect(await rail.incoming(last, signal)).toEqual([]);
      await receive({ ref: 'in b', owner: 'ada', money: usd('5') });
      await receive({ ref: 'in-a', money: usd('7') });
      const both = await rail.incoming(last, signal);
      expect(both).toMatchObject([
        { ref: 'in b', owner: 'ada', money: usd('5') },
        { ref: 'in-a', owner: null, money: usd('7') },
      ]);
      await receive({ ref: 'in-c', owner: null, money: usd('1') });
      expect((await rail.incoming(last, signal)).slice(0, 2)).toEqual(both);
      expect(refs(await rail.incoming(both[0]?.position, signal))).toEqual(['in-a', 'in-c']);
    });

    test('marketplace L5: a reference that its payer repeats is one payment, and never two', async () => {
      const { rail, receive } = tested;
      const order = { ref: 'twice', owner: 'ada', money: usd('5') };
      await receive(order);
      await receive(order);
      await expect(receive({ ...order, owner: 'bob' })).rejects.toThrow('another payment');
      await expect(receive({ ...order, money: usd('6') })).rejects.toThrow('another payment');
      expect((await all(rail)).filter(({ ref }) => ref === 'twice')).toMatchObject([order]);
    });

    test('marketplace L5: refuses a position that it never gave', async () => {
      await expect(tested.rail.incoming('first', signal)).rejects.toThrow('no position');
    });

    test('marketplace L5: gives after a kill what it gave before, on more than one page', async () => {
      const many = Array.from({ length: 130 }, (_, i) => `many-${i}`);
      for (const ref of many) await tested.receive({ ref, owner: 'ada', money: usd('1') });
      const before = await all(tested.rail);
      expect(refs(before.slice(-130))).toEqual(many);
      const again = await restarted();
      expect(await all(again)).toEqual(before);
      expect(refs(await all(again, before.at(-3)?.position))).toEqual(many.slice(-2));
    });

    test('marketplace L9: remembers after a kill what it has prepared and paid', async () => {
      const before = await submitted('iban-1');
      const prepared = payoutTo('iban-2');
      await tested.rail.prepare(prepared);
      const again = await restarted();
      expect(await again.lookUp(before.id)).toEqual(paid(before.id));
      expect(await again.submit(prepared.withdrawalId)).toEqual([paid(prepared.withdrawalId)]);
    });
  });
};
