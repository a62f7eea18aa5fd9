import {
  binaryEvent,
  jsonEvent,
  type AppendExpectedRevision,
  type EventData,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import type { AppendStep, CaseEvent, CaseExpected } from './case.ts';
import type { Names } from './names.ts';

/** About that many bytes of JSON. */
const padding = (bytes: number) => ({ padding: 'x'.repeat(bytes) });

const dataOf = (data: Readonly<Record<string, unknown>> = {}) =>
  typeof data['$bytes'] === 'number' ? padding(data['$bytes']) : data;

const eventsOf = (names: Names, event: CaseEvent): readonly EventData[] => {
  if ('$many' in event) {
    return Array.from({ length: event.$many }, (_, i) =>
      jsonEvent({ id: names.id(`${event.prefix}${i}`), type: event.type, data: { i } }),
    );
  }
  const { type, binary, metadata } = event;
  const id = names.id(event.id);
  if (binary !== undefined) return [binaryEvent({ id, type, data: Buffer.from(binary) })];
  return [jsonEvent({ id, type, data: dataOf(event.data), ...(metadata && { metadata }) })];
};

export const expectedRevision = (expected: CaseExpected): AppendExpectedRevision =>
  typeof expected === 'number' ? BigInt(expected) : expected;

/** Appends, and remembers the position under the step's mark. */
export const append = async (client: EventStoreDBClient, names: Names, step: AppendStep) => {
  const events = step.events.flatMap((event) => eventsOf(names, event));
  const result = await client.appendToStream(names.stream(step.stream), events, {
    expectedRevision: expectedRevision(step.expected),
  });
  const { success, nextExpectedRevision, position } = result;
  if (step.mark !== undefined && position !== undefined) names.marks.set(step.mark, position);
  return {
    success,
    nextExpectedRevision: `${nextExpectedRevision}n`,
    position: names.position(position),
  };
};
