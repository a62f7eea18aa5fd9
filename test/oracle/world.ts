import { createHash } from 'node:crypto';
import {
  add,
  unopened,
  type Escrow,
  type Event,
  type Fee,
  type Money,
  type Posting,
  type Purse,
  type Terms,
} from './model.ts';

type Withdrawal = {
  readonly money: Money;
  readonly destination: string;
  state: 'open' | 'failed' | { readonly railRef: string };
};

export type Account = {
  readonly owner: string;
  isFrozen: boolean;
  /** The ids of all holds there ever were: none stays open. */
  readonly holds: Set<string>;
  readonly withdrawals: Map<string, Withdrawal>;
};

export type Logged = Event & {
  readonly stream: string;
  readonly actor: string;
  readonly at: number;
};

/** All that there is: the log, what it adds up to, and the clock. */
export class World {
  readonly instance: string;
  /** Whom the settings name, and how much. */
  readonly fee: Fee;
  clock = 0;
  readonly log: Logged[] = [];
  readonly escrows = new Map<string, Escrow>();
  readonly accounts = new Map<string, Account>();
  readonly deposits = new Map<string, Readonly<Record<string, unknown>>>();
  /** Balances by account, and what has ever been credited to a wallet by other streams. */
  readonly balances = new Map<string, Purse>();
  readonly credited = new Map<string, Purse>();

  constructor(instance: string, fee: Fee) {
    this.instance = instance;
    this.fee = fee;
    this.write('instance-main', 'system', {
      type: 'InstanceCreated',
      data: { clock: 'virtual', instance },
    });
  }

  /** The position of the last event. */
  get head(): string {
    return String(this.log.length);
  }

  escrow(id: string): Escrow {
    const found = this.escrows.get(id) ?? unopened(id);
    this.escrows.set(id, found);
    return found;
  }

  account(owner: string): Account {
    const found = this.accounts.get(owner) ?? {
      owner,
      isFrozen: false,
      holds: new Set<string>(),
      withdrawals: new Map<string, Withdrawal>(),
    };
    this.accounts.set(owner, found);
    return found;
  }

  wallet(owner: string): Purse {
    return this.balances.get(`wallet:${owner}`) ?? new Map();
  }

  creditedTo(owner: string): Purse {
    return this.credited.get(owner) ?? new Map();
  }

  write(stream: string, actor: string, ...events: readonly Event[]): void {
    for (const event of events) {
      this.log.push({ ...event, stream, actor, at: this.clock });
      const { postings = [] } = event.data as { readonly postings?: readonly Posting[] };
      for (const posting of postings) this.post(stream, posting);
    }
  }

  private post(stream: string, { from, to, money }: Posting): void {
    const units = BigInt(money.amount);
    add(purseIn(this.balances, from), money.currency, -units);
    add(purseIn(this.balances, to), money.currency, units);
    const owner = to.startsWith('wallet:') ? to.slice('wallet:'.length) : undefined;
    if (owner !== undefined && stream !== `account-${owner}`) {
      add(purseIn(this.credited, owner), money.currency, units);
    }
    for (const [account, purse] of this.balances) {
      if (account.startsWith('world:')) continue;
      for (const left of purse.values()) if (left < 0n) throw new Error(`${account} below zero`);
    }
  }

  /** Engine N27: the tag, then fields, each a length and its bytes. */
  termsHash(escrow: string, version: number, terms: Terms): string {
    const json = canonical({ terms, fee: this.fee });
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(version));
    const hash = createHash('sha256');
    for (const field of ['chancery/terms/1', this.instance, escrow, number, json]) {
      const bytes = Buffer.from(field);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hash.update(length).update(bytes);
    }
    return hash.digest('hex');
  }
}

const purseIn = (purses: Map<string, Purse>, name: string): Purse => {
  const purse = purses.get(name) ?? new Map<string, bigint>();
  purses.set(name, purse);
  return purse;
};

/** JSON with sorted keys: RFC 8785 for what the oracle writes. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
};
