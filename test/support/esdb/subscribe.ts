import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { refuse } from './calls.ts';
import { deliver, type Source } from './deliver.ts';
import { everything, filterOf } from './filter.ts';
import type { Log } from './log.ts';
import type { Node } from './node.ts';
import { refusals } from './refusals.ts';
import { firstVisible, isMissing } from './stream.ts';
import { streamName } from './wire.ts';

type Options = streams.ReadReq.Options;
type Call = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

/** Subscriptions begin after what they are given. */
const streamStart = (log: Log, asked: streams.ReadReq.Options.StreamOptions, name: string) => {
  const stream = log.stream(name);
  const { length } = stream.records;
  if (asked.hasEnd()) return length;
  const after = asked.hasRevision() ? Number(asked.getRevision()) + 1 : 0;
  return Math.max(after, isMissing(stream) ? length : firstVisible(stream, log.now()));
};

const streamSource = (
  log: Log,
  options: Options,
  asked: streams.ReadReq.Options.StreamOptions,
): Source => {
  const name = streamName(asked.getStreamIdentifier());
  return {
    list: () => log.stream(name).records,
    start: streamStart(log, asked, name),
    filter: everything,
    exists: () => !isMissing(log.stream(name)),
    contains: ({ stream }) => stream === name,
    stream: name,
    links: options.getResolveLinks(),
  };
};

const allSource = (log: Log, options: Options): Source => {
  const asked = options.getAll() ?? new streams.ReadReq.Options.AllOptions();
  const given = asked.getPosition()?.getCommitPosition();
  const after = given === undefined ? -1 : Number(given);
  const filter = filterOf(options.getFilter());
  return {
    list: () => log.records,
    start: asked.hasEnd() ? log.records.length : log.indexOf(after + 1),
    // A position beyond the head is believed: what is written up to it is passed over in silence.
    filter: { ...filter, matches: (found) => found.position > after && filter.matches(found) },
    exists: () => true,
    contains: () => true,
    stream: undefined,
    links: options.getResolveLinks(),
  };
};

/** A subscription to a stream or to `$all`. */
export const subscribe = async (node: Node, call: Call, options: Options): Promise<void> => {
  const asked = options.getStream();
  const source = asked ? streamSource(node.log, options, asked) : allSource(node.log, options);
  if (source.stream !== undefined && node.log.stream(source.stream).tombstoned) {
    return refuse(call, refusals.streamDeleted(source.stream));
  }
  return deliver(node, call, source);
};
