/* Lab B's decisions: what a message is, who is alive, who gets the next job, when a job is given up. Pure: the host
 * compiler builds it too, so it is tested without root. */
#pragma once

#include "udp_lb.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

enum lb_message {
	LB_JUNK,
	LB_HELLO,  /* 1 byte to the service port: the size of the server's pool */
	LB_JOB,    /* 4 bytes to the service port: milliseconds */
	LB_RESULT, /* 8 bytes to a handle port: milliseconds, thread */
	LB_NOT_OURS,
};

/* Handle ports are one aligned block below the ephemeral range of a Linux host and away from the service port. */
static __always_inline int lb_is_handle_port(__u16 port)
{
	return port / LB_SLOTS == LB_HANDLE_PORT_FIRST / LB_SLOTS;
}

static __always_inline __u32 lb_handle_of(__u16 port)
{
	return port % LB_SLOTS;
}

static __always_inline __u16 lb_port_of(__u32 handle)
{
	return LB_HANDLE_PORT_FIRST + handle % LB_SLOTS;
}

/* The message by its port and the length of its payload; the port decides first, the length second. */
static __always_inline enum lb_message lb_classify(__u16 port, __u16 service_port, __u32 payload_bytes)
{
	if (port == service_port)
		return payload_bytes == 1 ? LB_HELLO : payload_bytes == 4 ? LB_JOB : LB_JUNK;
	if (lb_is_handle_port(port))
		return payload_bytes == 8 ? LB_RESULT : LB_JUNK;
	return LB_NOT_OURS;
}

/* A server is known by address and port; 0 is nobody. */
static __always_inline __u64 lb_key(__be32 ip, __be16 port)
{
	return (__u64)ip << 16 | port;
}

static __always_inline __u32 lb_busy(__u64 load)
{
	return load & LB_BUSY_MASK;
}

static __always_inline int lb_is_live(__u64 seen_ns, __u64 now_ns, __u64 silent_ns)
{
	/* A packet on another CPU may have been stamped later than our `now`; that is no age of centuries. */
	return seen_ns && (__s64)(now_ns - seen_ns) < (__s64)silent_ns;
}

/* The load of an entry that a new server takes: nothing sent yet, and no reservation of the last owner's holds. */
static __always_inline __u64 lb_new_owner(__u64 load)
{
	return (load + LB_OWNER_STEP) & LB_OWNER_MASK;
}

/* An entry whose server is dead and has no job left can be another server's. */
static __always_inline int lb_is_reusable(__u64 key, __u64 seen_ns, __u64 load, __u64 now_ns, __u64 silent_ns)
{
	return !key || (!lb_is_live(seen_ns, now_ns, silent_ns) && !lb_busy(load));
}

/* Jobs that a server may have at once: as many as its threads, unless it is suspended. */
static __always_inline __u32 lb_room(__u32 threads, __u32 suspended, __u64 probe_ns, __u64 now_ns)
{
	__u32 room = suspended ? (__s64)(now_ns - probe_ns) >= 0 : threads;

	return threads < room ? threads : room;
}

static __always_inline __u32 lb_room_of(const struct lb_table *table, __u32 server, __u64 now_ns)
{
	return lb_room(table->threads[server], table->suspended[server], table->probe_ns[server], now_ns);
}

/* Jobs at once that a server has shown to answer. A pool claims what it likes for a datagram of one byte, so jobs beyond
 * that go to it only when no server that has shown more is free. */
static __always_inline __u32 lb_shown(__u32 results, __u32 overdue)
{
	return overdue ? 0 : LB_SHOWN_FIRST + results;
}

/* When a suspended server, whose jobs were `overdue` in a row, may get one again. */
static __always_inline __u64 lb_probe_ns(__u64 now_ns, __u32 overdue, __u64 grace_ns)
{
	__u32 shift = overdue > LB_OVERDUE_MAX ? overdue - LB_OVERDUE_MAX : 0;

	return now_ns + (grace_ns << (shift < LB_PROBE_SHIFT_MAX ? shift : LB_PROBE_SHIFT_MAX));
}

/* The live server with most free threads, of those that have shown that they answer while one of them is free; or -1. `start` turns with every job, so that equals take turns. `load` is
 * what the caller must find unchanged when it reserves. */
static __always_inline int lb_pick(const struct lb_table *table, __u64 now_ns, __u64 silent_ns, __u32 start, __u64 *load)
{
	__s32 rank_most = 0;
	int best = -1;

	for (__u32 i = 0; i < LB_SERVERS; i++) {
		__u32 at = (i + start) % LB_SERVERS;
		__u64 seen_load;
		__s32 free, rank;

		seen_load = table->load[at].word;
		free = (__s32)table->threads[at] - (__s32)lb_busy(seen_load);
		rank = free;
		if (free > 0 && lb_busy(seen_load) < table->shown[at])
			rank += LB_SHOWN_RANK;
		/* Whether it lives and is suspended is asked of the few that could win. */
		if (rank <= rank_most || !lb_is_live(table->seen_ns[at], now_ns, silent_ns))
			continue;
		if (table->suspended[at]) {
			rank = (__s32)lb_room_of(table, at, now_ns) - (__s32)lb_busy(seen_load);
			if (rank <= rank_most)
				continue;
		}
		rank_most = rank;
		best = at;
		*load = seen_load;
	}
	return best;
}

/* A job is overdue once it has slept what it asked for and the grace is over. */
static __always_inline __u64 lb_deadline_ns(__u64 now_ns, __u32 sleep_ms, __u64 grace_ns)
{
	return now_ns + (__u64)sleep_ms * 1000000 + grace_ns;
}
