import { ANY, Maybe, type Answer } from './answer.ts';
import { byBytes } from './model.ts';

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Postings between the same two accounts are one; books and consents have no order; shares of nothing are none. */
const settled = (key: string, value: unknown): unknown => {
  if (!Array.isArray(value)) return value;
  const items = value as readonly Plain[];
  if (key === 'postings') return totals(items);
  if (key === 'paid') return items.filter(({ amount }) => amount !== '0').toSorted(byParty);
  return key === 'consents' ? items.toSorted(byParty) : value;
};

const byParty = (a: Plain, b: Plain): number => byBytes(String(a['party']), String(b['party']));

const totals = (postings: readonly Plain[]): Plain => {
  const sums = new Map<string, bigint>();
  for (const { from, to, money } of postings) {
    const { currency, amount } = money as { currency: string; amount: string };
    const key = JSON.stringify([from, to, currency]);
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(amount));
  }
  const entries = [...sums].toSorted(([a], [b]) => byBytes(a, b));
  return Object.fromEntries(entries.map(([key, units]) => [key, String(units)]));
};

/** Where `seen` first differs from `expected`, as a path; undefined: nowhere. */
export const difference = (expected: unknown, seen: unknown, path = ''): string | undefined => {
  if (expected === ANY) return undefined;
  if (expected instanceof Maybe) {
    return seen === undefined ? undefined : difference(expected.value, seen, path);
  }
  if (Array.isArray(expected) && Array.isArray(seen)) {
    if (expected.length !== seen.length) return `${path}.length`;
    return first(expected.map((item, i) => difference(item, seen[i], `${path}[${i}]`)));
  }
  if (isPlain(expected) && isPlain(seen)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(seen)]);
    return first(
      [...keys].map((key) =>
        difference(
          settled(key, Object.hasOwn(expected, key) ? expected[key] : undefined),
          settled(key, Object.hasOwn(seen, key) ? seen[key] : undefined),
          `${path}.${key}`,
        ),
      ),
    );
  }
  return Object.is(expected, seen) ? undefined : path || '.';
};

const first = (found: readonly (string | undefined)[]): string | undefined =>
  found.find((path) => path !== undefined);

const inner = (path: string): string => path.replace(/^data\./, '').replace(/^terms\./, '');

/** Paths are told from the payload or from its terms on, and name the fault or what holds it. */
const samePath = (expected: string, seen: string): boolean => {
  const [wanted, path] = [inner(expected), inner(seen)];
  return path.startsWith(wanted) || (path !== '' && wanted.startsWith(path));
};

export type Fault = { readonly paths: readonly string[]; readonly isSure: boolean };

/** Whether the faults named are those expected: every sure one is named, and none is named that is not expected. */
const sameFaults = (expected: readonly Fault[], seen: readonly Plain[]): boolean => {
  const named = seen.map(({ path }) => String(path));
  const covers = ({ paths }: Fault, path: string) => paths.some((own) => samePath(own, path));
  return (
    expected.every((fault) => !fault.isSure || named.some((path) => covers(fault, path))) &&
    named.every((path) => expected.some((fault) => covers(fault, path)))
  );
};

const refusalMismatch = (type: string, expected: Plain, seen: Plain): string | undefined => {
  const refusal = seen['refusal'] as { type: string; facts: Plain };
  if (type !== refusal.type) return 'refusal.type';
  const { faults, ...facts } = expected;
  const { faults: seenFaults, ...seenFacts } = refusal.facts;
  if (faults !== undefined && !sameFaults(faults as Fault[], seenFaults as Plain[])) {
    return 'refusal.facts.faults';
  }
  return difference(facts, seenFacts, 'refusal.facts');
};

/** What of an outcome is not as answered; undefined: all is. */
export const mismatch = (answer: Answer, seen: Plain): string | undefined => {
  if (answer.outcome === 'oneOf') {
    const found = answer.answers.map((one) => mismatch(one, seen));
    return found.includes(undefined) ? undefined : found.join(' | ');
  }
  if (answer.outcome !== seen['outcome']) return 'outcome';
  if (answer.outcome === 'refused') return refusalMismatch(answer.type, answer.facts, seen);
  if (answer.outcome === 'granted') return difference([], seen['lapsed'], 'lapsed');
  if (answer.outcome === 'repeated') {
    return mismatch(answer.first, { ...seen, outcome: seen['first'] });
  }
  if (answer.outcome === 'malformed') {
    const isSame = answer.paths?.some((path) => samePath(path, String(seen['path'])));
    return isSame === false ? 'path' : undefined;
  }
  const { events, revision, position } = seen;
  return difference({ events: answer.events, ...answer.place }, { events, revision, position });
};
