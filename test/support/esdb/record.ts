/** What an append brings: everything of an event that its writer decides. */
export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
};

/** An event in the log. `position` is opaque to clients: commit and prepare are equal. `created` is in ms since 1970. */
export type LogRecord = NewEvent & {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: number;
  readonly created: number;
};

/** What an append expects of its stream: the revision of its last event, or less. */
export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

/** The revision that stands for a tombstone, 2^63 - 1. */
export const TOMBSTONE_REVISION = 2n ** 63n - 1n;

export const METADATA_TYPE = '$metadata';
export const LINK_TYPE = '$>';
export const JSON_CONTENT = 'application/json';
export const BINARY_CONTENT = 'application/octet-stream';

const utf8 = new TextEncoder();
const none = new Uint8Array();

/** An event whose payload is this text as it stands, which may be no JSON. */
export const textEvent = (
  id: string,
  type: string,
  text: string,
  contentType = JSON_CONTENT,
): NewEvent => ({ id, type, contentType, data: utf8.encode(text), metadata: none });

/** The stream that holds the metadata of a stream. */
export const metastreamOf = (stream: string): string => `$$${stream}`;

export const isMetastream = (stream: string): boolean => stream.startsWith('$$');

/** The stream whose metadata a metastream holds. */
export const originalOf = (metastream: string): string => metastream.slice(2);
