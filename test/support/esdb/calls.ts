import type { Metadata, ServerWritableStream, handleUnaryCall } from '@grpc/grpc-js';
import type { Operation } from './faults.ts';
import { obstacle, type Node } from './node.ts';
import type { Refusal } from './refusals.ts';

/** A call that answers more than once, as far as an answering loop needs it. */
type Writable<Answer> = Pick<
  ServerWritableStream<unknown, Answer>,
  'write' | 'once' | 'off' | 'cancelled'
>;

/** What ends the wait for a client that is not keeping up. */
const ENOUGH = ['drain', 'cancelled', 'close'];

/** Sends an answer; gives something to await only when the client is not keeping up. */
export const send = <Answer>(call: Writable<Answer>, answer: Answer): Promise<void> | undefined => {
  if (call.cancelled || call.write(answer)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ENOUGH) call.off(event, done);
      resolve();
    };
    for (const event of ENOUGH) call.once(event, done);
  });
};

/** Ends a call with an error. */
export const refuse = (
  call: Pick<ServerWritableStream<unknown, unknown>, 'emit'>,
  refusal: Refusal,
): void => {
  call.emit('error', refusal);
};

/** How a call without a stream ends: with its answer or with a refusal. */
export type Answered<Answer> = { readonly answer: Answer } | { readonly refusal: Refusal };

/** Does the work of a call and gives its answer, or what the fault that stands in the way makes of it. */
export const answered = <Answer>(
  node: Node,
  operation: Operation,
  metadata: Metadata,
  work: () => Answered<Answer>,
  give: (answered: Answered<Answer>) => void,
): void => {
  const met = obstacle(node, operation, metadata);
  if (met === undefined) return give(work());
  if (met._tag === 'Delay') {
    const result = work();
    setTimeout(() => give(result), met.ms);
    return undefined;
  }
  if (met.works) work();
  if (met.answer !== 'nothing') give({ refusal: met.answer });
  return undefined;
};

/** A handler of a call with one request and one answer. */
export const unary =
  <Request, Answer>(
    node: Node,
    operation: Operation,
    work: (request: Request) => Answered<Answer>,
  ): handleUnaryCall<Request, Answer> =>
  (call, callback) => {
    answered(
      node,
      operation,
      call.metadata,
      () => work(call.request),
      (result) => {
        if ('refusal' in result) callback(result.refusal);
        else callback(null, result.answer);
      },
    );
  };
