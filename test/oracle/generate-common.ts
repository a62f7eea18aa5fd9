import type { Chance } from './chance.ts';
import { moneyFrom } from './generate-terms.ts';
import { amountsOf, beyond, totalOf, type Money, type Payload, type Terms } from './model.ts';
import type { World } from './world.ts';

export type Draft = {
  readonly stream: string;
  readonly command: string;
  readonly data: Payload;
  readonly actor: unknown;
};

export const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
export const RAIL = { id: 'sandbox', roles: ['rail'] };
export const TREASURER = { id: 'tess', roles: ['treasurer'] };

export const maybe = (chance: Chance, percent: number, field: Payload): Payload =>
  chance.percent(percent) ? field : {};

export const purse = (held: ReadonlyMap<string, bigint>): readonly Money[] =>
  [...held].map(([currency, units]) => ({ currency, amount: String(units) }));

export const byCode = (a: Money, b: Money): number => (a.currency < b.currency ? -1 : 1);

/** Mostly some of the money near, or one unit beside it. */
export const someMoney = (chance: Chance, near: readonly Money[]): Money => {
  if (near.length === 0 || chance.percent(10)) return moneyFrom(chance);
  const { currency, amount } = chance.pick(near);
  const units = BigInt(amount);
  const chosen = chance.pick([units, units + 1n, units - 1n, units / 2n, 1n, 2n, units / 3n]);
  return { currency, amount: String(chosen > 0n ? chosen : 1n) };
};

/** What a buyer's wallet lacks for what the terms ask. */
export const lacking = (world: World, terms: Terms): readonly Money[] =>
  amountsOf(beyond(totalOf(terms), world.wallet(terms.buyer)));
