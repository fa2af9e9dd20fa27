import type { Optimum } from '../explain/optimum.js';
import type { PickLog } from '../explain/pick-log.js';
import type { KindState } from '../jobs/kind-state.js';
import type { FleetSpeed } from '../picking/picker.js';
import type { Hub } from '../port/hub.js';

/** A hub with what the live page and the metrics read beside snapshots. */
export interface WatchedHub extends Hub {
  readonly picks: PickLog;
  /** Jobs submitted and not answered. */
  readonly jobsLive: number;
  readonly optimum: Optimum;
  /** Made at its first mention, and kept. */
  kindState(kind: number): KindState;
  /** What all workers together could do now. */
  fleetSpeeds(): FleetSpeed[];
}
