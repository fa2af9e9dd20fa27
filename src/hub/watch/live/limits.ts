/** Bounds of what the live page is told. */

/** One row of the history, and one event for the page: people do not read faster. */
export const historyStepMs = 1_000;
/** A quarter of an hour: long enough to see what a change did, 900 points are all that a chart's width can show. */
export const historySeconds = 900;

/** Workers in one document, of 300 bytes each. A page with more is no use to anyone; `ListWorkers` has all. */
export const workersShownMax = 200;

/** Picks in one document: what fits a screen; `ListPicks` has all that are kept. */
export const picksShownMax = 12;

/** Ranges of one analysis in one document: a phone has 390 pixels. Neighbours are put together beyond it. */
export const chunksShownMax = 256;
