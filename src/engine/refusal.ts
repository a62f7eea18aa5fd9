import type { Instant } from './clock.ts';
import type { Malformed } from './codec.ts';
import { refuse } from './decider.ts';

/** The refusals that have one meaning everywhere. A subsystem adds its own beside them. */
export type CommonRejection =
  | { readonly type: 'StatusForbids'; readonly status: string; readonly since?: Instant }
  | { readonly type: 'NotPermitted'; readonly actor: string }
  | { readonly type: 'DeadlineAhead'; readonly deadline: Instant }
  | { readonly type: 'TooMany'; readonly what: string; readonly limit: number }
  | { readonly type: 'TooLarge'; readonly size: number; readonly limit: number }
  | Malformed
  | { readonly type: 'RateLimited'; readonly until: Instant };

/** What the engine itself refuses, before or after the subsystem has been asked. */
export type EngineRejection =
  | Malformed
  | { readonly type: 'NotPermitted'; readonly actor: string }
  | { readonly type: 'TooLarge'; readonly size: number; readonly limit: number }
  | { readonly type: 'CommandIdReused'; readonly commandId: string };

export const statusForbids = (status: string, since?: Instant) =>
  refuse(
    since === undefined
      ? { type: 'StatusForbids', status }
      : { type: 'StatusForbids', status, since },
  );
export const notPermitted = (actor: { readonly id: string }) =>
  refuse({ type: 'NotPermitted', actor: actor.id });
export const tooMany = (what: string, limit: number) => refuse({ type: 'TooMany', what, limit });
