import type { Units } from './units.js';

/** How a report is laid out for people. */
export interface TextStyle {
  readonly units: Units;
  /** Tables in frames, for a terminal. */
  readonly framed: boolean;
  readonly sort: string;
}
