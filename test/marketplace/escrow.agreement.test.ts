import { sha256 } from '@noble/hashes/sha2.js';
import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { escrowEvents } from '../../src/domain/marketplace/escrow/events.ts';
import { complete, type TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import { canonicalBytes, toHex } from '../../src/engine/bytes.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import {
  after,
  agreed,
  asked,
  DAY,
  deal,
  HOUR,
  play,
  proposed,
  settings,
  system,
  tried,
  usd,
} from './escrow.stage.ts';

const { AcceptTerms, AmendTerms, CancelEscrow, OpenEscrow } = escrowCommands.of;
const { EscrowCancelled, EscrowOpened, TermsAccepted, TermsAgreed, TermsAmended } = escrowEvents.of;

const hashOf = (draft: TermsDraft, version = 1, fee = settings.fee) =>
  toHex(
    sha256(
      canonicalBytes(
        'chancery/terms/1',
        'test',
        'E1',
        version,
        canonicalJson({ terms: complete(draft), fee }),
      ),
    ),
  );

const shares = (...ppm: readonly number[]) =>
  ppm.map((sharePpm, index) => ({ party: `p${index}`, sharePpm }));

describe('an escrow that nobody has opened', () => {
  test('marketplace E12: is proposed by a party, whose consent that is, with every default filled in', () => {
    asked([], [5, 'buyer', OpenEscrow({ terms: deal() })]).then(
      EscrowOpened({
        terms: {
          buyer: 'buyer',
          seller: 'seller',
          royalty: null,
          milestones: [{ title: 'all of it', amount: usd(12_000), deliverWithinMs: 30 * DAY }],
          split: [{ party: 'artist', sharePpm: 600_000 }],
          arbiter: { actor: 'judge', ruleWithinMs: 14 * DAY },
          acceptWithinMs: 7 * DAY,
          fundWithinMs: DAY,
          reviewMs: 72 * HOUR,
          releaseAfterMs: 0,
          onSilence: { locked: 'refund', awaitingRelease: 'release' },
          onNoRuling: 'asSilence',
          payouts: [],
          memo: null,
        },
        fee: settings.fee,
        version: 1,
        termsHash: hashOf(deal()),
        by: 'buyer',
        acceptBy: 5 + 7 * DAY,
      }),
    );
    expect(after(proposed())).toMatchObject({ status: 'Proposed', accepted: ['buyer'] });
  });

  test('is opened by the seller too, and by nobody else but the system', () => {
    const open = OpenEscrow({ terms: deal() });
    expect(E.isRight(tried([], [0, 'seller', open]))).toBe(true);
    asked([], [0, 'artist', open]).thenRefuses({ type: 'NotPermitted', actor: 'artist' });
    const bySystem = play([], [0, system, open]);
    expect(after(bySystem)).toMatchObject({ status: 'Proposed', accepted: [] });
  });

  test('marketplace P3: is agreed at once with the consents that the system brings', () => {
    const consents = ['buyer', 'seller', 'artist'].map((party) => ({
      party,
      by: `event-of-${party}`,
    }));
    const events = play([], [3, system, OpenEscrow({ terms: deal(), consents })]);
    expect(events.slice(1)).toEqual([TermsAgreed({ consents, fundBy: 3 + DAY })]);
  });

  test('marketplace P3: takes consents from no party, and not those of some alone or of strangers', () => {
    const consents = [
      { party: 'buyer', by: 'x' },
      { party: 'eve', by: 'y' },
    ];
    const open = OpenEscrow({ terms: deal(), consents });
    asked([], [0, 'buyer', open]).thenRefuses({ type: 'NotPermitted', actor: 'buyer' });
    expect(tried([], [0, system, open])).toMatchObject({
      left: {
        type: 'TermsInvalid',
        faults: [{ path: 'consents[1].party' }, { path: 'consents' }, { path: 'consents' }],
      },
    });
  });

  test('asks whether currencies are known before anything else about terms', () => {
    const terms = deal({
      seller: 'buyer',
      milestones: [{ title: '', amount: { currency: 'XXX', amount: '0' } }],
    });
    asked([], [0, 'buyer', OpenEscrow({ terms })]).thenRefuses({
      type: 'UnknownCurrency',
      currency: 'XXX',
    });
  });
});

describe('an escrow that is proposed', () => {
  const hash = hashOf(deal());

  test('marketplace E12: is agreed once buyer, seller and every payee have accepted', () => {
    const accept = AcceptTerms({ version: 1 });
    const half = play(proposed(), [1, 'artist', accept]);
    expect(half.at(-1)).toEqual(TermsAccepted({ party: 'artist', version: 1, termsHash: hash }));
    asked(half, [2, 'seller', accept]).then(
      TermsAccepted({ party: 'seller', version: 1, termsHash: hash }),
      TermsAgreed({
        consents: ['buyer', 'artist', 'seller'].map((party) => ({ party, by: party })),
        fundBy: 2 + DAY,
      }),
    );
    asked(half, [2, 'judge', accept]).thenRefuses({ type: 'NotPermitted', actor: 'judge' });
  });

  test('marketplace E12: takes consent to the current version alone, by number and by hash', () => {
    const stale = { type: 'TermsSuperseded', version: 1, termsHash: hash } as const;
    asked(proposed(), [1, 'seller', AcceptTerms({ version: 2 })]).thenRefuses(stale);
    asked(proposed(), [1, 'seller', AcceptTerms({ version: 1, termsHash: 'other' })]).thenRefuses(
      stale,
    );
    expect(
      E.isRight(tried(proposed(), [1, 'seller', AcceptTerms({ version: 1, termsHash: hash })])),
    ).toBe(true);
  });

  test("marketplace E12: an amendment voids all consent but its author's and restarts acceptBy", () => {
    const terms = deal({ memo: 'by Friday' });
    const past = play(proposed(), [1, 'artist', AcceptTerms({ version: 1 })]);
    asked(past, [100, 'seller', AmendTerms({ terms })]).then(
      TermsAmended({
        terms: complete(terms),
        fee: settings.fee,
        version: 2,
        termsHash: hashOf(terms, 2),
        by: 'seller',
        acceptBy: 100 + 7 * DAY,
      }),
    );
    const amended = play(past, [100, 'seller', AmendTerms({ terms })]);
    expect(after(amended)).toMatchObject({ version: 2, accepted: ['seller'] });
    asked(amended, [101, 'artist', AcceptTerms({ version: 1 })]).thenRefuses({
      type: 'TermsSuperseded',
      version: 2,
      termsHash: hashOf(terms, 2),
    });
  });

  test('marketplace E12: buyer and seller never change, which is asked before the bounds of terms', () => {
    const terms = deal({ seller: 'mallory', split: shares(0) });
    asked(proposed(), [1, 'buyer', AmendTerms({ terms })]).thenRefuses({ type: 'PartiesFixed' });
    expect(
      tried(proposed(), [1, 'buyer', AmendTerms({ terms: deal({ split: shares(0) }) })]),
    ).toMatchObject({ left: { type: 'TermsInvalid' } });
    asked(proposed(), [1, 'artist', AmendTerms({ terms })]).thenRefuses({
      type: 'NotPermitted',
      actor: 'artist',
    });
  });

  test('marketplace E16: keeps the fee of the accepted version, whatever the settings say later', () => {
    const amended = tried(proposed(), [1, 'buyer', AmendTerms({ terms: deal() })], 50_000);
    expect(amended).toMatchObject({ right: [{ data: { fee: { ppm: 50_000 } } }] });
    expect(after(agreed())).toMatchObject({ fee: { ppm: 25_000 } });
  });

  test('is amended a hundred times, the opening not counted', () => {
    const amend = AmendTerms({ terms: deal() });
    const amended = play(
      proposed(),
      ...Array.from({ length: 100 }, () => [1, 'buyer', amend] as const),
    );
    asked(amended, [1, 'buyer', amend]).thenRefuses({
      type: 'TooMany',
      what: 'amendments',
      limit: 100,
    });
  });

  test('is cancelled by any consenter; once agreed, by a party alone', () => {
    asked(proposed(), [1, 'artist', CancelEscrow({})]).then(
      EscrowCancelled({ cause: 'withdrawn', by: 'artist', effectiveAt: 1 }),
    );
    asked(proposed(), [1, 'judge', CancelEscrow({})]).thenRefuses({
      type: 'NotPermitted',
      actor: 'judge',
    });
    asked(agreed(), [3, 'artist', CancelEscrow({})]).thenRefuses({
      type: 'NotPermitted',
      actor: 'artist',
    });
    asked(agreed(), [3, 'seller', CancelEscrow({})]).then(
      EscrowCancelled({ cause: 'withdrawn', by: 'seller', effectiveAt: 3 }),
    );
  });
});
