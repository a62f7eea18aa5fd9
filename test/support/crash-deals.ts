import type { Actor, Command } from '../../src/engine/decider.ts';

/** A command of the load, as it is sent and sent again. */
export type Line = {
  readonly id: string;
  readonly stream: string;
  readonly command: Command;
  readonly actor: Actor;
};

const MINUTE = 60_000;
/** Deposit, offer, acceptance, hold. */
const BEGINNING = 4;
const DESTINATIONS = ['iban', 'fault:lost', 'fault:double', 'fault:timeout', 'fault:late'];

/** Chances of one worker: what comes next of some choices. */
export type Draw = <Choice>(...choices: readonly [Choice, ...Choice[]]) => Choice;

const usd = (amount: number) => ({ currency: 'USD', amount: String(amount) });

type Said = { readonly type: string; readonly data: unknown; readonly by: string };

/** How a deal goes on once its money is held: by word, by silence, by a dispute. */
const endings = (
  seller: string,
  buyer: string,
): readonly [readonly Said[], ...(readonly Said[])[]] => [
  [],
  [],
  [{ type: 'MarkDelivered', data: { milestone: 1 }, by: seller }],
  [
    { type: 'MarkDelivered', data: { milestone: 1 }, by: seller },
    { type: 'ReleaseFunds', data: { milestone: 1 }, by: buyer },
  ],
  [{ type: 'RefundBuyer', data: {}, by: seller }],
  [{ type: 'CancelEscrow', data: {}, by: buyer }],
  [
    {
      type: 'RaiseDispute',
      data: { reason: 'QualityIssue', claim: { type: 'RefundBuyer' }, grounds: [] },
      by: buyer,
    },
    { type: 'ConcedeDispute', data: {}, by: seller },
  ],
];

const termsOf = (draw: Draw, deal: { buyer: string; seller: string; amount: number }) => {
  const { buyer, seller, amount } = deal;
  const titles = draw(['a'], ['a', 'b', 'c']);
  return {
    buyer,
    seller,
    milestones: titles.map((title) => ({
      title,
      amount: usd(amount / titles.length),
      deliverWithinMs: draw(1, 2) * MINUTE,
    })),
    arbiter: { actor: 'jo', ruleWithinMs: 60 * MINUTE },
    acceptWithinMs: draw(1, 2, 10) * MINUTE,
    fundWithinMs: draw(1, 3, 10) * MINUTE,
    reviewMs: draw(1, 2) * MINUTE,
    // Silence that releases every milestone writes several events at once when the clock was not running.
    onSilence: { locked: draw('refund', 'release'), awaitingRelease: draw('refund', 'release') },
    payouts: draw(
      [],
      [{ party: seller, rail: 'sandbox', destination: draw('iban', 'fault:lost') }],
    ),
  };
};

/** One deal: up to the hold, and what is said once that may have been locked. Few buyers and sellers, who meet in their accounts. */
export const deal = (
  name: string,
  draw: Draw,
): { readonly begun: readonly Line[]; readonly ended: readonly Line[] } => {
  const buyer = draw('bea', 'bob', 'ben');
  const seller = draw('sol', 'sue');
  const amount = draw(30, 600, 9_000);
  const rail = { id: 'sandbox', roles: ['rail'] };
  const by = (id: string): Actor => ({ id, roles: [] });
  const escrow = `escrow-${name}`;
  const asked: readonly (readonly [stream: string, command: Command, actor: Actor])[] = [
    [
      `deposit-sandbox.${name}`,
      {
        type: 'RecordDeposit',
        data: { rail: 'sandbox', ref: name, owner: buyer, money: usd(amount), note: null },
      },
      rail,
    ],
    [
      escrow,
      { type: 'OpenEscrow', data: { terms: termsOf(draw, { buyer, seller, amount }) } },
      by(buyer),
    ],
    [escrow, { type: 'AcceptTerms', data: { version: 1 } }, by(seller)],
    [
      `account-${buyer}`,
      {
        type: 'PlaceHold',
        data: { purpose: { stream: escrow, item: null }, amounts: [usd(amount)] },
      },
      by(buyer),
    ],
    ...draw(...endings(seller, buyer)).map(
      ({ type, data, by: who }) => [escrow, { type, data }, by(who)] as const,
    ),
    ...draw([buyer], [seller], [buyer, seller]).map(
      (owner) =>
        [
          `account-${owner}`,
          {
            type: 'RequestWithdrawal',
            data: {
              money: usd(draw(5, 10, 20)),
              rail: 'sandbox',
              destination: draw('fault:refuse', ...DESTINATIONS),
            },
          },
          by(owner),
        ] as const,
    ),
  ];
  const lines = asked.map(([stream, command, actor], step) => ({
    id: `${name}.${step}`,
    stream,
    command,
    actor,
  }));
  return { begun: lines.slice(0, BEGINNING), ended: lines.slice(BEGINNING) };
};
