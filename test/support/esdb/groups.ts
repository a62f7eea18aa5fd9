import { createGroup, pump, release, type Group } from './group.ts';
import type { GroupSettings } from './group-settings.ts';
import type { GroupSource } from './group-source.ts';
import type { Log } from './log.ts';
import { refusals } from './refusals.ts';

/** The groups of a store, by what they follow and by name. */
export type Groups = {
  readonly all: () => readonly Group[];
  readonly find: (stream: string, name: string) => Group | undefined;
  /** False when there is one of that name already. */
  readonly create: (
    stream: string,
    name: string,
    settings: GroupSettings,
    source: GroupSource,
  ) => boolean;
  readonly update: (group: Group, settings: GroupSettings, source: GroupSource) => void;
  readonly delete: (group: Group) => void;
  /** Ends every consumer with an error, as a change of leaders does. */
  readonly dropConsumers: () => void;
  /** Forgets the consumers of a server that has ended. */
  readonly release: () => void;
  readonly close: () => void;
};

const keyOf = (stream: string, name: string): string => `${stream}::${name}`;

export const createGroups = (log: Log): Groups => {
  const groups = new Map<string, Group>();
  const stopFollowing = log.follow(() => {
    for (const group of groups.values()) pump(log, group);
  });

  const dropOf = (group: Group): void => {
    const gone = [...group.consumers];
    release(group);
    for (const { drop } of gone) drop(refusals.groupDropped(group.stream, group.name));
  };

  const releaseAll = (): void => groups.forEach(release);

  return {
    all: () => [...groups.values()],
    find: (stream, name) => groups.get(keyOf(stream, name)),
    create: (stream, name, settings, source) => {
      const key = keyOf(stream, name);
      if (groups.has(key)) return false;
      groups.set(key, createGroup(stream, name, settings, source));
      return true;
    },
    update: (group, settings, source) => {
      dropOf(group);
      group.settings = settings;
      group.source = { ...group.source, startFrom: source.startFrom };
    },
    delete: (group) => {
      dropOf(group);
      groups.delete(keyOf(group.stream, group.name));
    },
    dropConsumers: () => groups.forEach(dropOf),
    release: releaseAll,
    close: () => {
      stopFollowing();
      releaseAll();
    },
  };
};
