// An engine that closes itself at the end of its block, on either store; whoever still holds it is told so.
import { createEngine, memoryStore, sqliteStore, subsystems } from 'chancery';

const store = process.argv[2] === undefined ? memoryStore() : sqliteStore(process.argv[2]);
const useOnce = async () => {
  await using engine = await createEngine({ store, subsystems });
  await engine.settle();
  return engine.sendTE(
    'escrow-1',
    { type: 'OpenEscrow', data: {} },
    { actor: { id: 'ada', roles: [] } },
  );
};

const late = await (await useOnce())();
console.log(late._tag === 'Left' ? late.left.type : late.right.outcome);
await using again = await createEngine({ store, subsystems }); // nothing holds the store any more
console.log(again.instance === '' ? 'no instance' : 'open again');
