import type { Chance } from './chance.ts';
import { byCode, lacking, maybe, purse, RAIL, someMoney, TREASURER } from './generate-common.ts';
import type { Draft } from './generate-common.ts';
import { DESTINATIONS, moneyFrom, PARTIES, PAYEES } from './generate-terms.ts';
import { totalOf, type Escrow, type Money, type Payload } from './model.ts';
import type { World } from './world.ts';

const badPurpose = (chance: Chance): unknown =>
  chance.pick([
    { stream: 'account-ann', item: null },
    { stream: 'deposit-sandbox.r1', item: null },
    { stream: 'escrow-none', item: null },
    { stream: 'nodash', item: null },
    { stream: 'escrow-', item: null },
    { stream: 'escrow-E1', item: 7 },
  ]);

/** The buyer puts the money of an agreed escrow aside, mostly as it should be. */
export const holdDraft = (chance: Chance, { id, terms }: Escrow): Draft => {
  const owner = chance.percent(88) ? terms.buyer : chance.pick(PARTIES);
  const total = purse(totalOf(terms)).toSorted(byCode);
  const amounts = chance.percent(80) ? total : total.slice(1);
  const item = chance.percent(96) ? null : 'part';
  return {
    stream: `account-${owner}`,
    command: 'PlaceHold',
    data: { purpose: { stream: `escrow-${id}`, item }, ...maybe(chance, 40, { amounts }) },
    actor: chance.percent(95) ? owner : 'nobody',
  };
};

/** A payment from outside, mostly a new one, by whom it should be. */
export const depositDraft = (chance: Chance, world: World, owner: string, money: Money): Draft => {
  const rail = chance.weighted([
    [24, 'sandbox'],
    [4, 'adjustment'],
    [1, 'nowhere'],
  ]);
  const ref = `r${chance.percent(90) ? world.log.length : chance.int(1, world.log.length)}`;
  const note = (rail === 'adjustment') === chance.percent(95) ? 'a note' : null;
  const actor = rail === 'adjustment' ? TREASURER : RAIL;
  return {
    stream: `deposit-${rail}.${chance.percent(98) ? ref : 'other'}`,
    command: 'RecordDeposit',
    data: { rail, ref, owner, money, note },
    actor: chance.percent(95) ? actor : chance.pick([TREASURER, RAIL, 'ann']),
  };
};

/** What may be asked of an account or a deposit. */
export const ledgerDraft = (chance: Chance, world: World): Draft => {
  const wanting = [...world.escrows.values()].filter(({ status }) => status === 'Agreed');
  const owner = chance.pick([...PARTIES, ...PAYEES]);
  const account = world.account(owner);
  const deposit = (): Draft => {
    const terms = wanting.length > 0 ? chance.pick(wanting).terms : undefined;
    const lacks = terms ? lacking(world, terms) : [];
    const money = lacks.length > 0 ? chance.pick(lacks) : moneyFrom(chance);
    return depositDraft(chance, world, terms?.buyer ?? owner, money);
  };
  const ask = (command: string, data: Payload, actor: unknown): Draft => ({
    stream: `account-${owner}`,
    command,
    data,
    actor: chance.percent(90) ? actor : chance.pick([RAIL, TREASURER, 'nobody', owner]),
  });
  const held = purse(world.wallet(owner)).filter(({ amount }) => amount !== '0');
  const withdrawal = () => ({
    money: someMoney(chance, held),
    rail: chance.percent(95) ? 'sandbox' : 'nowhere',
    destination: chance.pick(DESTINATIONS),
  });
  const withdrawalId = chance.pick([...account.withdrawals.keys(), `${owner}!1`, 'ann!1']);
  const holdId = chance.pick([...account.holds, `${owner}#1`, 'ann#1']);
  const railRef = chance.pick([`sandbox-${withdrawalId}`, 'other']);
  const reason = 'for a reason';
  return chance.weighted<() => Draft>([
    [wanting.length > 0 ? 24 : 6, deposit],
    [6, () => ask('RequestWithdrawal', withdrawal(), owner)],
    [1, () => ask('ReviewHold', { holdId }, owner)],
    [1, () => ask('ConfirmWithdrawal', { withdrawalId, railRef }, RAIL)],
    [1, () => ask('FailWithdrawal', { withdrawalId, reason }, RAIL)],
    [1, () => ask('FreezeAccount', { reason }, TREASURER)],
    [account.isFrozen ? 12 : 1, () => ask('UnfreezeAccount', {}, TREASURER)],
    [1, () => ask('PlaceHold', { purpose: badPurpose(chance) }, owner)],
  ])();
};
