import {
  createEngine,
  sqliteStore,
  subsystems,
  type Actor,
  type Clock,
  type Engine,
} from '../../src/index.ts';

/** An engine of the whole marketplace, and how commands are sent to it. */
export type Market = {
  readonly engine: Engine;
  /** Sends a command that must be accepted; resolves to the log's position behind it. */
  readonly send: (
    stream: string,
    command: { readonly type: string; readonly data: unknown },
    actor: Actor,
  ) => Promise<string>;
};

export const person = (id: string, ...roles: readonly string[]): Actor => ({ id, roles });

export const openMarket = async (path: string, clock?: Clock): Promise<Market> => {
  const store = sqliteStore(path);
  const timed = clock === undefined ? {} : { clock };
  const engine = await createEngine({ store, subsystems, ...timed });
  return {
    engine,
    send: async (stream, command, actor) => {
      const answer = await engine.sendTE(stream, command, { actor })();
      if (answer._tag === 'Left') throw new Error(JSON.stringify(answer.left));
      const outcome = answer.right;
      if (outcome.outcome === 'accepted') return outcome.position;
      throw new Error(`${command.type} on ${stream}: ${JSON.stringify(outcome)}`);
    },
  };
};
