import type { Row } from './harness/row.ts';
import { callersRows } from './rows/callers.bench.ts';
import { coldStreamRows } from './rows/cold-stream.bench.ts';
import { commandRows } from './rows/marketplace-commands.bench.ts';
import { deadlineRows } from './rows/marketplace-deadlines.bench.ts';
import { foldRows } from './rows/fold.bench.ts';
import { ledgerRows } from './rows/marketplace-ledger.bench.ts';
import { longStreamRows } from './rows/long-stream.bench.ts';
import { millionRows } from './rows/million.bench.ts';
import { peerRows } from './rows/peers.bench.ts';
import { proofRows } from './rows/proofs.bench.ts';
import { rebuildRows } from './rows/rebuild.bench.ts';
import { releaseRows } from './rows/marketplace-releases.bench.ts';
import { sequentialRows } from './rows/sequential.bench.ts';
import { serverRows } from './rows/server.bench.ts';
import { splitRows } from './rows/marketplace-split.bench.ts';

/** Every row, by the stem of its file: first the engine's table, then the marketplace's. */
export const rows: Readonly<Record<string, readonly Row[]>> = {
  sequential: sequentialRows,
  callers: callersRows,
  'long-stream': longStreamRows,
  'cold-stream': coldStreamRows,
  fold: foldRows,
  rebuild: rebuildRows,
  million: millionRows,
  server: serverRows,
  peers: peerRows,
  proofs: proofRows,
  'marketplace-commands': commandRows,
  'marketplace-split': splitRows,
  'marketplace-releases': releaseRows,
  'marketplace-deadlines': deadlineRows,
  'marketplace-ledger': ledgerRows,
};
