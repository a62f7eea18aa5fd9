import { randomUUID } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent, type ResolvedEvent } from '@eventstore/db-client';

/** What the unmodified client makes of a call. */
export type Seen =
  | { readonly done: unknown }
  | {
      readonly error: string;
      readonly type: unknown;
      readonly code: unknown;
      readonly message: string;
    }
  | 'no answer';

const isError = (value: unknown): value is Error & Readonly<Record<string, unknown>> =>
  value instanceof Error;

/** An error as the client gives it: its class, and what to tell it by. */
const errorSeen = (error: unknown): Seen => {
  if (!isError(error)) return { error: typeof error, type: '', code: '', message: String(error) };
  const { type, code } = error;
  return { error: error.constructor.name, type, code, message: error.message };
};

/** How a call ends; after `ms` without an end it counts as unanswered. */
export const seen = (call: Promise<unknown>, ms = 20_000): Promise<Seen> => {
  const over = new AbortController();
  const late = later<Seen>(ms, 'no answer', { signal: over.signal }).catch((): Seen => 'no answer');
  const ended = call.then((done): Seen => ({ done }), errorSeen).finally(() => over.abort());
  return Promise.race([ended, late]);
};

/** Short enough for a test that waits for nothing to happen. */
export const SILENCE_MS = 150;

export const connectTo = (connectionString: string): EventStoreDBClient =>
  EventStoreDBClient.connectionString(connectionString);

export const happened = (n = 0) => jsonEvent({ id: randomUUID(), type: 'Happened', data: { n } });

/** Appends one event, to a stream without events unless told otherwise. */
export const appendOne = (
  client: EventStoreDBClient,
  stream: string,
  expectedRevision: bigint | 'no_stream' | 'any' = 'no_stream',
) => client.appendToStream(stream, happened(), { expectedRevision });

/** The events of a stream, as far as they are told apart here. */
export const revisionsOf = async (
  client: EventStoreDBClient,
  stream: string,
): Promise<readonly number[]> => {
  const revisions: number[] = [];
  for await (const { event } of client.readStream(stream)) revisions.push(Number(event?.revision));
  return revisions;
};

/** Any subscription of the client. */
type Followed = {
  readonly on: (event: 'data', heard: (event: ResolvedEvent) => void) => unknown;
  readonly unsubscribe: () => Promise<void>;
};

/** What a subscription has told so far, and when it has told enough. */
export const listenTo = (subscription: Followed) => {
  const told: { readonly on: string; readonly given?: unknown }[] = [];
  const waiting = new Set<() => void>();
  const count = (on: string): number => told.filter((each) => each.on === on).length;
  const emitter = subscription as unknown as NodeJS.EventEmitter;
  for (const on of ['confirmation', 'caughtUp', 'data', 'error', 'end', 'close']) {
    emitter.on(on, (given: unknown) => {
      told.push({ on, ...(on === 'error' && { given: errorSeen(given) }) });
      for (const look of waiting) look();
    });
  }
  return {
    told,
    /** Resolves once that many of a kind have been told. */
    until: (on: string, wanted = 1): Promise<void> =>
      new Promise((heard) => {
        const look = (): void => {
          if (count(on) < wanted) return;
          waiting.delete(look);
          heard();
        };
        waiting.add(look);
        look();
      }),
  };
};
