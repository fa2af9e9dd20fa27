/** Milliseconds between two looks at a ring that is followed: a file that is there for less than that is missed. */
export const followPollMs = 100;

/** Bytes at the start of a file by which a ring's next use of the same file is told: the first packet's time is in them. */
export const followHeadBytes = 4096;

/** Files that are held open until they are read; the oldest of more is not waited for, and its loss is told. */
export const followOpenMax = 256;
