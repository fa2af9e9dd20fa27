/** Files of one joined capture: a row of some 500 bytes is held and told for each. A year of a ring that turns each 5 min. */
export const joinFilesMax = 100_000;

/** The same on a cluster: all are looked at before the first is scanned, and their list is sent and kept as a whole. */
export const joinFilesClusterMax = 10_000;

/** Bytes of that list: a name and a path of 4096 bytes each would be ten times as much, for files that nobody has. */
export const joinListBytesMax = 16 * 1024 * 1024;

/** Folders below one another that --recursive enters. */
export const joinDepthMax = 64;
