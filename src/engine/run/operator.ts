import type { Engine } from './engine.ts';
import { letterBox } from './letter-box.ts';
import { works } from './outbox/outbox-table.ts';
import type { Wiring } from './wiring.ts';

type Parts = {
  readonly wiring: Wiring;
  /** Throws where this engine only looks. */
  readonly refuseReadOnly: () => void;
};

/** What an operator does about work that reactions could not do. */
export const deadLettersOf = ({ wiring, refuseReadOnly }: Parts): Engine['deadLetters'] => {
  const letters = letterBox(wiring);
  return {
    list: letters.list,
    retry: async (key) => {
      refuseReadOnly();
      const letter = await letters.find(key);
      const runner = wiring.reactions.find(({ reaction }) => reaction.name === letter?.reaction);
      if (letter === undefined || runner === undefined) return undefined;
      const ending = await runner.again(letter.event);
      if (ending === 'done') await letters.drop(key);
      else if (ending !== 'cut') letters.renew(key, ending);
      return ending === 'done';
    },
    drop: async (key) => {
      refuseReadOnly();
      return letters.drop(key);
    },
  };
};

/** What an operator does about the works of effects. */
export const outboxOf = ({ wiring, refuseReadOnly }: Parts): Engine['outbox'] => {
  const runnerOf = (key: string) => {
    refuseReadOnly();
    return wiring.outbox.find(({ effect }) => key.startsWith(`${effect.name}\u0001`));
  };
  return {
    list: (limit, after) => works(wiring.store.rows, limit, after),
    retry: async (key) => runnerOf(key)?.retry(key),
    drop: async (key) => (await runnerOf(key)?.drop(key)) ?? false,
  };
};
