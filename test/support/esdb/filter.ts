import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { LogRecord } from './record.ts';

/** Which records of `$all` a subscription gets, and after how many considered ones it gets a checkpoint. */
export type Filter = {
  readonly matches: (record: LogRecord) => boolean;
  /** Infinity where nobody asked for checkpoints. */
  readonly checkpointEvery: number;
};

/** The fields that a filter has in every request that may carry one. */
type Expression = {
  readonly getRegex: () => string;
  readonly getPrefixList: () => readonly string[];
};
type FilterOptions = Pick<
  streams.ReadReq.Options.FilterOptions,
  'hasEventType' | 'hasMax' | 'getMax' | 'getCheckpointintervalmultiplier'
> & {
  readonly getEventType: () => Expression | undefined;
  readonly getStreamIdentifier: () => Expression | undefined;
};

/** How many records the server looks at in one go unless told otherwise. */
const SEARCH_WINDOW = 32;

export const everything: Filter = { matches: () => true, checkpointEvery: Infinity };

export const filterOf = (options: FilterOptions | undefined): Filter => {
  if (options === undefined) return everything;
  const byType = options.hasEventType();
  const expression = byType ? options.getEventType() : options.getStreamIdentifier();
  const prefixes = expression?.getPrefixList() ?? [];
  const regex = new RegExp(expression?.getRegex() ?? '', 'u');
  const fits = (text: string): boolean =>
    prefixes.length > 0 ? prefixes.some((prefix) => text.startsWith(prefix)) : regex.test(text);
  const window = options.hasMax() ? options.getMax() : SEARCH_WINDOW;
  return {
    matches: ({ type, stream }) => fits(byType ? type : stream),
    checkpointEvery: window * Math.max(1, options.getCheckpointintervalmultiplier()),
  };
};
