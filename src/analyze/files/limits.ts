/** Bounds of the files that an analysis writes, each with its unit and its reason. */

/**
 * Conversations that pairs and the matrix are summed from: in nearly every capture all of them, and their rows still fit a
 * message of the cluster.
 */
export const pairedConversationsMax = 20_000;

/** Nanoseconds of a row while the scan does not know how long the capture is: 1/512 s, whose doublings meet 1 s. */
export const scanIntervalNs = 1_953_125n;

/** Rows of a time series whose interval was not asked for: more than the pixels of a chart would not be seen. */
export const seriesRowsMax = 600;
