import type { SendDeadline } from './deadline-runner.ts';
import type { Dispatch } from './dispatch.ts';
import type { FactFinder } from './fact-finder.ts';
import type { Loader } from './load.ts';
import type { Step } from './outbox/outbox-step.ts';
import type { ProjectionBuilder } from './projection-builder.ts';
import type { AnyProjection } from '../projection.ts';
import type { AnyReaction } from '../reaction.ts';
import type { EventStore } from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** Where somebody may stand beside the engine's parts: each is asked once, as the part is put together, for what takes its place. */
export type Taps = {
  readonly events: (events: EventStore) => EventStore;
  readonly subsystem: (subsystem: Runnable) => Runnable;
  readonly loader: (loader: Loader) => Loader;
  readonly facts: (facts: FactFinder) => FactFinder;
  readonly dispatch: (dispatch: Dispatch) => Dispatch;
  readonly builder: (builder: ProjectionBuilder, projection: AnyProjection) => ProjectionBuilder;
  readonly reaction: (reaction: AnyReaction) => AnyReaction;
  readonly step: (step: Step) => Step;
  readonly whenDue: (send: SendDeadline) => SendDeadline;
};

const same = <Part>(part: Part): Part => part;

/** Nobody stands there: the parts are what they are. */
export const untapped: Taps = {
  events: same,
  subsystem: same,
  loader: same,
  facts: same,
  dispatch: same,
  builder: same,
  reaction: same,
  step: same,
  whenDue: same,
};
