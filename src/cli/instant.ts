import { InvalidArgumentError } from 'commander';

const LATEST = 8.64e15;

/** An instant as people give it: whole milliseconds since 1970, or an ISO 8601 date and time with its offset. */
export const parseInstant = (text: string): number => {
  if (/^\d{1,16}$/.test(text) && Number(text) <= LATEST) return Number(text);
  const isIso = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text);
  const parsed = isIso ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(parsed) || parsed < 0) {
    throw new InvalidArgumentError(
      'give milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z',
    );
  }
  return parsed;
};

/** An instant for people. */
export const describeInstant = (instant: number): string =>
  instant <= LATEST ? new Date(instant).toISOString() : `${instant} ms`;
