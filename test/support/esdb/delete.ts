import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { unary, type Answered } from './calls.ts';
import type { Appended } from './log.ts';
import type { Node } from './node.ts';
import { refusals } from './refusals.ts';
import { expectedOf, streamName } from './wire.ts';

type Request = streams.DeleteReq | streams.TombstoneReq;

const positioned = <Position extends streams.DeleteResp.Position>(
  made: Position,
  position: number,
): Position => {
  made.setCommitPosition(String(position));
  made.setPreparePosition(String(position));
  return made;
};

const deletion = <Answer>(
  request: Request,
  act: (stream: string, expected: ReturnType<typeof expectedOf>) => Appended,
  answerOf: (position: number | undefined) => Answer,
): Answered<Answer> => {
  const options = request.getOptions();
  if (options === undefined) return { refusal: refusals.badRequest('The options are missing.') };
  const stream = streamName(options.getStreamIdentifier());
  const expected = expectedOf(options, options.getRevision());
  const appended = act(stream, expected);
  if (appended._tag === 'Written') return { answer: answerOf(appended.position) };
  if (appended._tag === 'WrongRevision') {
    return { refusal: refusals.wrongRevision(stream, expected, appended.actual) };
  }
  return { refusal: refusals.streamDeleted(stream) };
};

export const softDelete = (node: Node): handleUnaryCall<streams.DeleteReq, streams.DeleteResp> =>
  unary(node, 'delete', (request) =>
    deletion(request, node.log.delete, (position) => {
      const answer = new streams.DeleteResp();
      if (position !== undefined) {
        answer.setPosition(positioned(new streams.DeleteResp.Position(), position));
      }
      return answer;
    }),
  );

export const tombstone = (
  node: Node,
): handleUnaryCall<streams.TombstoneReq, streams.TombstoneResp> =>
  unary(node, 'delete', (request) =>
    deletion(request, node.log.tombstone, (position) => {
      const answer = new streams.TombstoneResp();
      if (position !== undefined) {
        answer.setPosition(positioned(new streams.TombstoneResp.Position(), position));
      }
      return answer;
    }),
  );
