import { E } from '../../fp.ts';
import type { Call, Effect, Task } from '../../outbox.ts';
import type { Recorded } from '../../projection.ts';
import { answered, closed, CutShort, type Calling } from './bounded-call.ts';
import type { Stage, Work } from './outbox-table.ts';
import type { Tenure } from './tenure.ts';

/** A work on its way through one try; `store` keeps each stage before anything that follows from it is done. */
export type Try = {
  readonly effect: Effect;
  readonly work: Work;
  readonly recorded: Recorded;
  readonly calling: Calling;
  /** `key`: the one that the work goes by from now on. */
  readonly store: (stage: Stage, key?: string) => void;
  /** Whether it is still this engine that performs the effect, under the number of its calls. */
  readonly confirm: Tenure['confirm'];
};

/** Ends the try where the engine closes or another has taken over: it goes on from what is stored. */
export const stillOurs = async ({ confirm, calling }: Try): Promise<void> => {
  const isOurs = await confirm(calling.fence);
  if (calling.closing.aborted) throw closed();
  if (!isOurs) throw new CutShort('another engine performs this effect now');
};

/** A stage in which nobody has said what became of the work. */
export type OpenStage = Exclude<Stage, { readonly state: 'reporting' | 'failed' }>;

export const preparedIn = (stage: OpenStage): unknown =>
  'prepared' in stage ? stage.prepared : null;
export const submitsIn = (stage: OpenStage): number => ('submits' in stage ? stage.submits : 0);

/** What came back, or why nothing did; only the engine's own close goes through it. */
type Answered<T> = Promise<E.Either<string, T>>;

const called = async <T>({ calling }: Try, ask: (call: Call) => Promise<T>): Answered<T> => {
  try {
    return E.right(await answered(calling, ask));
  } catch (cause) {
    if (cause instanceof CutShort) throw cause;
    return E.left(String(cause));
  }
};

const taskOf = <Prepared>(
  { recorded, work }: Try,
  prepared: Prepared,
): Task<Recorded, Prepared> => ({
  recorded,
  key: work.key,
  prepared,
});

/** What the outside world knows of the work; an effect without a look-up knows nothing. */
export const lookedUp = async (given: Try, prepared: unknown): Answered<readonly unknown[]> => {
  const { lookUp } = given.effect;
  if (lookUp === undefined) return E.right([]);
  const found = await called(given, (call) => lookUp(taskOf(given, prepared), call));
  return E.map((answer: unknown) => (answer === undefined ? [] : [answer]))(found);
};

/** What `prepare` gives, stored as soon as it is there. */
export const preparedFor = async (given: Try, stage: OpenStage): Answered<unknown> => {
  if (stage.state !== 'waiting') return E.right(stage.prepared);
  const { prepare } = given.effect;
  if (prepare === undefined) return E.right(null);
  const prepared = await called(given, (call) => prepare(taskOf(given, null), call));
  if (E.isLeft(prepared)) return prepared;
  given.store({ state: 'prepared', prepared: prepared.right ?? null });
  return E.right(prepared.right ?? null);
};

/** Sends it. Stored as submitted first: from then on it may have gone out, whatever becomes of this process. */
export const submitted = async (
  given: Try,
  prepared: unknown,
  submits: number,
): Answered<readonly unknown[]> => {
  await stillOurs(given);
  given.store({ state: 'submitted', prepared, submits });
  const answers = await called(given, (call) => given.effect.submit(taskOf(given, prepared), call));
  if (E.isLeft(answers) || answers.right.length === 0) {
    given.store({ state: 'unknown', prepared, submits });
  }
  return answers;
};
