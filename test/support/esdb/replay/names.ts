import { randomBytes, randomUUID } from 'node:crypto';
import type { Position, ResolvedEvent } from '@eventstore/db-client';

/** A place that stands for a position until every position of the case is known. */
const RANK_KEY = '$position';

/** The names of one run: tagged streams and groups, ids by label, positions by rank. */
export type Names = ReturnType<typeof createNames>;

type Recorded = NonNullable<ResolvedEvent['event']>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Makes the names of a run unique in a store that others use, and takes that out of the answers again. */
export const createNames = (unordered: boolean) => {
  const tag = `t${randomBytes(5).toString('hex')}`;
  const ids = new Map<string, string>();
  const labels = new Map<string, string>();
  const marks = new Map<string, Position>();
  const commits = new Set<bigint>();

  const id = (label: string): string => {
    if (label.startsWith('=')) return label.slice(1);
    const known = ids.get(label) ?? randomUUID();
    ids.set(label, known);
    labels.set(known, label);
    return known;
  };

  const position = (found: Position | undefined): unknown => {
    if (found === undefined) return undefined;
    commits.add(found.commit);
    return {
      [RANK_KEY]: `${found.commit}`,
      commitEqualsPrepare: found.commit === found.prepare,
    };
  };

  const event = (recorded: Recorded) => ({
    stream: untagged(recorded.streamId),
    revision: recorded.revision.toString(),
    type: recorded.type,
    id: labels.get(recorded.id) ?? '<id given by the server>',
    json: recorded.isJson,
    data: recorded.data,
    metadata: recorded.metadata,
    position: position(recorded.position),
  });

  /** Replaces positions by their ranks among all that the case has seen. */
  const ranked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ranked);
    if (!isObject(value)) return value;
    const commit = value[RANK_KEY];
    if (typeof commit === 'string') {
      const below = [...commits].filter((other) => other < BigInt(commit)).length;
      return {
        rank: unordered ? 'any' : below + 1,
        commitEqualsPrepare: value['commitEqualsPrepare'],
      };
    }
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, ranked(field)]));
  };

  const untagged = (text: string): string => text.replaceAll(tag, '');

  return {
    id,
    marks,
    position,
    ranked,
    untagged,
    stream: (name: string): string => (name === '$all' ? name : name.replace('-', `${tag}-`)),
    prefix: (prefix: string): string => `${prefix}${tag}`,
    group: (name: string): string => `${name}_${tag}`,
    isOwn: (name: string): boolean => name.includes(tag),
    resolved: ({ event: found, link }: ResolvedEvent) => ({
      ...(found && event(found)),
      ...(link && {
        link: { stream: untagged(link.streamId), revision: link.revision.toString() },
      }),
    }),
  };
};
