import { sha256 } from '@noble/hashes/sha2.js';
import { compareText, toHex } from '../bytes.ts';
import type { Clock } from '../clock.ts';
import { E } from '../fp.ts';
import type { Sha256 } from '../ids.ts';
import type { Scratch } from '../inspection.ts';
import { canonicalJson } from '../json.ts';
import type { AnyProjection } from '../projection.ts';
import type { EventStore, Page, Position } from '../store.ts';
import type { RowStore } from '../rows.ts';
import { orFailed } from './consumer.ts';
import { headOf } from './driver.ts';
import { ownersOf, type Wiring } from './wiring.ts';
import { projectionBuilder, scratchPlace } from './projection-builder.ts';

const PAGE = 500;

/** Why there is no digest: no such position, or a projection that is broken before it. */
export class NoDigest extends Error {
  override readonly name = 'NoDigest';
}

const utf8 = new TextEncoder();

/** SHA-256, as hex, of a line `[read model, key, row]` in RFC 8785 form for each row, read models and keys in byte order. */
const digestOfRows = async (
  rows: RowStore,
  projection: AnyProjection,
  { breathe }: Pick<Clock, 'breathe'>,
): Promise<string> => {
  const hash = sha256.create();
  const models = projection.models.map(({ name }) => name).toSorted(compareText);
  for (const model of models) {
    let after: string | undefined;
    for (;;) {
      const request = { limit: PAGE, ...(after === undefined ? {} : { after }) };
      const page = orFailed(rows.page(model, request));
      for (const { key, row } of page) {
        hash.update(utf8.encode(`${canonicalJson([model, key, row])}\n`));
      }
      after = page.at(-1)?.key;
      if (page.length < PAGE) break;
      await breathe();
    }
  }
  return toHex(hash.digest());
};

/** The part of a page up to a position. */
const upTo = (
  page: Page,
  position: Position,
  compare: (a: Position, b: Position) => number,
): Page => {
  if (compare(page.position, position) <= 0) return page;
  const events = page.events.filter((event) => compare(event.position, position) <= 0);
  return { ...page, events, position };
};

const checkPosition = async (events: EventStore, position: Position): Promise<void> => {
  const head = await headOf({ store: { events } });
  const isThere = (end: Position): boolean => events.compare(position, end) <= 0;
  // A text that is no position of this store cannot be compared.
  const found = E.tryCatch(
    () => head !== undefined && isThere(head),
    () => false,
  );
  if (E.toUnion(found)) return;
  throw new NoDigest(
    `there is no position ${position}: the log ends at ${head ?? 'its beginning'}`,
  );
};

/**
 * The digest of a projection's rows exactly at a position, built anew in a scratch file from the log up to there: what is appended
 * meanwhile, and how far the live rows have come, does not matter. Rejects with `NoDigest`, or with what the store fails by.
 */
export const projectionDigest = async (
  { store: { events }, subsystems, clock }: Wiring,
  projection: AnyProjection,
  position: Position,
  tools: { readonly scratch: () => Scratch; readonly sha256: Sha256 },
): Promise<string> => {
  await checkPosition(events, position);
  const scratch = tools.scratch();
  const aborted = new AbortController();
  try {
    const parts = { rows: scratch.rows, owners: ownersOf(subsystems), sha256: tools.sha256 };
    const built = projectionBuilder(projection, parts, scratchPlace);
    const types = Object.keys(projection.on);
    const pages = events.subscribe({ after: undefined, types, signal: aborted.signal });
    for await (const page of pages) {
      const broken = built.apply(upTo(page, position, events.compare));
      if (broken !== undefined) {
        throw new NoDigest(`${projection.name} is broken at ${broken.position}: ${broken.cause}`);
      }
      if (events.compare(page.position, position) >= 0) break;
    }
    return await digestOfRows(scratch.rows, projection, clock);
  } finally {
    aborted.abort();
    scratch.close();
  }
};
