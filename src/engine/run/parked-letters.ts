import * as t from 'io-ts';
import { orFailed } from './consumer.ts';
import { deadLetterKey, type DeadLetter } from './dead-letters.ts';
import { E } from '../fp.ts';
import type { EventGroups, Parked } from '../group.ts';
import type { KeyedRow } from '../rows.ts';

/** The group by which the engines of an instance share a reaction. */
export const groupOf = (instance: string, reaction: string): string =>
  `chancery-${instance}-${reaction}`;

/** What the store keeps of a dead letter beside its event. */
export const reasonOf = ({ cause, attempts, command }: DeadLetter): string =>
  JSON.stringify({ cause, attempts, ...(command === undefined ? {} : { command }) });

const Reason = t.intersection([
  t.type({ cause: t.string, attempts: t.number }),
  t.partial({ command: t.type({ stream: t.string, type: t.string }) }),
]);

/** A reason that no engine wrote, such as the server's own, is the cause as it stands. */
const letterIn = (reaction: string, { event, reason, at }: Parked): DeadLetter => {
  const json = E.tryCatch(
    (): unknown => JSON.parse(reason),
    () => undefined,
  );
  const kept = Reason.decode(E.toUnion(json));
  if (E.isLeft(kept)) return { reaction, event, cause: reason, at, attempts: 1 };
  const { cause, attempts, command } = kept.right;
  return { reaction, event, cause, at, attempts, ...(command === undefined ? {} : { command }) };
};

/** The letters of one reaction that lie in its group. */
export const parkedLetters = async (
  groups: EventGroups | undefined,
  instance: string,
  reaction: string,
): Promise<readonly KeyedRow<DeadLetter>[]> => {
  if (groups === undefined) return [];
  const parked = orFailed(await groups.parked(groupOf(instance, reaction))());
  return parked.map((each) => {
    const row = letterIn(reaction, each);
    return { key: deadLetterKey(reaction, row.event), row };
  });
};
