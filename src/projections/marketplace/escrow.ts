import { openBook, released, type Book } from '../../domain/marketplace/escrow/book.ts';
import type { EscrowEvent } from '../../domain/marketplace/escrow/events.ts';
import type { Fee, Terms } from '../../domain/marketplace/escrow/terms.ts';
import type { Money } from '../../domain/shared/money.ts';
import type { Instant } from '../../engine/clock.ts';
import { readModel, type Projection, type Recorded, type Tables } from '../../engine/projection.ts';
import type { Envelope } from '../../engine/store.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

/** An escrow at a glance: who is in it, where its money is, and until when somebody has to speak (null: no clock runs). */
export type EscrowRow = {
  readonly escrow: string;
  readonly kind: 'twoParty' | 'multiParty';
  readonly status: string;
  readonly buyer: string;
  readonly seller: string;
  readonly payees: readonly string[];
  readonly book: Book;
  readonly nextDeadline: Instant | null;
  readonly terms: Terms;
  readonly fee: Fee;
};

/** Keyed by the escrow's id. */
export const escrows = readModel<EscrowRow>('escrows', {
  escrow: ({ escrow }) => escrow,
  buyer: ({ buyer }) => buyer,
  seller: ({ seller }) => seller,
  payee: ({ payees }) => payees,
  status: ({ status }) => status,
  deadline: ({ nextDeadline }) => nextDeadline?.toString(),
});

const idOf = ({ stream }: Envelope): string => stream.slice('escrow-'.length);

type Named<Type extends EscrowEvent['type']> = Recorded<Extract<EscrowEvent, DomainEvent<Type>>>;

const propose = (
  tables: Tables,
  { data, envelope }: Named<'EscrowOpened' | 'TermsAmended'>,
): void => {
  const { terms, fee, acceptBy } = data;
  const escrow = idOf(envelope);
  tables(escrows).set(escrow, {
    escrow,
    kind: terms.split.length === 0 ? 'twoParty' : 'multiParty',
    status: 'Proposed',
    buyer: terms.buyer,
    seller: terms.seller,
    payees: terms.split.map(({ party }) => party),
    book: [],
    nextDeadline: acceptBy,
    terms,
    fee,
  });
};

/** An entry that changes the escrow's row as the event says. */
const changing =
  <Event extends Recorded<EscrowEvent>>(
    changes: (data: Event['data'], row: EscrowRow) => Partial<EscrowRow>,
  ) =>
  (tables: Tables, { data, envelope }: Event): void => {
    const escrow = idOf(envelope);
    const row = tables(escrows).get(escrow);
    if (row !== undefined) tables(escrows).set(escrow, { ...row, ...changes(data, row) });
  };

const bookAfter = (money: Money, { book, terms, fee }: EscrowRow): Book =>
  released(book, money, { terms, fee });

const closing = (status: string) =>
  changing<Named<'FundsReleased' | 'FundsRefunded' | 'EscrowExpired'>>(({ book }) => ({
    status,
    book,
    nextDeadline: null,
  }));

/** Every escrow, open or closed. */
export const escrowsProjection: Projection<EscrowEvent> = {
  name: 'escrows',
  version: 1,
  models: [escrows],
  on: {
    EscrowOpened: propose,
    TermsAmended: propose,
    TermsAgreed: changing<Named<'TermsAgreed'>>(({ fundBy }) => ({
      status: 'Agreed',
      nextDeadline: fundBy,
    })),
    EscrowCancelled: changing<Named<'EscrowCancelled'>>(() => ({
      status: 'Cancelled',
      nextDeadline: null,
    })),
    FundsLocked: changing<Named<'FundsLocked'>>(({ amounts, deliverBy }, { terms }) => ({
      status: 'Locked',
      book: openBook(amounts, terms),
      nextDeadline: deliverBy,
    })),
    DeliveryExtended: changing<Named<'DeliveryExtended'>>(({ until }) => ({ nextDeadline: until })),
    DeliveryMarked: changing<Named<'DeliveryMarked'>>(({ reviewUntil }) => ({
      status: 'AwaitingRelease',
      nextDeadline: reviewUntil,
    })),
    PartReleased: changing<Named<'PartReleased'>>((data, row) => ({
      book: bookAfter(data.released, row),
    })),
    MilestoneReleased: changing<Named<'MilestoneReleased'>>((data, row) => ({
      status: 'Locked',
      book: bookAfter(data.released, row),
      nextDeadline: data.deliverBy,
    })),
    DisputeRaised: changing<Named<'DisputeRaised'>>(({ ruleBy }) => ({
      status: 'Disputed',
      nextDeadline: ruleBy,
    })),
    FundsReleased: closing('Released'),
    FundsRefunded: closing('Refunded'),
    EscrowExpired: closing('Expired'),
  },
};
