/**
 * Bounds that more than one part of the project depends on, each with its unit last in its name and its reason. The
 * relations between them are checked when the module loads. A bound that is one module's own stands in that module.
 */

/** The longest answer that a kind of one's own may give: it is held whole, by the worker, the hub and the client. */
export const answerBytesBound = 64 * 1024 * 1024;

/**
 * Room in a message of gRPC for what stands beside its longest field: tags, names, errors, and short answers before it.
 */
export const messageRoomBytes = 4 * 1024 * 1024;

/**
 * A gRPC message. Large enough for the longest answer and for a report with the longest tables, small enough
 * that a liar cannot fill memory.
 */
export const messageBytesMax = answerBytesBound + messageRoomBytes;

/**
 * A message that a server takes. What comes in is small: results of workers travel in parts of
 * resultPartBytesMax, uploads in pieces of 256 KiB. Only reports go out, and they may be larger.
 */
export const receivedMessageBytesMax = 8 * 1024 * 1024;

/**
 * Calls at once on one gRPC connection; each may hold a message that is not whole. A client library makes the
 * others wait.
 */
export const callsPerConnectionMax = 256;

/** A worker reports this often unless the hub says otherwise. */
export const heartbeatIntervalMsDefault = 1000;

/** Missed heartbeats that make a worker lost: fewer would take a garbage collection for a death. */
export const heartbeatsMissedMax = 3;

/** A larger result travels in parts, so that heartbeats are not stuck behind it. */
export const resultPartBytesMax = 256 * 1024;

/** Times that one job is given to a worker. After that its client gets an error. */
export const jobAttemptsMax = 3;

/**
 * Urgent jobs that a hub hands out, and batches of such that a worker runs, in a row while others wait: those
 * are not to starve, however many clients ask for little.
 */
export const urgentInRowMax = 8;

/** Time for a role to finish its work after the first SIGTERM. */
export const drainGraceMsDefault = 10_000;

/** Default ports, as in the README. */
export const defaultPorts = {
  tcp: 13337,
  lbGrpc: 50051,
  lbAdmin: 9100,
  lbHttp: 8051,
  masterGrpc: 50052,
  masterAdmin: 9101,
  masterHttp: 8052,
} as const;

if (heartbeatsMissedMax < 3) throw new Error('a worker must miss more than two heartbeats before it is lost');
if (resultPartBytesMax * 4 > messageBytesMax)
  throw new Error('a result part must fit a gRPC message with room to spare');
