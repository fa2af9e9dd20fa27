/** Bounds of reading captures over HTTP, each with its unit and its reason. */

/**
 * Bytes of one request: large enough that its round trip is small beside it, small enough that a request that breaks or
 * is not wanted any more wastes little.
 */
export const partBytes = 8 * 1024 * 1024;

/** Bytes asked for past the planned end of a chunk, where its last record ends; more are asked for as they are needed. */
export const tailBytes = 64 * 1024;

/** Bytes that the opening reads: all that is needed to know the format and to plan the chunks. */
export const firstBytesMax = 1024 * 1024;

/** Time for the TCP and TLS handshakes of one connection. */
export const connectMsMax = 10_000;

/** Time for an answer to begin, and between two pieces of it. */
export const answerMsMax = 30_000;

/** Time without a single byte, over all attempts, after which reading gives up: a server that restarts is back by then. */
export const stallMsMax = 60_000;

/** The same for the opening: a wrong name should be told soon. */
export const openingStallMsMax = 3_000;

/** Redirects followed for one request: enough for a store that moves its buckets, too few to go in circles. */
export const redirectsMax = 5;

/** Characters of a URL: presigned ones have some 1,500. */
export const urlCharactersMax = 8_192;

/** Connections to one server from one process: the slots of a large worker, with one request ahead for each. */
export const connectionsMax = 256;

if (stallMsMax < answerMsMax) throw new Error('one slow answer must not use up the time for all attempts');
