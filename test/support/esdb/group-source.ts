import type persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { filterOf } from './filter.ts';
import type { Log } from './log.ts';
import type { LogRecord } from './record.ts';
import { firstVisible, isMissing } from './stream.ts';

/** The name that a group on everything gives to what it follows. */
export const ALL = '$all';

/** What a group follows. `startFrom` is how the server writes it in its information. */
export type GroupSource = {
  readonly list: () => readonly LogRecord[];
  readonly start: number;
  readonly startFrom: string;
  readonly matches: (record: LogRecord) => boolean;
};

/** The revision that stands for the end of a stream in requests. */
const END_REVISION = (2n ** 64n - 1n).toString();

/** A group on a stream begins with the revision that it is given. */
export const groupStreamSource = (log: Log, name: string, revision: string): GroupSource => {
  const stream = log.stream(name);
  const atEnd = revision === END_REVISION;
  const first = isMissing(stream) ? stream.records.length : firstVisible(stream, log.now());
  return {
    list: () => log.stream(name).records,
    start: atEnd ? stream.records.length : Math.max(Number(revision), first),
    startFrom: atEnd ? '-1' : revision,
    matches: () => true,
  };
};

/** A group on `$all` begins with the position that it is given. */
export const groupAllSource = (
  log: Log,
  asked: persistent.CreateReq.AllOptions | persistent.UpdateReq.AllOptions,
): GroupSource => {
  const end = asked.hasEnd();
  const position = asked.getPosition()?.getCommitPosition();
  const from = position ?? (end ? '-1' : '0');
  const filter = filterOf('getFilter' in asked ? asked.getFilter() : undefined);
  return {
    list: () => log.records,
    start: end ? log.records.length : log.indexOf(Number(from)),
    startFrom: `C:${from}/P:${from}`,
    matches: filter.matches,
  };
};
