import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerReadableStream, handleClientStreamingCall } from '@grpc/grpc-js';
import { answered, type Answered } from './calls.ts';
import { MAX_APPEND_BYTES, type Appended } from './log.ts';
import type { Node } from './node.ts';
import type { Expected, NewEvent } from './record.ts';
import { refusals } from './refusals.ts';
import { expectedOf, newEvent, streamName } from './wire.ts';

const { AppendResp } = streams;
const { Empty } = shared;

type Call = ServerReadableStream<streams.AppendReq, streams.AppendResp>;

const wrongRevision = (expected: Expected, actual: bigint | undefined): streams.AppendResp => {
  const wrong = new AppendResp.WrongExpectedVersion();
  if (actual === undefined) wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentRevision(actual.toString());
  if (expected === 'any') wrong.setExpectedAny(new Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new Empty());
  else wrong.setExpectedRevision(expected.toString());
  const answer = new AppendResp();
  answer.setWrongExpectedVersion(wrong);
  return answer;
};

const written = (
  revision: bigint | undefined,
  position: number | undefined,
): streams.AppendResp => {
  const success = new AppendResp.Success();
  if (revision === undefined) success.setNoStream(new Empty());
  else success.setCurrentRevision(revision.toString());
  if (position === undefined) {
    success.setNoPosition(new Empty());
  } else {
    const made = new AppendResp.Position();
    made.setCommitPosition(String(position));
    made.setPreparePosition(String(position));
    success.setPosition(made);
  }
  const answer = new AppendResp();
  answer.setSuccess(success);
  return answer;
};

const answerOf = (
  appended: Appended,
  stream: string,
  expected: Expected,
): Answered<streams.AppendResp> => {
  if (appended._tag === 'Written') return { answer: written(appended.revision, appended.position) };
  if (appended._tag === 'WrongRevision') {
    return { answer: wrongRevision(expected, appended.actual) };
  }
  if (appended._tag === 'Deleted') return { refusal: refusals.streamDeleted(stream) };
  return { refusal: refusals.tooLarge(MAX_APPEND_BYTES) };
};

const work = (node: Node, requests: readonly streams.AppendReq[]): Answered<streams.AppendResp> => {
  const [first, ...rest] = requests;
  const options = first?.getOptions();
  if (options === undefined) return { refusal: refusals.badRequest('The options come first.') };
  const events: NewEvent[] = [];
  for (const request of rest) {
    const message = request.getProposedMessage();
    const event = message && newEvent(message);
    if (event === undefined) return { refusal: refusals.badRequest('An event id is no UUID.') };
    events.push(event);
  }
  const stream = streamName(options.getStreamIdentifier());
  const expected = expectedOf(options, options.getRevision());
  return answerOf(node.log.append(stream, expected, events), stream, expected);
};

/** The append that the client uses when a call has credentials of its own. */
export const singleAppend =
  (node: Node): handleClientStreamingCall<streams.AppendReq, streams.AppendResp> =>
  (call: Call, callback) => {
    const requests: streams.AppendReq[] = [];
    call.on('data', (request: streams.AppendReq) => requests.push(request));
    call.on('error', () => undefined);
    call.on('end', () =>
      answered(
        node,
        'append',
        call.metadata,
        () => work(node, requests),
        (result) => {
          if ('refusal' in result) callback(result.refusal);
          else callback(null, result.answer);
        },
      ),
    );
  };
