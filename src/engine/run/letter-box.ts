import { orFailed } from './consumer.ts';
import {
  deadLetter,
  deadLetterAdded,
  deadLetterGone,
  deadLetters,
  type DeadLetter,
} from './dead-letters.ts';
import { groupOf, parkedLetters } from './parked-letters.ts';
import type { KeyedRow } from '../rows.ts';
import type { Wiring } from './wiring.ts';

/** The dead letters of an instance: those beside this process, and those that lie in the groups of shared reactions. */
export const letterBox = ({
  store: { rows, groups },
  reactions,
  instance,
}: Pick<Wiring, 'store' | 'reactions' | 'instance'>) => {
  const parked = async (): Promise<readonly KeyedRow<DeadLetter>[]> => {
    const names = reactions.map(({ reaction }) => reaction.name);
    const found = names.map((name) => parkedLetters(groups, instance, name));
    return (await Promise.all(found)).flat();
  };
  const parkedAt = async (key: string): Promise<DeadLetter | undefined> =>
    (await parked()).find((letter) => letter.key === key)?.row;

  return {
    list: async (limit: number, after?: string): Promise<readonly KeyedRow<DeadLetter>[]> => {
      const own = deadLetters(rows, limit, after);
      const others = await parked();
      if (others.length === 0) return own;
      return [...own, ...others.filter(({ key }) => after === undefined || key > after)]
        .toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
        .slice(0, limit);
    },
    find: async (key: string): Promise<DeadLetter | undefined> =>
      deadLetter(rows, key) ?? (await parkedAt(key)),
    /** False: there was none. */
    drop: async (key: string): Promise<boolean> => {
      const isOwn = deadLetter(rows, key) !== undefined;
      if (isOwn) orFailed(rows.commit({ changes: [deadLetterGone(key)] }));
      const letter = await parkedAt(key);
      if (letter === undefined || groups === undefined) return isOwn;
      const { reaction, event } = letter;
      return orFailed(await groups.drop(groupOf(instance, reaction), event.id)()) || isOwn;
    },
    /** Writes down how the work failed this time; what lies in a group stays as it is. */
    renew: (key: string, letter: DeadLetter): void => {
      if (deadLetter(rows, key) === undefined) return;
      orFailed(rows.commit({ changes: [deadLetterAdded(letter)] }));
    },
  };
};
