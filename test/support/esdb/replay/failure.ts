import type { Names } from './names.ts';

/** What the client's errors may carry, in the order it is written down. */
const FACTS = ['streamName', 'groupName', 'expectedVersion', 'actualVersion', 'maxAppendSize'];

const isError = (value: unknown): value is Error & Readonly<Record<string, unknown>> =>
  value instanceof Error;

const written = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : String(value);

/** An error as answers have it: its class, what the client says of it, its facts. */
export const failure = (names: Names, error: unknown): Readonly<Record<string, unknown>> => {
  if (!isError(error)) return { error: written(error) };
  const facts = FACTS.filter((key) => error[key] !== undefined);
  return {
    error: error.constructor.name,
    type: error['type'],
    code: error['code'] ?? null,
    message: names.untagged(error.message),
    ...Object.fromEntries(facts.map((key) => [key, names.untagged(written(error[key]))])),
  };
};
