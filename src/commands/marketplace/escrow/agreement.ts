import {
  type Consent,
  type EscrowEvent,
  escrowEvents,
} from '../../../domain/marketplace/escrow/events.ts';
import { type Fault, faultsOf } from '../../../domain/marketplace/escrow/faults.ts';
import { limits } from '../../../domain/marketplace/escrow/rules.ts';
import type { Escrow } from '../../../domain/marketplace/escrow/state.ts';
import {
  complete,
  consenters,
  type Fee,
  isParty,
  type Terms,
  type TermsDraft,
  termsHash,
} from '../../../domain/marketplace/escrow/terms.ts';
import { accept, type Context, refuse } from '../../../engine/decider.ts';
import { sameJson } from '../../../engine/json.ts';
import { notPermitted, tooMany } from '../../../engine/refusal.ts';
import { type Answer, forbidden, isSystem, knowing } from './answer.ts';

const { EscrowCancelled, EscrowOpened, TermsAccepted, TermsAgreed, TermsAmended } = escrowEvents.of;

const proposal = (terms: Terms, fee: Fee, version: number, { at, actor, self }: Context) => ({
  terms,
  fee,
  version,
  termsHash: termsHash(self, version, { terms, fee }),
  by: actor.id,
  acceptBy: at + terms.acceptWithinMs,
});

const currenciesOf = ({ milestones }: Terms) => milestones.map(({ amount }) => amount);

/** Consents that are brought must be those of all consenters, each once: an escrow so opened is agreed at once (P3). */
const faultsOfConsents = (terms: Terms, consents: readonly Consent[]): readonly Fault[] => {
  const needed = consenters(terms);
  const given = consents.map(({ party }) => party);
  const strange = given.flatMap((party, index) =>
    needed.includes(party) && given.indexOf(party) === index
      ? []
      : [
          {
            path: `consents[${index}].party`,
            why: 'is nobody whose consent is needed, or named before',
          },
        ],
  );
  const absent = needed.filter((party) => !given.includes(party));
  return [...strange, ...absent.map((party) => ({ path: 'consents', why: `lack ${party}'s` }))];
};

/** Equal terms are already opened; whatever the state, a stranger learns no more than that and the hash. */
export const openEscrow = (
  { terms: draft, consents }: { terms: TermsDraft; consents?: readonly Consent[] },
  state: Escrow,
  context: Context,
): Answer => {
  const { actor, at, self } = context;
  const terms = complete(draft);
  if (state.status === 'Cancelled') return forbidden(state);
  if (state.status !== 'Unopened') {
    if (sameJson(terms, state.terms)) return accept();
    return refuse({ type: 'EscrowAlreadyOpened', termsHash: state.termsHash });
  }
  const bySystem = isSystem(actor);
  if (!bySystem && (consents !== undefined || !isParty(terms, actor.id)))
    return notPermitted(actor);
  return knowing(currenciesOf(terms), ({ fee }) => {
    const faults = [
      ...faultsOf(terms, self),
      ...(consents === undefined ? [] : faultsOfConsents(terms, consents)),
    ];
    if (faults.length > 0) return refuse({ type: 'TermsInvalid', faults });
    const opened = EscrowOpened(proposal(terms, fee, 1, context));
    if (consents === undefined) return accept(opened);
    return accept<EscrowEvent>(opened, TermsAgreed({ consents, fundBy: at + terms.fundWithinMs }));
  });
};

/** A new version: it takes today's fee and voids all consent but its author's (E12). */
export const amendTerms = (
  { terms: draft }: { terms: TermsDraft },
  state: Escrow,
  context: Context,
): Answer => {
  if (state.status !== 'Proposed') return forbidden(state);
  if (!isParty(state.terms, context.actor.id)) return notPermitted(context.actor);
  const { version } = state;
  const { buyer, seller } = state.terms;
  const terms = complete(draft);
  return knowing(currenciesOf(terms), ({ fee }) => {
    if (terms.buyer !== buyer || terms.seller !== seller) return refuse({ type: 'PartiesFixed' });
    const faults = faultsOf(terms, context.self);
    if (faults.length > 0) return refuse({ type: 'TermsInvalid', faults });
    if (version > limits.amendments) return tooMany('amendments', limits.amendments);
    return accept(TermsAmended(proposal(terms, fee, version + 1, context)));
  });
};

/** Consent to one version by number and, if the consenter names it, by hash. */
export const acceptTerms = (
  named: { version: number; termsHash?: string },
  state: Escrow,
  { actor, at }: Context,
): Answer => {
  if (state.status !== 'Proposed' && state.status !== 'Agreed') return forbidden(state);
  const { terms, version, termsHash: hash } = state;
  const isCurrent = named.version === version && (named.termsHash ?? hash) === hash;
  const accepted = state.status === 'Agreed' ? consenters(terms) : state.accepted;
  if (isCurrent && accepted.includes(actor.id)) return accept();
  if (state.status === 'Agreed') return forbidden(state);
  if (!consenters(terms).includes(actor.id)) return notPermitted(actor);
  if (!isCurrent) return refuse({ type: 'TermsSuperseded', version, termsHash: hash });
  const consent = TermsAccepted({ party: actor.id, version, termsHash: hash });
  const all = [...accepted, actor.id];
  if (all.length < consenters(terms).length) return accept(consent);
  const consents = all.map((party) => ({ party, by: party }));
  return accept<EscrowEvent>(consent, TermsAgreed({ consents, fundBy: at + terms.fundWithinMs }));
};

/** Before any money is held a party may withdraw; while terms are proposed, so may whoever is asked to consent. */
export const cancelEscrow = (_: object, state: Escrow, { actor, at }: Context): Answer => {
  if (state.status === 'Cancelled') return accept();
  if (state.status !== 'Proposed' && state.status !== 'Agreed') return forbidden(state);
  const isConcerned =
    state.status === 'Proposed'
      ? consenters(state.terms).includes(actor.id)
      : isParty(state.terms, actor.id);
  if (!isConcerned) return notPermitted(actor);
  return accept(EscrowCancelled({ cause: 'withdrawn', by: actor.id, effectiveAt: at }));
};
