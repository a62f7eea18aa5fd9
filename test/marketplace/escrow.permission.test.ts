import { escrowCommands, type EscrowCommand } from '../../src/commands/marketplace/escrow.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import type { Actor } from '../../src/engine/decider.ts';
import {
  after,
  answered,
  histories,
  NOW,
  statuses,
  complaint,
  DAY,
  deal,
  play,
  system,
  usd,
} from './escrow.stage.ts';

const {
  AcceptSettlement,
  AcceptTerms,
  AmendTerms,
  CancelEscrow,
  ConcedeDispute,
  ExpireEscrow,
  ExtendDelivery,
  LockFunds,
  MarkDelivered,
  OfferSettlement,
  OpenEscrow,
  RaiseDispute,
  RefundBuyer,
  ReleaseFunds,
  SettleDispute,
} = escrowCommands.of;

type Kind =
  | 'buyer'
  | 'seller'
  | 'payee'
  | 'arbiter'
  | 'feePayee'
  | 'treasurer'
  | 'rail'
  | 'system'
  | 'stranger';
const actors: Readonly<Record<Kind, Actor>> = {
  buyer: { id: 'buyer', roles: [] },
  seller: { id: 'seller', roles: [] },
  payee: { id: 'artist', roles: [] },
  arbiter: { id: 'judge', roles: [] },
  feePayee: { id: 'platform', roles: [] },
  treasurer: { id: 'tina', roles: ['treasurer'] },
  rail: { id: 'sandbox', roles: ['rail'] },
  system,
  stranger: { id: 'eve', roles: [] },
};
const parties: readonly Kind[] = ['buyer', 'seller'];
const everyone: readonly Kind[] = [
  'buyer',
  'seller',
  'payee',
  'arbiter',
  'feePayee',
  'treasurer',
  'rail',
  'system',
  'stranger',
];

const released: readonly Escrow['status'][] = ['Locked', 'AwaitingRelease'];
const funded: readonly Escrow['status'][] = [...released, 'Disputed'];
const other = deal({ memo: 'other terms' });

/** The command table of the specification: an instance of each command, where it is accepted and from whom; `already`: where it is so. */
type Row = {
  readonly command: EscrowCommand;
  readonly accepted: readonly Escrow['status'][];
  readonly who: readonly Kind[];
  readonly already?: readonly Escrow['status'][];
};
const open: readonly Escrow['status'][] = ['Unopened'];
const rows: readonly Row[] = [
  { command: OpenEscrow({ terms: other }), accepted: open, who: [...parties, 'system'] },
  { command: AmendTerms({ terms: other }), accepted: ['Proposed'], who: parties },
  {
    command: AcceptTerms({ version: 1 }),
    accepted: ['Proposed'],
    who: ['buyer', 'seller', 'payee'],
  },
  {
    command: CancelEscrow({}),
    accepted: ['Proposed', 'Agreed'],
    who: ['buyer', 'seller', 'payee'],
    already: ['Cancelled'],
  },
  {
    command: LockFunds({ holdId: 'buyer#2', payer: 'buyer', amounts: [usd(12_000)] }),
    accepted: ['Agreed'],
    who: ['system'],
  },
  { command: ExtendDelivery({ until: 100 * DAY }), accepted: ['Locked'], who: ['buyer'] },
  {
    command: MarkDelivered({ milestone: 1 }),
    accepted: ['Locked'],
    who: ['seller'],
    already: ['AwaitingRelease'],
  },
  {
    command: ReleaseFunds({ milestone: 1 }),
    accepted: released,
    who: ['buyer'],
    already: ['Released'],
  },
  { command: RefundBuyer({}), accepted: released, who: ['seller'], already: ['Refunded'] },
  { command: OfferSettlement({ refund: [] }), accepted: funded, who: parties },
  { command: AcceptSettlement({ offerNo: 1 }), accepted: funded, who: ['buyer'] },
  { command: ConcedeDispute({}), accepted: ['Disputed'], who: parties },
  { command: RaiseDispute(complaint), accepted: released, who: parties },
  {
    command: SettleDispute({ outcome: { type: 'RefundBuyer' }, grounds: [] }),
    accepted: ['Disputed'],
    who: ['arbiter'],
  },
];

/** What is so already to some only: consent to who gave it, a dispute to who raised it. */
const alreadyTo: Readonly<Record<string, readonly Kind[]>> = {
  'AcceptTerms Proposed': ['buyer'],
  'AcceptTerms Agreed': ['buyer', 'seller', 'payee'],
  'RaiseDispute Disputed': ['buyer'],
};

/** Once agreed, payees have no say in whether the deal is cancelled. */
const allowed = ({ command, who }: Row, status: Escrow['status']): readonly Kind[] =>
  command.type === 'CancelEscrow' && status === 'Agreed' ? parties : who;

const expected = (row: Row, status: Escrow['status'], kind: Kind): string => {
  const { command, accepted, already = [] } = row;
  const isOpened = status !== 'Unopened' && status !== 'Cancelled';
  if (already.includes(status)) return 'already so';
  if (alreadyTo[`${command.type} ${status}`]?.includes(kind) === true) return 'already so';
  if (command.type === 'OpenEscrow' && isOpened) return 'EscrowAlreadyOpened';
  if (!accepted.includes(status)) return 'StatusForbids';
  return allowed(row, status).includes(kind) ? 'accepted' : 'NotPermitted';
};

describe.each(statuses)('an escrow that is %s', (status) => {
  test('is reached', () => {
    expect(after(histories[status]).status).toBe(status);
  });

  test.each(rows)(
    'marketplace E8: answers $command.type by the table alone, whoever asks',
    (row) => {
      const at = status === 'Expired' ? 61 * DAY : NOW;
      const answers = everyone.map((kind) => [
        kind,
        answered(histories[status], row.command, actors[kind], at),
      ]);
      expect(answers).toEqual(everyone.map((kind) => [kind, expected(row, status, kind)]));
    },
  );

  test('marketplace E8: lets anyone ask to expire it, to whom it says the same', () => {
    const answers = everyone.map((kind) =>
      answered(
        histories[status],
        ExpireEscrow({}),
        actors[kind],
        status === 'Expired' ? 61 * DAY : NOW,
      ),
    );
    expect(new Set(answers)).toEqual(
      new Set(['closedAt' in after(histories[status]) ? 'already so' : 'NothingDue']),
    );
  });
});

describe.each(['Released', 'Refunded', 'Expired', 'Cancelled'] as const)(
  'an escrow that ended %s',
  (status) => {
    test('marketplace E3: accepts nothing that writes', () => {
      for (const { command } of rows) {
        for (const kind of everyone) {
          expect(answered(histories[status], command, actors[kind], 61 * DAY)).not.toBe('accepted');
        }
      }
    });
  },
);

test('marketplace E3: of all who settle at once one does; decided again on its state, the others write nothing', () => {
  const settlers = [
    ['buyer', AcceptSettlement({ offerNo: 1 })],
    ['seller', ConcedeDispute({})],
    ['judge', SettleDispute({ outcome: { type: 'PartialRefund', refund: [usd(1)] }, grounds: [] })],
  ] as const;
  for (const [by, command] of settlers) {
    const closed = play(histories.Disputed, [NOW, by, command]);
    for (const [other_, again] of settlers) {
      expect(answered(closed, again, { id: other_, roles: [] })).not.toBe('accepted');
    }
  }
});
