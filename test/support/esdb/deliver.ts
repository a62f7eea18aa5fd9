import { randomUUID } from 'node:crypto';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { refuse, send } from './calls.ts';
import type { Filter } from './filter.ts';
import type { Node } from './node.ts';
import { TOMBSTONE_REVISION, type LogRecord } from './record.ts';
import { refusals } from './refusals.ts';
import { eventAnswer, resolve } from './wire.ts';

const { ReadResp } = streams;

type Call = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

/** What a subscription follows: a list that grows, and where in it to begin. */
export type Source = {
  readonly list: () => readonly LogRecord[];
  readonly start: number;
  readonly filter: Filter;
  /** Whether there is something to have caught up with. */
  readonly exists: () => boolean;
  /** Whether a record written now is of this list. */
  readonly contains: (record: LogRecord) => boolean;
  /** The stream it is, unless it is everything. */
  readonly stream: string | undefined;
  readonly links: boolean;
};

/** Where a subscription is. `waiting` counts the live events that are not sent yet. */
type Progress = {
  cursor: number;
  considered: number;
  waiting: number;
  live: boolean;
  over: boolean;
  wake: () => void;
};

const confirmation = (): streams.ReadResp => {
  const confirmed = new ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(randomUUID());
  const answer = new ReadResp();
  answer.setConfirmation(confirmed);
  return answer;
};

const checkpoint = ({ position }: LogRecord): streams.ReadResp => {
  const reached = new ReadResp.Checkpoint();
  reached.setCommitPosition(String(position));
  reached.setPreparePosition(String(position));
  const answer = new ReadResp();
  answer.setCheckpoint(reached);
  return answer;
};

const caughtUp = (): streams.ReadResp => {
  const answer = new ReadResp();
  answer.setCaughtUp(new ReadResp.CaughtUp());
  return answer;
};

/** The next record, an event or not for this subscription; gives something to await when the consumer is slow. */
const step = (
  { log }: Node,
  call: Call,
  { filter, links }: Source,
  progress: Progress,
  record: LogRecord,
): Promise<void> | undefined => {
  progress.cursor += 1;
  progress.considered += 1;
  const reached = progress.considered % filter.checkpointEvery === 0;
  const matched = filter.matches(record);
  if (matched) progress.waiting = Math.max(0, progress.waiting - 1);
  const full = matched ? send(call, eventAnswer(resolve(log, record, links))) : undefined;
  return reached ? (send(call, checkpoint(record)) ?? full) : full;
};

/** What ends a subscription when this has been written: its stream is gone, or it does not keep up. */
const endedBy = (
  { liveBuffer }: Node,
  source: Source,
  progress: Progress,
  own: readonly LogRecord[],
) => {
  const { stream, filter } = source;
  if (progress.live) progress.waiting += own.filter(filter.matches).length;
  if (stream !== undefined && own.at(-1)?.revision === TOMBSTONE_REVISION) {
    return refusals.streamDeleted(stream);
  }
  return progress.waiting > liveBuffer ? refusals.slowConsumer() : undefined;
};

/** Hears of what is written until the call is over. */
const follow = (node: Node, call: Call, source: Source, progress: Progress): void => {
  const end = (): void => {
    progress.over = true;
    stopFollowing();
    progress.wake();
  };
  const stopFollowing = node.log.follow((written) => {
    const refusal = endedBy(node, source, progress, written.filter(source.contains));
    if (refusal === undefined) return progress.wake();
    end();
    return refuse(call, refusal);
  });
  call.once('cancelled', end);
  call.once('close', end);
};

/** Delivers what is there, says that it has caught up, and delivers what comes, while the consumer keeps up. */
export const deliver = async (node: Node, call: Call, source: Source): Promise<void> => {
  const progress: Progress = {
    cursor: source.start,
    considered: 0,
    waiting: 0,
    live: false,
    over: false,
    wake: () => undefined,
  };
  follow(node, call, source, progress);
  await send(call, confirmation());
  while (!progress.over) {
    const record = source.list()[progress.cursor];
    if (record !== undefined) {
      const full = step(node, call, source, progress, record);
      if (full !== undefined) await full;
    } else if (!progress.live && source.exists()) {
      progress.live = true;
      await send(call, caughtUp());
    } else {
      await new Promise<void>((woken) => (progress.wake = woken));
    }
  }
};
