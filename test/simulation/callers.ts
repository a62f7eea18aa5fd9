import { E } from '../../src/engine/fp.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Engine, SendFailure } from '../../src/engine/run/engine.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { Line } from './workload.ts';

/** A command that was sent, and what became of it: an answer, a failure, or nothing because its process died. */
export type Call = {
  readonly line: Line;
  readonly process: Process;
  outcome?: Outcome;
  failure?: SendFailure;
  /** Where the log ended when it was sent and when it was answered. */
  readonly from: number;
  until?: number;
};

export type Callers = {
  readonly calls: readonly Call[];
  readonly send: (engine: Engine, process: Process, line: Line) => void;
  /** Calls that wait for an answer of a living process. */
  readonly open: () => number;
};

const told = ({ outcome, failure }: Call): string => {
  if (failure !== undefined) return failure.type;
  if (outcome?.outcome === 'refused') return `refused ${outcome.refusal.type}`;
  const place = outcome?.outcome === 'accepted' ? `@${outcome.revision}` : '';
  return `${outcome?.outcome}${place}${outcome?.repeated === true ? ' again' : ''}`;
};

export const callersOf = (
  scheduler: Scheduler,
  length: () => number,
  answered: (call: Call, engine: Engine) => void,
): Callers => {
  const calls: Call[] = [];
  return {
    calls,
    open: () =>
      calls.filter(
        ({ outcome, failure, process }) =>
          outcome === undefined && failure === undefined && !process.isDead(),
      ).length,
    send: (engine, process, line) => {
      const { stream, command, actor, id } = line;
      const call: Call = { line, process, from: length() };
      calls.push(call);
      const data = JSON.stringify(command.data);
      scheduler.note(`${actor.id} asks ${process.name} ${id}: ${stream} ${command.type} ${data}`);
      const wait = async (): Promise<void> => {
        const answer = await engine.sendTE(stream, command, { actor, commandId: id })();
        if (process.isDead()) return;
        if (E.isRight(answer)) call.outcome = answer.right;
        else call.failure = answer.left;
        call.until = length();
        scheduler.note(`  ${id} is answered: ${told(call)}`);
        answered(call, engine);
      };
      void wait();
    },
  };
};
