import { E } from './fp.ts';
import type { Inspection } from './inspection.ts';
import { StoreFailed } from './store.ts';
import { INSTANCE_STREAM, instanceEvents, type Instance } from './run/instance.ts';

/** The instance that a store says it is with its first event; undefined: it has none, or one that cannot be read. */
export const instanceOf = (inspection: Inspection): Instance | undefined => {
  try {
    return firstOf(inspection);
  } catch (cause) {
    if (cause instanceof StoreFailed) return undefined;
    throw cause;
  }
};

const firstOf = (inspection: Inspection): Instance | undefined => {
  for (const { stream, envelope } of inspection.log()) {
    if (stream !== INSTANCE_STREAM || envelope === undefined) return undefined;
    const decoded = instanceEvents.decode(envelope);
    return E.isRight(decoded) ? decoded.right.data : undefined;
  }
  return undefined;
};
