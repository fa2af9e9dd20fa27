/** Bounds of the live view, each with its unit and its reason. */

/** Time between two lists unless asked otherwise; the hub sends none more often than every 100 ms. */
export const intervalMsDefault = 1000;
export const intervalMsLeast = 100;
export const intervalMsMost = 60_000;

/** Time for a first list to come: a hub that is there answers at once. */
export const firstListMsMax = 10_000;

/** Time between two tries to reach a hub that was lost; short, because somebody watches. */
export const redialMs = 1000;

/** Characters of a worker's name: it chose it itself. */
export const nameLengthMax = 40;
