import { E } from '../../engine/fp.ts';
import type { EventGroups, Parked } from '../../engine/group.ts';
import { StoreFailed, type StoreFailure } from '../../engine/store.ts';
import { linked, type Grouping } from './group.ts';
import { dropped, type Parking } from './parked-drop.ts';
import { linksOf, type Link } from './parked-links.ts';

const fieldOf = (metadata: unknown, name: string): string => {
  const value: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, name) : undefined;
  return typeof value === 'string' ? value : '';
};

const parkedOf = async (
  parts: Grouping,
  group: string,
  { link, event }: Link,
): Promise<readonly Parked[]> => {
  const found = event === undefined ? undefined : await linked(parts, event, group);
  if (found === undefined) return [];
  const at = Date.parse(fieldOf(link.metadata, 'added'));
  const reason = fieldOf(link.metadata, 'reason');
  return [{ event: found, reason, at: Number.isNaN(at) ? link.created.getTime() : at }];
};

const listed = async (parts: Grouping, group: string): Promise<readonly Parked[]> => {
  // What was parked twice is told with its latest reason.
  const latest = new Map<string, Link>();
  for (const each of await linksOf(parts, group)) {
    latest.set(each.event?.id ?? each.link.id, each);
  }
  const parked: Parked[] = [];
  for (const link of latest.values()) parked.push(...(await parkedOf(parts, group, link)));
  return parked;
};

const answered = async <T>(work: Promise<T>): Promise<E.Either<StoreFailure, T>> => {
  try {
    return E.right(await work);
  } catch (cause) {
    if (cause instanceof StoreFailed) return E.left(cause.failure);
    throw cause;
  }
};

/** What an operator does about the parked messages of a group. */
export const parking = (parts: Parking): Pick<EventGroups, 'parked' | 'drop'> => ({
  parked: (group) => () => answered(listed(parts, group)),
  drop: (group, eventId) => () => answered(dropped(parts, group, eventId)),
});
