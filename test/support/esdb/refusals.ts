import { Metadata, status } from '@grpc/grpc-js';
import type { Expected } from './record.ts';

/** An error as a handler gives it to gRPC; the client makes its own error types from the trailers. */
export type Refusal = {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
};

/** Where the leader of a cluster listens. */
export type Endpoint = { readonly address: string; readonly port: number };

const refusal = (
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): Refusal => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata };
};

/** How a deletion names what it expected. */
const expectedNumber = (expected: Expected): string => {
  if (typeof expected === 'bigint') return expected.toString();
  return { any: '-2', no_stream: '-1', stream_exists: '-4' }[expected];
};

const group = (exception: string, stream: string, name: string) => ({
  exception,
  'stream-name': stream,
  'group-name': name,
});

/** The refusals of the server, with the trailers it sends. */
export const refusals = {
  streamDeleted: (stream: string): Refusal =>
    refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    }),
  wrongRevision: (stream: string, expected: Expected, actual: bigint | undefined): Refusal => {
    const [wanted, found] = [expectedNumber(expected), (actual ?? -1n).toString()];
    return refusal(
      status.FAILED_PRECONDITION,
      `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${wanted}, Actual version: ${found}`,
      {
        exception: 'wrong-expected-version',
        'stream-name': stream,
        'expected-version': wanted,
        'actual-version': found,
      },
    );
  },
  tooLarge: (limit: number): Refusal =>
    refusal(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(limit),
    }),
  badRequest: (reason: string): Refusal => refusal(status.INVALID_ARGUMENT, reason),
  threw: (): Refusal => refusal(status.UNKNOWN, 'Exception was thrown by handler.'),
  notReady: (): Refusal => refusal(status.UNAVAILABLE, 'Server Is Not Ready'),
  tooBusy: (): Refusal => refusal(status.UNAVAILABLE, 'Server Is Too Busy'),
  unavailable: (): Refusal => refusal(status.UNAVAILABLE, 'Connection dropped'),
  cancelled: (): Refusal => refusal(status.CANCELLED, 'Call canceled by the server.'),
  internal: (): Refusal => refusal(status.INTERNAL, 'Unexpected server error.'),
  unauthenticated: (): Refusal => refusal(status.UNAUTHENTICATED, 'Unauthenticated'),
  accessDenied: (): Refusal =>
    refusal(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  slowConsumer: (): Refusal =>
    refusal(status.ABORTED, 'Operation timed out. Details: the consumer is too slow'),
  notLeader: ({ address, port }: Endpoint): Refusal =>
    refusal(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': address,
      'leader-endpoint-port': String(port),
    }),
  groupMissing: (stream: string, name: string): Refusal =>
    refusal(
      status.NOT_FOUND,
      `Subscription group ${name} on stream ${stream} does not exist.`,
      group('persistent-subscription-does-not-exist', stream, name),
    ),
  groupExists: (stream: string, name: string): Refusal =>
    refusal(
      status.ALREADY_EXISTS,
      `Subscription group ${name} on stream ${stream} exists.`,
      group('persistent-subscription-exists', stream, name),
    ),
  groupDropped: (stream: string, name: string): Refusal =>
    refusal(
      status.CANCELLED,
      `Subscription group ${name} on stream ${stream} was dropped.`,
      group('persistent-subscription-dropped', stream, name),
    ),
  groupFull: (stream: string, name: string): Refusal =>
    refusal(
      status.FAILED_PRECONDITION,
      `Maximum subscriptions reached for subscription group ${name} on stream ${stream}.`,
      group('maximum-subscribers-reached', stream, name),
    ),
};
