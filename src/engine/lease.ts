import { Instant } from './clock.ts';
import { ActorId, type FieldsOf } from './codec.ts';
import { accept, byCommand, refuse, type Context, type Decider, type Decision } from './decider.ts';
import { evolver, machine, type StateOf } from './machine.ts';
import { notPermitted, type CommonRejection } from './refusal.ts';
import { subsystem } from './subsystem.ts';
import { vocabulary, type MessageOf } from './vocabulary.ts';

/** Who of several engines does something: until an instant, under a number that grows with every holder. */
export const leaseEvents = vocabulary({
  LeaseClaimed: { holder: ActorId, no: Instant, until: Instant },
  LeaseRenewed: { no: Instant, until: Instant },
  LeaseReleased: { no: Instant },
  LeaseLapsed: { no: Instant },
});
type LeaseEvent = MessageOf<typeof leaseEvents>;

export const leaseCommands = vocabulary({
  ClaimLease: { holder: ActorId, forMs: Instant },
  RenewLease: { no: Instant, forMs: Instant },
  ReleaseLease: { no: Instant },
});
export type LeaseCommand = MessageOf<typeof leaseCommands>;

const leaseMachine = machine<LeaseEvent>()('Free', {
  Free: { LeaseClaimed: 'Held' },
  Held: { LeaseRenewed: 'Held', LeaseReleased: 'Free', LeaseLapsed: 'Free' },
});

type Lease = StateOf<
  typeof leaseMachine,
  {
    /** `no`: the number of the last holder. */
    Free: { readonly no: number };
    Held: { readonly no: number; readonly holder: string; readonly until: number };
  }
>;

type LeaseRejection =
  | CommonRejection
  | { readonly type: 'LeaseHeld'; readonly holder: string; readonly until: number }
  /** Another number counts now, or nobody holds it: what comes under this one changes nothing. */
  | { readonly type: 'LeaseLost'; readonly no: number };

const { LeaseClaimed, LeaseRenewed, LeaseReleased, LeaseLapsed } = leaseEvents.of;

type Decided = Decision<LeaseRejection, LeaseEvent>;

const claim = (
  { holder, forMs }: FieldsOf<(typeof leaseCommands.payloads)['ClaimLease']>,
  state: Lease,
  { at, actor }: Context,
): Decided => {
  if (!actor.roles.includes('system')) return notPermitted(actor);
  if (state.status === 'Free')
    return accept(LeaseClaimed({ holder, no: state.no + 1, until: at + forMs }));
  return refuse({ type: 'LeaseHeld', holder: state.holder, until: state.until });
};

/** Does what the holder of the number asks, and nobody else. */
const asHolder =
  <Data extends { readonly no: number }>(then: (data: Data, context: Context) => LeaseEvent) =>
  (data: Data, state: Lease, context: Context): Decided => {
    if (!context.actor.roles.includes('system')) return notPermitted(context.actor);
    const isHolder = state.status === 'Held' && state.no === data.no;
    return isHolder ? accept(then(data, context)) : refuse({ type: 'LeaseLost', no: state.no });
  };

const decider: Decider<LeaseCommand, Lease, LeaseEvent, LeaseRejection> = {
  version: 1,
  initial: { status: 'Free', no: 0 },
  evolve: evolver<typeof leaseMachine, Lease, LeaseEvent>({
    LeaseClaimed: (_, held) => ({ status: 'Held', ...held }),
    LeaseRenewed: (held, { until }) => ({ ...held, until }),
    LeaseReleased: (_, { no }) => ({ status: 'Free', no }),
    LeaseLapsed: (_, { no }) => ({ status: 'Free', no }),
  }),
  lapse: (state, at) =>
    state.status === 'Held' && at >= state.until ? [LeaseLapsed({ no: state.no })] : [],
  decide: byCommand({
    ClaimLease: claim,
    RenewLease: asHolder(({ no, forMs }: { no: number; forMs: number }, { at }) =>
      LeaseRenewed({ no, until: at + forMs }),
    ),
    ReleaseLease: asHolder(({ no }) => LeaseReleased({ no })),
  }),
};

/** The stream of the lease of an effect. */
export const leaseStream = (effect: string): string => `lease-${effect}`;

/** The engine's own subsystem of leases, one per effect, on stores that several engines write. */
export const leaseSubsystem = subsystem({
  category: 'lease',
  area: 'engine',
  decider,
  events: leaseEvents,
  commands: leaseCommands,
  machine: leaseMachine,
  about: {
    summary: 'Which of several engines performs an effect.',
    commands: {
      ClaimLease: { who: 'system', when: 'Free', refusals: ['LeaseHeld'] },
      RenewLease: { who: 'system', when: 'Held under this number', refusals: ['LeaseLost'] },
      ReleaseLease: { who: 'system', when: 'Held under this number', refusals: ['LeaseLost'] },
    },
  },
  projections: [],
  reactions: [],
});
