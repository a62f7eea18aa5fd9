import type { PageRequest } from '../engine/rows.ts';

const LIMIT = 500;

type Read<Item> = (request: PageRequest) => Promise<readonly Item[]>;

/** Reads page after page, each from behind the last one's end, until one is not full. */
export async function* pagesOf<Item>(
  read: Read<Item>,
  keyOf: (item: Item) => string,
): AsyncGenerator<readonly Item[]> {
  let request: PageRequest = { limit: LIMIT };
  for (;;) {
    const page = await read(request);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < LIMIT) return;
    request = { limit: LIMIT, after: keyOf(last) };
  }
}
