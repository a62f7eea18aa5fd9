import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { eventStoreContract } from '../contracts/event-store.contract.ts';
import { rowStoreContract } from '../contracts/row-store.contract.ts';

const make = async () => ({ store: memoryStore(), cleanup: async () => undefined });

eventStoreContract('in memory', make);
rowStoreContract('in memory', make);
