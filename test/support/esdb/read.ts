import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream, handleServerStreamingCall } from '@grpc/grpc-js';
import { refuse, send } from './calls.ts';
import type { Log } from './log.ts';
import { obstacle, type Node } from './node.ts';
import type { LogRecord } from './record.ts';
import { refusals, type Refusal } from './refusals.ts';
import { firstVisible, isMissing } from './stream.ts';
import { subscribe } from './subscribe.ts';
import { eventAnswer, resolve, streamIdentifier, streamName } from './wire.ts';

type Options = streams.ReadReq.Options;
type Call = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

const { BACKWARDS } = streams.ReadReq.Options.ReadDirection;

/** What a read gives: records of a list from one index to another, both inclusive, in either direction. */
type Range = { readonly list: readonly LogRecord[]; readonly from: number; readonly to: number };

type Plan = Range | { readonly refusal: Refusal } | { readonly missing: string };

const backwards = (options: Options): boolean => options.getReadDirection() === BACKWARDS;

/** Where a read begins, in the list it reads. */
const streamStart = (options: streams.ReadReq.Options.StreamOptions, length: number): number => {
  if (options.hasStart()) return 0;
  return options.hasEnd() ? length : Number(options.getRevision());
};

const streamPlan = (log: Log, options: Options): Plan => {
  const asked = options.getStream() ?? new streams.ReadReq.Options.StreamOptions();
  const name = streamName(asked.getStreamIdentifier());
  const stream = log.stream(name);
  if (stream.tombstoned) return { refusal: refusals.streamDeleted(name) };
  if (isMissing(stream)) return { missing: name };
  const list = stream.records;
  const start = streamStart(asked, list.length);
  const [first, last] = [firstVisible(stream, log.now()), list.length - 1];
  return backwards(options)
    ? { list, from: Math.min(start, last), to: first }
    : { list, from: Math.max(start, first), to: last };
};

const allPlan = (log: Log, options: Options): Plan => {
  const asked = options.getAll() ?? new streams.ReadReq.Options.AllOptions();
  const list = log.records;
  const end = asked.hasEnd() ? list.length : 0;
  const position = asked.getPosition()?.getCommitPosition();
  const start = position === undefined ? end : log.indexOf(Number(position));
  return backwards(options)
    ? { list, from: start - 1, to: 0 }
    : { list, from: start, to: list.length - 1 };
};

/** A count of nothing, and forwards from the end, make the server's handler throw. */
const isSenseless = (options: Options): boolean => {
  const fromEnd = options.getStream()?.hasEnd() ?? options.getAll()?.hasEnd() ?? false;
  return options.getCount() === '0' || (fromEnd && !backwards(options));
};

const planOf = (log: Log, options: Options): Plan => {
  if (isSenseless(options)) return { refusal: refusals.threw() };
  return options.hasStream() ? streamPlan(log, options) : allPlan(log, options);
};

const notFound = (name: string): streams.ReadResp => {
  const missing = new streams.ReadResp.StreamNotFound();
  missing.setStreamIdentifier(streamIdentifier(name));
  const answer = new streams.ReadResp();
  answer.setStreamNotFound(missing);
  return answer;
};

const answerAll = async (log: Log, call: Call, options: Options, range: Range): Promise<void> => {
  const step = backwards(options) ? -1 : 1;
  const most = Number(options.getCount());
  const count = Math.min(most, (range.to - range.from) * step + 1);
  for (let given = 0; given < count; given += 1) {
    const record = range.list[range.from + given * step];
    if (record === undefined || call.cancelled) break;
    const full = send(call, eventAnswer(resolve(log, record, options.getResolveLinks())));
    if (full !== undefined) await full;
  }
  call.end();
};

const answer = async ({ log }: Node, call: Call, options: Options): Promise<void> => {
  const plan = planOf(log, options);
  if ('refusal' in plan) return refuse(call, plan.refusal);
  if ('list' in plan) return answerAll(log, call, options, plan);
  call.write(notFound(plan.missing));
  call.end();
  return undefined;
};

/** Reads and subscriptions are one call of the protocol. */
export const read =
  (node: Node): handleServerStreamingCall<streams.ReadReq, streams.ReadResp> =>
  (call) => {
    const options = call.request.getOptions() ?? new streams.ReadReq.Options();
    const live = options.hasSubscription();
    const act = (): void => {
      void (live ? subscribe(node, call, options) : answer(node, call, options));
    };
    const met = obstacle(node, live ? 'subscribe' : 'read', call.metadata);
    if (met === undefined) return act();
    if (met._tag === 'Delay') {
      setTimeout(act, met.ms);
      return undefined;
    }
    if (met.name === 'slow-consumer' && live) {
      void subscribe({ ...node, liveBuffer: 0 }, call, options);
      return undefined;
    }
    if (met.answer !== 'nothing') refuse(call, met.answer);
    return undefined;
  };
