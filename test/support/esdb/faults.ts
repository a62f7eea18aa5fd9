import { refusals, type Refusal } from './refusals.ts';

/** What a fault is asked for; `all` means whatever needs the log: features and gossip are told without it. */
export type Operation =
  'append' | 'read' | 'subscribe' | 'delete' | 'persistent' | 'features' | 'gossip' | 'all';

/** What a faulty call does: whether it does its work first, and what it answers: an error, or nothing ever. */
type Effect = { readonly works: boolean; readonly answer: Refusal | 'nothing' };

const refused = (answer: Refusal, works = false): Effect => ({ works, answer });

const effects = {
  /** Takes the request and never answers. */
  silent: { works: false, answer: 'nothing' },
  'silent-after-write': { works: true, answer: 'nothing' },
  unavailable: refused(refusals.unavailable()),
  'unavailable-after-write': refused(refusals.unavailable(), true),
  /** What the server says in its first second. */
  'not-ready': refused(refusals.notReady()),
  'too-busy': refused(refusals.tooBusy()),
  cancelled: refused(refusals.cancelled()),
  'cancelled-after-write': refused(refusals.cancelled(), true),
  internal: refused(refusals.internal()),
  'access-denied': refused(refusals.accessDenied()),
  unauthenticated: refused(refusals.unauthenticated()),
  /** On `subscribe`: the subscription is dropped at its first live event, as one that cannot keep up. */
  'slow-consumer': refused(refusals.slowConsumer()),
} as const satisfies Readonly<Record<string, Effect>>;

type FaultName = keyof typeof effects;

/** A fault by its name, or an answer that comes late. */
export type Fault = FaultName | { readonly delayMs: number };

/** Until when a fault lasts: so many calls, so many ms, or for good. */
export type Limit = { readonly times?: number; readonly forMs?: number };

/** A fault that a call has met. */
export type Met =
  | ({ readonly _tag: 'Effect'; readonly name: FaultName | 'not-leader' } & Effect)
  | { readonly _tag: 'Delay'; readonly ms: number };

export type Faults = {
  readonly add: (operation: Operation, fault: Fault, limit?: Limit) => void;
  readonly clear: () => void;
  /** The fault that the next call of an operation meets. */
  readonly meet: (operation: Operation) => Met | undefined;
};

const needless: ReadonlySet<Operation> = new Set(['features', 'gossip']);

type Planned = { operation: Operation; fault: Fault; left: number; until: number };

const met = (fault: Fault): Met =>
  typeof fault === 'string'
    ? { _tag: 'Effect', name: fault, ...effects[fault] }
    : { _tag: 'Delay', ms: fault.delayMs };

/** Faults in the order of their asking: the first that fits a call is the one it meets. */
export const createFaults = (now: () => number): Faults => {
  let planned: Planned[] = [];
  const fits = (operation: Operation) => (plan: Planned) =>
    plan.operation === operation || (plan.operation === 'all' && !needless.has(operation));
  return {
    add: (operation, fault, { times = Infinity, forMs = Infinity } = {}) => {
      planned.push({ operation, fault, left: times, until: now() + forMs });
    },
    clear: () => {
      planned = [];
    },
    meet: (operation) => {
      if (planned.length === 0) return undefined;
      planned = planned.filter(({ left, until }) => left > 0 && until > now());
      const plan = planned.find(fits(operation));
      if (plan === undefined) return undefined;
      plan.left -= 1;
      return met(plan.fault);
    },
  };
};
