import { setTimeout as later } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { append } from './append.ts';
import type { ObservedCase, Step } from './case.ts';
import { failure } from './failure.ts';
import { consume, subscribe, subscribeAll } from './follow.ts';
import { createGroup, createGroupOnAll, deleteGroup, groupInfo, replayParked } from './groups.ts';
import { createNames, type Names } from './names.ts';
import { deleteStream, getMetadata, read, readAll, setMetadata, tombstone } from './streams.ts';

type Doing = Step['do'];
type StepOf<Name extends Doing> = Extract<Step, { readonly do: Name }>;
type Doer<Name extends Doing> = (
  client: EventStoreDBClient,
  names: Names,
  step: StepOf<Name>,
) => Promise<unknown>;

const doers: { readonly [Name in Doing]: Doer<Name> } = {
  append,
  appendAll: (client, names, { appends }) =>
    Promise.all(
      appends.map((each) => append(client, names, each).catch((error) => failure(names, error))),
    ),
  read,
  readAll,
  subscribe,
  subscribeAll,
  delete: deleteStream,
  tombstone,
  setMetadata,
  getMetadata,
  psCreate: createGroup,
  psCreateAll: createGroupOnAll,
  psConsume: consume,
  psInfo: groupInfo,
  psReplay: replayParked,
  psDelete: deleteGroup,
  wait: async (_client, _names, { ms }) => {
    await later(ms);
    return { waited: true };
  },
};

/** No step of a recorded case takes this long unless its server hangs. */
const LIMIT_MS = 20_000;

const unanswered = async (ms: number, signal: AbortSignal): Promise<unknown> => {
  await later(ms, undefined, { signal });
  return { error: 'local-timeout' };
};

const answer = async <Name extends Doing>(
  client: EventStoreDBClient,
  names: Names,
  step: StepOf<Name> & { readonly do: Name },
): Promise<unknown> => {
  const done = new AbortController();
  const limit = 'limit' in step && step.limit !== undefined ? step.limit : LIMIT_MS;
  const late = unanswered(limit, done.signal);
  late.catch(() => undefined);
  try {
    return await Promise.race([doers[step.do](client, names, step), late]);
  } catch (error) {
    return failure(names, error);
  } finally {
    done.abort();
  }
};

/** An answer as JSON has it: what is undefined is left out, bytes are an object by index. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Runs the steps of a case one after the other through a client of its own, and gives an answer for each. */
export const replay = async (
  connectionString: string,
  { steps, unordered = false }: ObservedCase,
): Promise<readonly unknown[]> => {
  const client = EventStoreDBClient.connectionString(connectionString);
  const names = createNames(unordered);
  const answers: unknown[] = [];
  let rejection: unknown;
  const rejected = (reason: unknown): void => {
    rejection = reason;
  };
  process.on('unhandledRejection', rejected);
  for (const step of steps) {
    rejection = undefined;
    const given = asJson(await answer(client, names, step));
    const seen = rejection === undefined ? {} : { unhandledRejection: failure(names, rejection) };
    answers.push(Array.isArray(given) ? given : { ...(given as object), ...seen });
  }
  process.off('unhandledRejection', rejected);
  await client.dispose();
  return answers.map(names.ranked);
};
