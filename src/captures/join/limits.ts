/** Files of one joined capture: a row of some 500 bytes is held and told for each. A year of a ring that turns each 5 min. */
export const joinFilesMax = 100_000;

/** Folders below one another that --recursive enters. */
export const joinDepthMax = 64;
