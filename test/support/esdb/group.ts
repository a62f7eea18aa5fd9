import { randomUUID } from 'node:crypto';
import type { GroupSettings } from './group-settings.ts';
import { ALL, type GroupSource } from './group-source.ts';
import type { Log } from './log.ts';
import {
  BINARY_CONTENT,
  LINK_TYPE,
  METADATA_TYPE,
  metastreamOf,
  textEvent,
  type LogRecord,
} from './record.ts';
import type { Refusal } from './refusals.ts';
import { firstVisible } from './stream.ts';
import { resolve, type Resolved } from './wire.ts';

/** A delivery to come, or one on its way. */
export type Message = { readonly resolved: Resolved; readonly retryCount: number };

/** A client that takes messages of a group. */
export type Consumer = {
  readonly name: string;
  /** How many messages may be on their way to it. */
  readonly slots: number;
  readonly deliver: (message: Message) => void;
  readonly drop: (refusal: Refusal) => void;
};

/** What a consumer may say instead of having done its work. */
export type Nack = 'park' | 'retry' | 'skip' | 'stop' | 'unknown';

type Sent = { readonly message: Message; readonly to: Consumer; readonly timer: NodeJS.Timeout };

/** A persistent subscription: a log's records shared out among consumers, at least once and in no order. */
export type Group = {
  readonly stream: string;
  readonly name: string;
  settings: GroupSettings;
  source: GroupSource;
  readonly consumers: Consumer[];
  readonly inFlight: Map<string, Sent>;
  readonly retries: Message[];
  /** Where in its source the group is. */
  cursor: number;
  /** The consumer whose turn it is. */
  turn: number;
  delivered: number;
};

const parkedStreamOf = ({ stream, name }: Pick<Group, 'stream' | 'name'>): string =>
  `$persistentsubscription-${stream}::${name}-parked`;

export const createGroup = (
  stream: string,
  name: string,
  settings: GroupSettings,
  source: GroupSource,
): Group => ({
  stream,
  name,
  settings,
  source,
  consumers: [],
  inFlight: new Map(),
  retries: [],
  cursor: source.start,
  turn: 0,
  delivered: 0,
});

const shown = ({ link, event }: Resolved): LogRecord => (link ?? event)!;

const idOf = ({ resolved }: Message): string => shown(resolved).id;

const visibleParked = (log: Log, group: Group): readonly LogRecord[] => {
  const parked = log.stream(parkedStreamOf(group));
  return parked.records.slice(firstVisible(parked, log.now()));
};

export const parkedCount = (log: Log, group: Group): number => visibleParked(log, group).length;

/** Parking is a link in a stream of the group's own. */
const park = (log: Log, group: Group, { resolved }: Message, reason: string): void => {
  const { stream, revision } = resolved.event ?? shown(resolved);
  const link = textEvent(randomUUID(), LINK_TYPE, `${revision}@${stream}`, BINARY_CONTENT);
  const metadata = new TextEncoder().encode(
    JSON.stringify({ added: new Date(log.now()).toISOString(), reason }),
  );
  log.append(parkedStreamOf(group), 'any', [{ ...link, metadata }]);
};

const retry = (log: Log, group: Group, message: Message, reason: string): void => {
  if (message.retryCount >= group.settings.maxRetryCount) park(log, group, message, reason);
  else group.retries.push({ ...message, retryCount: message.retryCount + 1 });
};

const nextMessage = (log: Log, group: Group): Message | undefined => {
  const again = group.retries.shift();
  if (again !== undefined) return again;
  const list = group.source.list();
  while (group.cursor < list.length) {
    const record = list[group.cursor]!;
    group.cursor += 1;
    const own = group.stream === ALL && record.stream === parkedStreamOf(group);
    if (!own && group.source.matches(record)) {
      return { resolved: resolve(log, record, group.settings.resolveLinks), retryCount: 0 };
    }
  }
  return undefined;
};

const freeOf = ({ inFlight, consumers }: Group): readonly Consumer[] => {
  const busy = new Map<Consumer, number>();
  for (const { to } of inFlight.values()) busy.set(to, (busy.get(to) ?? 0) + 1);
  return consumers.filter((consumer) => (busy.get(consumer) ?? 0) < consumer.slots);
};

/** A stream keeps to one consumer under `Pinned`, the first that is free gets all under `DispatchToSingle`. */
const chosen = (group: Group, free: readonly Consumer[], message: Message): Consumer => {
  if (group.settings.strategy === 'DispatchToSingle') return free[0]!;
  if (group.settings.strategy === 'RoundRobin') {
    group.turn += 1;
    return free[group.turn % free.length]!;
  }
  let sum = 0;
  for (const char of shown(message.resolved).stream) sum += char.codePointAt(0)!;
  return free[sum % free.length]!;
};

const deliver = (log: Log, group: Group, to: Consumer, message: Message): void => {
  const id = idOf(message);
  const { messageTimeoutMs } = group.settings;
  const timer = setTimeout(() => {
    group.inFlight.delete(id);
    retry(log, group, message, 'Maximum retry count reached');
    pump(log, group);
  }, messageTimeoutMs);
  if (messageTimeoutMs === 0) clearTimeout(timer);
  group.inFlight.set(id, { message, to, timer });
  group.delivered += 1;
  to.deliver(message);
};

/** Delivers as much as the consumers have slots for. */
export const pump = (log: Log, group: Group): void => {
  for (;;) {
    const free = freeOf(group);
    if (free.length === 0) return;
    const message = nextMessage(log, group);
    if (message === undefined) return;
    deliver(log, group, chosen(group, free, message), message);
  }
};

const taken = (group: Group, id: string): Message | undefined => {
  const sent = group.inFlight.get(id);
  if (sent === undefined) return undefined;
  clearTimeout(sent.timer);
  group.inFlight.delete(id);
  return sent.message;
};

export const acknowledge = (log: Log, group: Group, ids: readonly string[]): void => {
  for (const id of ids) taken(group, id);
  pump(log, group);
};

/** A nack that says `stop` answers nothing: the message comes again when its time is over. */
export const refuseMessages = (
  log: Log,
  group: Group,
  action: Nack,
  ids: readonly string[],
  reason: string,
): void => {
  if (action === 'stop') return;
  for (const id of ids) {
    const message = taken(group, id);
    if (message === undefined) continue;
    if (action === 'park') park(log, group, message, reason);
    if (action === 'retry' || action === 'unknown') retry(log, group, message, reason);
  }
  pump(log, group);
};

/** A consumer that has gone: what was on its way to it goes to others. */
export const removeConsumer = (log: Log, group: Group, gone: Consumer): void => {
  const index = group.consumers.indexOf(gone);
  if (index === -1) return;
  group.consumers.splice(index, 1);
  const lost = [...group.inFlight].filter(([, { to }]) => to === gone);
  for (const [id, { message }] of lost) {
    if (taken(group, id) !== undefined) retry(log, group, message, 'Client left');
  }
  pump(log, group);
};

/** Takes everything back from the consumers, as a server that ends does: nothing counts as a retry. */
export const release = (group: Group): void => {
  group.consumers.splice(0);
  for (const { message, timer } of group.inFlight.values()) {
    clearTimeout(timer);
    group.retries.push(message);
  }
  group.inFlight.clear();
};

/** Puts parked messages back, the first `most` of them. */
export const replayParked = (log: Log, group: Group, most: number): void => {
  const parked = visibleParked(log, group).slice(0, most);
  const last = parked.at(-1);
  if (last === undefined) return;
  for (const record of parked) {
    group.retries.push({ resolved: resolve(log, record, true), retryCount: 0 });
  }
  const metadata = textEvent(
    randomUUID(),
    METADATA_TYPE,
    JSON.stringify({ $tb: Number(last.revision) + 1 }),
  );
  log.append(metastreamOf(parkedStreamOf(group)), 'any', [metadata]);
  pump(log, group);
};
