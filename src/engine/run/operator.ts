import { deadLetter, deadLetterGone, deadLetters } from './dead-letters.ts';
import { orFailed } from './consumer.ts';
import type { Engine } from './engine.ts';
import { works } from './outbox/outbox-table.ts';
import type { Wiring } from './wiring.ts';

type Parts = {
  readonly wiring: Wiring;
  /** Throws where this engine only looks. */
  readonly refuseReadOnly: () => void;
};

/** What an operator does about work that reactions could not do. */
export const deadLettersOf = ({ wiring, refuseReadOnly }: Parts): Engine['deadLetters'] => {
  const { rows } = wiring.store;
  return {
    list: (limit, after) => deadLetters(rows, limit, after),
    retry: async (key) => {
      refuseReadOnly();
      const letter = deadLetter(rows, key);
      const runner = wiring.reactions.find(({ reaction }) => reaction.name === letter?.reaction);
      return runner?.retry(key);
    },
    drop: (key) => {
      if (deadLetter(rows, key) === undefined) return false;
      orFailed(rows.commit({ changes: [deadLetterGone(key)] }));
      return true;
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
