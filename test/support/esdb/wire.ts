import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { JSON_CONTENT, LINK_TYPE, type Expected, type LogRecord, type NewEvent } from './record.ts';
import type { Log } from './log.ts';
import { firstVisible, isMissing } from './stream.ts';

const { ReadEvent } = streams.ReadResp;
const { RecordedEvent } = ReadEvent;

/** `created` goes over the wire in ticks of 100 ns. */
const TICKS_PER_MS = 10_000n;

export const uuid = (id: string): shared.UUID => {
  const made = new shared.UUID();
  made.setString(id);
  return made;
};

const UUID_FORM = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

/** The text of a UUID; undefined for what is none. */
export const uuidText = (id: shared.UUID | undefined): string | undefined => {
  const text = id?.getString().toLowerCase();
  return text !== undefined && UUID_FORM.test(text) ? text : undefined;
};

export const streamIdentifier = (name: string): shared.StreamIdentifier => {
  const made = new shared.StreamIdentifier();
  made.setStreamName(new TextEncoder().encode(name));
  return made;
};

export const streamName = (identifier: shared.StreamIdentifier | undefined): string =>
  new TextDecoder().decode(identifier?.getStreamName_asU8());

export const allPosition = (position: number): shared.AllStreamPosition => {
  const made = new shared.AllStreamPosition();
  made.setCommitPosition(String(position));
  made.setPreparePosition(String(position));
  return made;
};

/** What an append brings, whichever of the two calls carries it; undefined when its id is no UUID. */
export const newEvent = (
  message: streams.BatchAppendReq.ProposedMessage | streams.AppendReq.ProposedMessage,
): NewEvent | undefined => {
  const id = uuidText(message.getId());
  if (id === undefined) return undefined;
  const metadata = message.getMetadataMap();
  return {
    id,
    type: metadata.get('type') ?? '',
    contentType: metadata.get('content-type') ?? JSON_CONTENT,
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
};

type AnyExpectation = {
  readonly hasAny: () => boolean;
  readonly hasNoStream: () => boolean;
  readonly hasStreamExists: () => boolean;
};

/** The expectation of a request; `revision` is its field for an exact one. */
export const expectedOf = (options: AnyExpectation, revision: string): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : BigInt(revision);
};

/** Fills the message of a recorded event; links and what they point to share the position of the link. */
const filled = <Message extends streams.ReadResp.ReadEvent.RecordedEvent>(
  message: Message,
  record: LogRecord,
  position: number,
): Message => {
  message.setId(uuid(record.id));
  message.setStreamIdentifier(streamIdentifier(record.stream));
  message.setStreamRevision(record.revision.toString());
  message.setPreparePosition(String(position));
  message.setCommitPosition(String(position));
  message.setCustomMetadata(record.metadata);
  message.setData(record.data);
  const metadata = message.getMetadataMap();
  metadata.set('type', record.type);
  metadata.set('content-type', record.contentType);
  metadata.set('created', (BigInt(Math.round(record.created)) * TICKS_PER_MS).toString());
  return message;
};

/** What a read shows of a record: the event, the link that led to it, or a link to nothing. */
export type Resolved = { readonly event?: LogRecord; readonly link?: LogRecord };

/** Follows a link, `revision@stream`, to an event that reads of its stream would show. */
export const resolve = (log: Log, record: LogRecord, links: boolean): Resolved => {
  if (!links || record.type !== LINK_TYPE) return { event: record };
  const [revision = '', ...name] = new TextDecoder().decode(record.data).split('@');
  const target = log.stream(name.join('@'));
  const hidden =
    target.tombstoned || isMissing(target) || Number(revision) < firstVisible(target, log.now());
  const event = hidden ? undefined : target.records[Number(revision)];
  return event === undefined ? { link: record } : { event, link: record };
};

type EventMessage = streams.ReadResp.ReadEvent;

/** Fills what carries an event to a reader; the messages of persistent subscriptions are made of the same fields. */
export const fillEvent = <
  Message extends Pick<EventMessage, 'setEvent' | 'setLink' | 'setCommitPosition'>,
>(
  message: Message,
  { event, link }: Resolved,
  made: () => streams.ReadResp.ReadEvent.RecordedEvent = () => new RecordedEvent(),
): Message => {
  const { position } = (link ?? event)!;
  if (event !== undefined) message.setEvent(filled(made(), event, position));
  if (link !== undefined) message.setLink(filled(made(), link, position));
  message.setCommitPosition(String(position));
  return message;
};

/** The answer that carries an event to a reader of streams. */
export const eventAnswer = (resolved: Resolved): streams.ReadResp => {
  const answer = new streams.ReadResp();
  answer.setEvent(fillEvent(new ReadEvent(), resolved));
  return answer;
};
