/** Bounds of a master that its options do not set, each with its unit and its reason. */

/** Analyses at once. Each holds a table of conversations and a thread; more would only make each of them slower. */
export const analysesMax = 16;

/** Extractions at once: each holds chunks that wait for those before them. */
export const extractionsMax = 16;
/** Bytes of a chunk to extract from: its packets come as one answer. */
export const extractChunkBytesMax = 16 * 1024 * 1024;
/** Bytes of chunks of one extraction that are begun and not sent on: what its client does not take waits in memory. */
export const extractAheadBytesMax = 512 * 1024 * 1024;
/** Bytes in one message to a client. */
export const extractMessageBytes = 256 * 1024;

/** Callers that wait for an analysis at once: each holds a stream, and few wait for the same one. */
export const callersMax = 1024;

/** Uploads at once, and on one connection: each holds a file and a stream. */
export const uploadsMax = 256;
export const uploadsPerConnectionMax = 16;

/** A client that sends nothing of its upload for so long is gone or means harm. Ours says every 10 s that it is there. */
export const uploadStallMs = 30_000;

/** Merging threads that wait for their next analysis, and the size of a capture whose thread may: it keeps its memory. */
export const mergeThreadsIdleMax = 2;
export const mergeThreadKeptBytesMax = 16 * 1024 * 1024;

/** Progress is sent this often. */
export const progressIntervalMs = 200;

/** A chunk is at least this large: below, its message and its table cost as much as its scan. */
export const chunkBytesMin = 8 * 1024 * 1024;
/** And at most this: one that is lost is scanned again as a whole, and progress comes by chunks. */
export const chunkBytesMax = 512 * 1024 * 1024;
/** A chunk should not keep the slowest slot busy longer than this. */
export const chunkSecondsMax = 2;
/** Chunks for each slot: enough that a slow slot takes fewer, few enough that merging their tables stays cheap. */
export const chunksPerSlot = 4;

/** Chunks at the hub for each slot: one that runs, one that is there when it ends. */
export const chunksOutstandingPerSlot = 2;
/** Chunks for each slot that may be ahead of what is proven: bounds the results that wait for the proof in memory. */
export const chunksAheadPerSlot = 4;

/** Bytes in one message of a range: large enough to be cheap, small enough that a cancelled range stops soon. */
export const rangeMessageBytes = 256 * 1024;
/** Ranges read at once: one for each slot of a large cluster. */
export const rangesMax = 1024;
/** Reads of one capture at once: enough to keep a disk busy, and a capture that does not answer holds no more threads. */
export const readsPerSourceMax = 4;
/** Time for reads under way to come back before their file is closed. What comes later is dropped. */
export const readsEndMs = 1_000;

/** Files of a joined capture that are looked at together: Node has few threads for files, and others need them too. */
export const joinOpenMax = 8;
/** Files of a joined capture that are open for workers that do not see them: more than ranges that are read in turns. */
export const joinHandlesMax = 128;

/** Total size of the spool when the option does not say. */
export const spoolBytesMaxDefault = 64 * 2 ** 30;
/** An upload that no analysis asks for is removed after this time: its client is gone. */
export const uploadUnclaimedMs = 60_000;

/** Results of chunks that wait to be written to the ledger: past it no chunk is handed out, because they are in memory. */
export const journalQueuedBytesMax = 256 * 1024 * 1024;
/** Kept chunks that are read at once when an analysis is resumed: the merge takes them one at a time. */
export const journalLoadsMax = 4;

/**
 * Jobs that a chunk of an analysis that outlives its master may be: each is lost when its workers were (jobAttemptsMax), which a
 * bad minute of a network does as well as a chunk that kills them.
 */
export const chunkJobsMax = 4;

/** Analyses that the live page is told of: the newest. */
export const picturesMax = 100;

/** Where several masters share a ledger: one without workers gives its analyses back after this time. */
export const aloneMsSharedMax = 5_000;
/** Times that masters may find that they cannot open a capture which one of them has seen, before the analysis fails. */
export const openAttemptsMax = 20;
/** For the last callers to be told that the master ends; one whose file does not answer is not waited for. */
export const callersEndMs = 1_000;
/** After the grace time: for what is given back to be written. */
export const giveBackMs = 3_000;

/** The health of a master is told anew within this time after its ledger cannot be written, or can be again. */
export const troubleLookMs = 1_000;
/** The ledger is asked so often how an analysis is that somebody waits for: a shared one may miss to tell of a change. */
export const followMs = 5_000;
/** A ledger that cannot be used for so long ends the waiting, not the analysis: who waits would wait for ever. */
export const followTroubledMsMax = 600_000;
/** Times in a row that it may not know it: a record that was lost is written again within seconds. */
export const followUnknownMax = 4;
