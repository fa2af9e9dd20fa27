/** Bounds of what is done over NATS, each with its unit and its reason. */

/** Time for one attempt to connect, and for one request of JetStream. */
export const requestMsMax = 5_000;

/** Wait between attempts to connect again, which never end: a NATS that was away for an hour is used again at once. */
export const reconnectMs = 500;

/** A member announces itself this often. */
export const announceMs = 1_000;

/** A member that was not heard of for so long is gone: three announcements may be lost on the way. */
export const memberTtlMs = 4_000;

/** Members of one name space: more are a mistake, and each costs a worker a stream. */
export const membersMax = 1_024;

/** Servers of a cluster that keep what must survive one of them: an odd number, of which two agree. */
export const replicasMost = 3;

if (memberTtlMs < 3 * announceMs) throw new Error('a member may miss two announcements before it is gone');
