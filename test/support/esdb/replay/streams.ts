import type {
  EventStoreDBClient,
  ResolvedEvent,
  StreamingRead,
  StreamMetadata,
} from '@eventstore/db-client';
import { expectedRevision } from './append.ts';
import type { ReadAllStep, ReadStep, StreamStep } from './case.ts';
import type { Names } from './names.ts';

const collected = async (names: Names, events: StreamingRead<ResolvedEvent>) => {
  const found: unknown[] = [];
  for await (const event of events) {
    const name = (event.link ?? event.event)?.streamId ?? '';
    if (names.isOwn(name)) found.push(names.resolved(event));
  }
  return { events: found };
};

export const read = (client: EventStoreDBClient, names: Names, step: ReadStep) => {
  const { from, max, direction = 'forwards' } = step;
  const end = direction === 'backwards' ? 'end' : 'start';
  return collected(
    names,
    client.readStream(names.stream(step.stream), {
      direction,
      fromRevision: from === undefined ? end : BigInt(from),
      ...(max !== undefined && { maxCount: max }),
    }),
  );
};

/** Of everything, what belongs to the case. */
export const readAll = (client: EventStoreDBClient, names: Names, step: ReadAllStep) => {
  const { from, max, direction = 'forwards' } = step;
  return collected(
    names,
    client.readAll({
      direction,
      fromPosition: typeof from === 'string' ? from : names.marks.get(from.mark)!,
      ...(max !== undefined && { maxCount: max }),
    }),
  );
};

/** Deletions know no `stream_exists`. */
const deletionOptions = ({ expected = 'any' }: StreamStep) => {
  const revision = expectedRevision(expected);
  return revision === 'stream_exists' ? {} : { expectedRevision: revision };
};

export const deleteStream = async (client: EventStoreDBClient, names: Names, step: StreamStep) => {
  const { position } = await client.deleteStream(names.stream(step.stream), deletionOptions(step));
  return { deleted: true, position: names.position(position) };
};

export const tombstone = async (client: EventStoreDBClient, names: Names, step: StreamStep) => {
  const name = names.stream(step.stream);
  const { position } = await client.tombstoneStream(name, deletionOptions(step));
  return { tombstoned: true, position: names.position(position) };
};

export const setMetadata = async (
  client: EventStoreDBClient,
  names: Names,
  step: { readonly stream: string; readonly metadata: StreamMetadata },
) => {
  const result = await client.setStreamMetadata(names.stream(step.stream), step.metadata);
  return { success: result.success, nextExpectedRevision: `${result.nextExpectedRevision}n` };
};

export const getMetadata = async (
  client: EventStoreDBClient,
  names: Names,
  step: { readonly stream: string },
) => {
  const { metadata, metastreamRevision } = await client.getStreamMetadata(
    names.stream(step.stream),
  );
  return { metadata, revision: typeof metastreamRevision };
};
