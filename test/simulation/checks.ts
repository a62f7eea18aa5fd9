import { canonicalJson } from '../../src/engine/json.ts';
import { lapsed } from '../../src/engine/decide.ts';
import { isAsk } from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import { digestOf, reactionCommandId } from '../../src/engine/ids.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { DeadLetter } from '../../src/engine/run/dead-letters.ts';
import { partsOf, senderOf, type Envelope } from '../../src/engine/store.ts';
import type { Runnable, Status } from '../../src/engine/subsystem.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';
import type { Call } from './callers.ts';
import type { Decisions, Made } from './decisions.ts';
import { evolved, type Log } from './log.ts';
import type { Workload } from './workload.ts';

/** What one command has written to a stream. */
type Written = { readonly first: number; readonly events: readonly Envelope[] };

const INSTANCE = 'simulation';

const must = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Error(what);
};

/** As stored: where an object was made does not matter. */
const isSameJson = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

const keyOf = (stream: string, actor: string, commandId: string): string =>
  [stream, actor, commandId].join('\u0001');

/** The batches of the log by stream, sender and command id: each is there once, without a gap (N2, N7, N8). */
export const batchesOf = (log: Log): ReadonlyMap<string, Written> => {
  const batches = new Map<string, Written>();
  for (const [index, { position }] of log.events.entries()) {
    must(Number(position) === index + 1, `N8: position ${position} at place ${index + 1}`);
  }
  for (const stream of log.streams()) {
    let last: Envelope | undefined;
    for (const [revision, envelope] of log.history(stream).entries()) {
      const place = `${stream}@${revision}`;
      must(envelope.revision === revision, `N8: ${place} has revision ${envelope.revision}`);
      must(envelope.metadata.at >= (last?.metadata.at ?? 0), `N7: time goes back at ${place}`);
      const key = keyOf(stream, senderOf(envelope), envelope.metadata.commandId);
      const batch = batches.get(key) ?? { first: revision, events: [] };
      const isNext = batch.first + batch.events.length === revision;
      must(isNext, `N2: ${place} is of a command that wrote at ${batch.first} before`);
      batches.set(key, { first: batch.first, events: [...batch.events, envelope] });
      last = envelope;
    }
  }
  return batches;
};

/** Why a command may get no answer here: its store failed it, or its engine closed. Nobody is outrun eleven times. */
const FAILURES = ['StoreUnavailable', 'StoreFull', 'StoreClosed', 'EngineClosed'];

/** Every answer that callers got is true (N1, N2, N3). */
export const checkAnswers = (
  calls: readonly Call[],
  batches: ReadonlyMap<string, Written>,
): void => {
  const writers = new Set<string>();
  for (const call of calls) {
    const { line, outcome, failure } = call;
    const isExpected = failure === undefined || FAILURES.includes(failure.type);
    must(isExpected, `N4: ${line.id} on ${line.stream} failed as ${failure?.type}`);
    const key = keyOf(line.stream, line.actor.id, line.id);
    const what = `${line.id} on ${line.stream}`;
    if (outcome?.outcome === 'refused') {
      const isTrue = outcome.refusal.type !== 'CommandIdReused' || batches.has(key);
      must(isTrue, `N3: ${what} is said to be used, and is not there`);
    }
    if (outcome === undefined || !hasWritten(outcome)) continue;
    checkWritten(call, outcome, batches.get(key));
    if (outcome.repeated) continue;
    // Two engines that decide the same in the same millisecond have both written it.
    const writer = `${key} ${call.process.name[0]}`;
    must(!writers.has(writer), `N2: ${what} was decided twice`);
    writers.add(writer);
  }
  checkRefused(calls, batches);
};

type Granted = Exclude<Outcome, { readonly outcome: 'refused' }>;

const hasWritten = (outcome: Outcome): outcome is Granted =>
  outcome.outcome === 'accepted' || (outcome.outcome === 'granted' && outcome.lapsed.length > 0);

/** What was acknowledged is there, in the stream and at the place that was told, and was there by then. */
const checkWritten = (
  { line, until }: Call,
  outcome: Granted,
  batch: Written | undefined,
): void => {
  const what = `${line.id} on ${line.stream}`;
  must(batch !== undefined, `N1: ${what} was acknowledged and is not there`);
  const { events } = batch!;
  const isSame = digestOf({ ...line.command }) === events[0]!.metadata.payloadHash;
  must(isSame, `N3: ${what} was granted, and is another command than is there`);
  const told = outcome.outcome === 'accepted' ? outcome.events : outcome.lapsed;
  const there = events.map(({ type, data }) => ({ type, data }));
  must(isSameJson(told, there), `N1: ${what} was told other events than are there`);
  const { revision, position } = events.at(-1)!;
  must(Number(position) <= until!, `N1: ${what} was acknowledged before it was there`);
  if (outcome.outcome === 'granted') return;
  const isPlace = revision === outcome.revision && position === outcome.position;
  must(isPlace, `N1: ${what} was told another place than ${revision}, ${position}`);
};

/** Nothing that was refused to everybody who asked is there. */
const checkRefused = (calls: readonly Call[], batches: ReadonlyMap<string, Written>): void => {
  const byKey = Map.groupBy(calls, ({ line }) => keyOf(line.stream, line.actor.id, line.id));
  for (const [key, asked] of byKey) {
    const hasWrittenNothing = asked.every(
      ({ outcome }) => outcome !== undefined && !hasWritten(outcome),
    );
    must(!hasWrittenNothing || !batches.has(key), `N1: ${key} was refused and is there`);
  }
};

/** Every batch is what its command decides on the state that it extends, at its instant (N4, N7, N9, N32). */
export const checkDecisions = (
  batches: ReadonlyMap<string, Written>,
  log: Log,
  decisions: Decisions,
): void => {
  const early = decisions.all.find(({ at, reached }) => at > reached);
  must(early === undefined, `N17: ${early?.command.type} was decided before any clock said so`);
  for (const stream of log.streams()) {
    const subsystem = log.subsystemOf(stream);
    if (subsystem === undefined) continue;
    let state: Status = subsystem.decider.initial;
    for (const envelope of log.history(stream)) {
      const { metadata, revision } = envelope;
      const batch = batches.get(keyOf(stream, senderOf(envelope), metadata.commandId))!;
      if (batch.first === revision) checkBatch(subsystem, state, batch, decisions);
      state = evolved(subsystem, state, envelope);
    }
  }
};

const checkBatch = (
  subsystem: Runnable,
  state: Status,
  { events, first }: Written,
  decisions: Decisions,
): void => {
  const { stream, metadata } = events[0]!;
  const { at, payloadHash } = metadata;
  const made = decisions.of(stream, at, senderOf(events[0]!), payloadHash);
  const there = events.map(({ type, data }) => ({ type, data }));
  const isRight = made.some((one) => isSameJson(decidedAnew(subsystem, state, one) ?? null, there));
  must(isRight, `N4: ${stream}@${first} was not decided on the state it extends`);
};

/** What the same command decides on a state, with the facts that it was told then; undefined: it is refused. */
const decidedAnew = (
  subsystem: Runnable,
  state: Status,
  { command, actor, at, facts, stream }: Made,
): readonly DomainEvent[] | undefined => {
  const name = stream as `${string}-${string}`;
  const self = { stream: name, id: partsOf(stream)!.id, instance: INSTANCE };
  const before = lapsed(subsystem, state, { at, self });
  const context = { at, actor, self, lapsed: before.events.length };
  let deliberation = subsystem.decider.decide(command, before.state, context);
  for (const answers of facts) {
    if (isAsk(deliberation)) deliberation = deliberation.then(answers);
  }
  // Another decision on the same command may have asked for less than this state wants to know.
  if (isAsk(deliberation)) return undefined;
  return E.isLeft(deliberation) ? undefined : plain([...before.events, ...deliberation.right]);
};

/** As it is stored. */
const plain = (events: readonly DomainEvent[]): readonly DomainEvent[] =>
  JSON.parse(JSON.stringify(events)) as readonly DomainEvent[];

/** What an event has to cause is there once, or was refused for good, or a letter tells why not (N19). */
export const checkFollowing = (
  { follows }: Workload,
  log: Log,
  batches: ReadonlyMap<string, Written>,
  decisions: Decisions,
  letters: readonly DeadLetter[],
): void => {
  for (const envelope of log.events) {
    for (const { reaction, n, stream, ends } of follows(envelope)) {
      const id = reactionCommandId(INSTANCE, reaction, envelope.id, n);
      if (batches.has(keyOf(stream, 'system', id))) continue;
      const isRefused = decisions.all.some(
        (made) =>
          made.stream === stream &&
          made.actor.id === 'system' &&
          ends.includes(made.refusal?.type ?? ''),
      );
      const hasLetter = letters.some(
        (letter) => letter.reaction === reaction && letter.event.id === envelope.id,
      );
      const place = `${envelope.stream}@${envelope.revision}`;
      must(isRefused || hasLetter, `N19: ${reaction} has sent nothing because of ${place}`);
    }
  }
};
