import type { EventView } from '../../events/events.schemas.js';
import type { PlatformCode } from '../../platforms/platform.js';
import type { Stage } from './stage.js';

/** How the event that was brought about is known among the others. */
export interface Expected {
  /** The stream that it belongs to; any when left out. */
  readonly streamId?: string;
  /** Position of the newest event that cannot be it; 0 when left out. */
  readonly after?: number;
  readonly isIt?: (event: EventView) => boolean;
  /** How long it may take; 30 when left out. */
  readonly seconds?: number;
  /** What helps when it does not come by itself, done once after some seconds. */
  readonly help?: () => Promise<unknown>;
}

/** How an event is made to happen: by what people and the developer's server would do. */
export interface Scene {
  /** What is done, for `--list`. */
  readonly does: string;
  /** Where it can happen, the quickest first. */
  readonly platforms: readonly PlatformCode[];
  readonly play: (stage: Stage, platforms: readonly PlatformCode[]) => Promise<Expected>;
}

/** An event that nobody can bring about with an app and its sandbox alone. */
export interface NoScene {
  readonly whyNot: string;
}
