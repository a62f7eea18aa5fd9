import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { answered, refuse, type Answered } from './calls.ts';
import { MAX_APPEND_BYTES, type Appended } from './log.ts';
import type { Node } from './node.ts';
import type { Expected, NewEvent } from './record.ts';
import { refusals } from './refusals.ts';
import { allPosition, expectedOf, newEvent, streamIdentifier, streamName } from './wire.ts';

const { BatchAppendResp } = streams;

type Call = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

/** An append whose parts are still coming. An event whose id is no UUID is undefined. */
type Pending = {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: (NewEvent | undefined)[];
};

type Packed = { readonly serializeBinary: () => Uint8Array };

/** An error inside an answer: the call itself goes on. The client knows it by the type of its details. */
const failed = (message: string, details: Packed, type: string): streams.BatchAppendResp => {
  const packed = new anyPb.Any();
  packed.pack(details.serializeBinary(), type);
  const error = new status.Status();
  error.setMessage(message);
  error.setDetails(packed);
  const answer = new BatchAppendResp();
  answer.setError(error);
  return answer;
};

const typed = (name: string, details: Packed): streams.BatchAppendResp =>
  failed(name, details, `event_store.client.${name}`);

/** What the server says for itself, without a type. */
const untyped = (message: string): streams.BatchAppendResp =>
  failed(message, new emptyPb.Empty(), 'google.protobuf.Empty');

const wrongRevision = (expected: Expected, actual: bigint | undefined): streams.BatchAppendResp => {
  const details = new shared.WrongExpectedVersion();
  if (actual === undefined) details.setCurrentNoStream(new emptyPb.Empty());
  else details.setCurrentStreamRevision(actual.toString());
  if (expected === 'any') details.setExpectedAny(new emptyPb.Empty());
  else if (expected === 'no_stream') details.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === 'stream_exists') details.setExpectedStreamExists(new emptyPb.Empty());
  else details.setExpectedStreamPosition(expected.toString());
  return typed('WrongExpectedVersion', details);
};

const tooLarge = (): streams.BatchAppendResp => {
  const details = new shared.MaximumAppendSizeExceeded();
  details.setMaxappendsize(MAX_APPEND_BYTES);
  return typed('MaximumAppendSizeExceeded', details);
};

const written = (
  revision: bigint | undefined,
  position: number | undefined,
): streams.BatchAppendResp => {
  const success = new BatchAppendResp.Success();
  if (revision === undefined) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(revision.toString());
  if (position === undefined) success.setNoPosition(new emptyPb.Empty());
  else success.setPosition(allPosition(position));
  const answer = new BatchAppendResp();
  answer.setSuccess(success);
  return answer;
};

const answerOf = (appended: Appended, expected: Expected): streams.BatchAppendResp => {
  if (appended._tag === 'Written') return written(appended.revision, appended.position);
  if (appended._tag === 'WrongRevision') return wrongRevision(expected, appended.actual);
  if (appended._tag === 'Deleted') return typed('StreamDeleted', new shared.StreamDeleted());
  return tooLarge();
};

const work = (node: Node, { stream, expected, events }: Pending): streams.BatchAppendResp => {
  const wellFormed = events.filter((event) => event !== undefined);
  if (wellFormed.length < events.length) return typed('BadRequest', new shared.BadRequest());
  return answerOf(node.log.append(stream, expected, wellFormed), expected);
};

const begun = (request: streams.BatchAppendReq): Pending => {
  const options = request.getOptions() ?? new streams.BatchAppendReq.Options();
  return {
    stream: streamName(options.getStreamIdentifier()),
    expected: expectedOf(options, options.getStreamPosition()),
    events: [],
  };
};

/** What of the refusals comes inside an answer, as the server's own words or as a type. */
const inside = (result: Answered<streams.BatchAppendResp>): Answered<streams.BatchAppendResp> => {
  if ('answer' in result) return result;
  const { details } = result.refusal;
  if (details === refusals.notReady().details) return { answer: untyped(details) };
  if (details === refusals.tooBusy().details) return { answer: untyped(details) };
  if (details === refusals.accessDenied().details) {
    return { answer: typed('AccessDenied', new shared.AccessDenied()) };
  }
  return result;
};

/** The appends of a client: one call for all of them, answers by correlation id. */
export const batchAppend =
  (node: Node) =>
  (call: Call): void => {
    const pending = new Map<string, Pending>();

    const finish = (id: shared.UUID | undefined, append: Pending): void =>
      answered(
        node,
        'append',
        call.metadata,
        () => ({ answer: work(node, append) }),
        (result) => {
          const given = inside(result);
          if ('refusal' in given) return refuse(call, given.refusal);
          given.answer.setCorrelationId(id);
          given.answer.setStreamIdentifier(streamIdentifier(append.stream));
          if (!call.cancelled) call.write(given.answer);
          return undefined;
        },
      );

    call.on('data', (request: streams.BatchAppendReq) => {
      const id = request.getCorrelationId();
      const key = id?.getString() ?? '';
      const append = pending.get(key) ?? begun(request);
      append.events.push(...request.getProposedMessagesList().map(newEvent));
      pending.set(key, append);
      if (!request.getIsFinal()) return;
      pending.delete(key);
      finish(id, append);
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };
