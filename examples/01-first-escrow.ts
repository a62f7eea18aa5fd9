// A first deal from code: run it with `node examples/01-first-escrow.ts`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as chancery from '../src/index.ts';

const { accountSubsystem: account, depositSubsystem: deposit, escrowSubsystem: escrow } = chancery;
const { OpenEscrow, AcceptTerms, MarkDelivered, ReleaseFunds } = chancery.escrowCommands.of;
const { RecordDeposit } = chancery.depositCommands.of;
const { PlaceHold } = chancery.accountCommands.of;

const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
const store = chancery.sqliteStore(join(directory, 'chancery.db'));
const engine = await chancery.createEngine({ store, subsystems: chancery.subsystems });

const by = (id: string, ...roles: readonly string[]) => ({ actor: { id, roles } });
const money = { currency: 'USD', amount: '12000' };
const milestones = [{ title: 'a portrait', amount: money }];
const terms = { buyer: 'ada', seller: 'bo', milestones, arbiter: { actor: 'judge' } };
const payment = { rail: 'sandbox', ref: 'P1', owner: 'ada', money, note: null };
const purpose = { stream: 'escrow-1', item: null };

await engine.send(deposit, 'deposit-sandbox.P1', RecordDeposit(payment), by('bank', 'rail'));
await engine.send(escrow, 'escrow-1', OpenEscrow({ terms }), by('ada'));
await engine.send(escrow, 'escrow-1', AcceptTerms({ version: 1 }), by('bo'));
await engine.send(account, 'account-ada', PlaceHold({ purpose }), by('ada'));
await engine.settle(); // a reaction to the hold has locked the money
await engine.send(escrow, 'escrow-1', MarkDelivered({ milestone: 1 }), by('bo'));
const end = await engine.send(escrow, 'escrow-1', ReleaseFunds({ milestone: 1 }), by('ada'));
if (end.outcome === 'accepted') await engine.waitFor(end.position);

const deal = await engine.query(chancery.escrows).get('1');
const wallet = await engine.query(chancery.balances).get('wallet:bo/USD');
console.log(`the escrow is ${deal?.status}; bo can claim ${wallet?.balance} cents`);
await engine.close();
rmSync(directory, { recursive: true });
