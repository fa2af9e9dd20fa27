/** Bounds of the ledger on NATS, each with its unit and its reason. */

/** A master that starts while the servers elect a leader waits so long for them. */
export const openMsMax = 20_000;
/** A message that its master does not keep is given to another one after this time: how soon a lost master is noticed. */
export const ackWaitMs = 2_000;
/** A master says this often that it holds an analysis: three times in that time. */
export const heartbeatMs = 600;
/** Who wrote its record within this time is alive, whatever became of its message. */
export const aliveMs = 1_500;
/** A holder is sure of its lease for so long after a write of it: less than aliveMs, and more than two writes of progress. */
export const sureMs = 1_300;
/** A holder that could not write for so long goes on: a cut that NATS outlives ends sooner, or its workers are cut off too. */
export const fencedMsMax = 6_000;
/** After NATS was away, masters that live have this time to say so before their analyses are taken. */
export const settleMs = 3_000;
/** A message that is not for us now comes back after this time. */
export const againMs = 1_000;
/** An analysis of which nothing was heard for so long may have lost its message in the queue: its submitter died, say. */
export const unheardMsMin = 30_000;
/** So often a master looks whether the buckets are there, can be written, and still hold what was acknowledged. */
export const checkMs = 2_000;
/** What was lost is written again within this time by whoever knows it: they look, and look again after settleMs. */
export const rewrittenMsMax = settleMs + 2 * checkMs;
/** A list of all that NATS knows goes on coming: nothing for so long, and it is asked for anew. */
export const listSilenceMsMax = 3_000;
/** Results are kept in memory for so long after they were acknowledged: servers write to their disks every two minutes. */
export const recentResultsMs = 180_000;
/** And at most so many bytes of them: a result is some kilobytes, unless somebody asks for 50,000 rows. */
export const recentResultsBytesMax = 64 * 2 ** 20;
/** Deliveries of a message whose record does not exist, until it is dropped: submitting writes the record first. */
export const strayDeliveriesMax = 5;
/** So long a finished chunk that is not found is looked for again: servers elect, and catch up, for up to ten seconds. */
export const missingMsMax = 15_000;
/** While NATS is being mended, a result is looked for as long as this: a cluster that has lost its leaders takes half a minute. */
export const resultMissingMsMax = 60_000;
/** As long, when the servers say all the while that they have caught up with one another: their word may be a moment old. */
export const settledMsMin = 3_000;
/** They are asked no more often than this. */
export const settledAskMs = 500;
/** An object of which no piece comes for so long is not whole: pieces of a megabyte come in milliseconds. */
export const objectSilenceMsMax = 5_000;
/** Time for one request to NATS; then it is tried again. */
export const requestTimeoutMs = 3_000;
/** Pause before that. */
export const retryMs = 300;
/** One pull waits so long at the server. */
export const pullMs = 2_000;
/** Progress is written this often: it is also what says that the master lives. */
export const progressMs = 500;
/** Bytes of a record: below the largest message of a NATS server by default, 1 MiB. */
export const storedRecordBytesMax = 768 * 1024;
/** Attempts to cancel an analysis whose master writes at the same time. */
export const cancelAttemptsMax = 50;
/** Chunks of an analysis that nobody ended are dropped after this time, or twice --keep if that is longer. */
export const chunksKeptMsMin = 7 * 86_400_000;

if (sureMs >= aliveMs || sureMs < 2 * progressMs)
  throw new Error('a holder must doubt its lease before others may take it, and not between two writes of progress');
