/* What the balancer and its user side share. User space reads the names from the program's BTF. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

/* Entries of the server table: a linear scan of 16 stays cheap and inside the verifier's limit. */
#define LB_SERVERS 16
/* Handles: a late result meets a freed handle and not a new job unless this many jobs were dealt out meanwhile. */
#define LB_SLOTS 16384
/* Ports 16384 to 32767: below Linux' ephemeral range (32768) and without the service port. */
#define LB_HANDLE_PORT_FIRST 16384
/* Jobs that wait in the kernel for a free thread. */
#define LB_QUEUE_JOBS 1024
/* Handles tried before a job is left in the queue; more than one only when jobs outlive a whole turn of handles. */
#define LB_HANDLE_TRIES 8

/* Jobs at once that a server gets before its first result as if it had shown that it answers; each result adds one. Few
 * jobs wait when a server answers nothing, whatever number of threads it claims. */
#define LB_SHOWN_FIRST 2
/* Above the number of threads that a pool can have: one that has shown that it answers goes before one that has not. */
#define LB_SHOWN_RANK 256
/* Jobs overdue in a row, without a result between them, that suspend a server: lost datagrams seldom come three in a row. */
#define LB_OVERDUE_MAX 3
/* A suspended server is tried with one job after the grace, and twice as long after each that is overdue again, up to
 * 2^4 times the grace. */
#define LB_PROBE_SHIFT_MAX 4
/* Results counted: as many as a pool can have threads, since the byte that says so ends there. */
#define LB_RESULTS_MAX 255

/* What a server has to do, in one word, so that a thread is taken and the job counted by one compare-and-swap. */
union lb_load {
	__u64 word;
	struct {
		__u16 busy;  /* threads at work */
		__u16 owner; /* counts the owners of the entry: a reservation made for one fails once it is another's */
		__u32 sent;  /* jobs given to it, with jobs given again */
	} parts;
};
_Static_assert(sizeof(union lb_load) == 8, "one word");
#define LB_BUSY_MASK 0xffffULL
#define LB_OWNER_STEP 0x10000ULL
#define LB_OWNER_MASK 0xffff0000ULL
/* One more thread at work, one more job sent. */
#define LB_TAKE_STEP 0x100000001ULL

/* State of a slot in its two low bits; the bits above count its uses, so that a compare-and-swap meets no later job. */
enum lb_slot_state { LB_FREE, LB_FILLING, LB_BUSY, LB_FREEING };
#define LB_STATE_MASK 3
#define LB_USE_STEP 4

_Static_assert(LB_HANDLE_PORT_FIRST % LB_SLOTS == 0, "a handle port is recognised by one division");
_Static_assert((LB_SERVERS & (LB_SERVERS - 1)) == 0, "an index is masked with LB_SERVERS - 1");

/* Set by user space before the program is attached; `trace` may be switched at any time. */
struct lb_config {
	__u16 port;  /* service port, host order */
	__u16 trace; /* 1: a line in trace_pipe for each decision */
	__u32 netns;
	__u64 silent_ns;    /* a server silent for so long is dead */
	__u64 grace_ns;     /* a job may be late by so much */
	__u64 reap_ns;      /* interval of the reaper */
	__u32 tries_max;    /* times that a job is dealt out */
	__u32 any_address;  /* 1: the interface had no IPv4 address, so any destination is ours */
	__be32 address[4];  /* IPv4 addresses of the interface; unused ones repeat the first */
	__be32 server_net;  /* only servers of this prefix may register; 0/0 for all */
	__be32 server_mask;
};
_Static_assert(sizeof(struct lb_config) == 64, "user space writes these bytes");

/* One end of a conversation with the balancer: who it is, and as whom the balancer was addressed. */
struct lb_peer {
	__be32 ip;
	__be32 local_ip;
	__be16 port;
	__u8 mac[6];
	__u8 local_mac[6];
	__u16 unused;
};
_Static_assert(sizeof(struct lb_peer) == 24, "no hidden padding");

struct lb_server {
	struct lb_peer peer;
	__u64 done; /* results that went on to a client */
};

/* The server table is one value: one lookup, and the fields that a pick reads lie side by side. */
struct lb_table {
	struct bpf_spin_lock register_lock; /* to take an entry for a new server; never to pick one */
	__u32 next_handle;
	__u32 timer_armed;
	__s32 queue_jobs; /* pushed and not popped; raised before a push, so that it is never too small */
	__u64 key[LB_SERVERS];
	__u64 seen_ns[LB_SERVERS];
	union lb_load load[LB_SERVERS];
	__u32 threads[LB_SERVERS];
	/* What a server has shown, changed without a lock: a lost step is one job given sooner or later. */
	__u32 shown[LB_SERVERS];    /* jobs at once that it has shown to answer: lb_shown of the next two */
	__u32 results[LB_SERVERS];  /* since it registered or was suspended, up to LB_RESULTS_MAX */
	__u32 overdue[LB_SERVERS];  /* jobs overdue since its last result */
	__u32 suspended[LB_SERVERS]; /* 1: it answers nothing, and gets one job at a time to show that it does again */
	__u64 probe_ns[LB_SERVERS]; /* while suspended: not before this */
	struct lb_server server[LB_SERVERS];
};

/* A job that waits. */
struct lb_job {
	struct lb_peer client;
	__u32 sleep_ms;
	__u32 tries;
};

/* A job at a server. Exactly one compare-and-swap from BUSY, by the result or by the reaper, frees the thread. */
struct lb_slot {
	__u32 state;
	__u32 server;
	struct lb_job job;
	__u64 deadline_ns;
};

struct lb_stats {
	/* Reasons to leave the program; together they are the packets seen. */
	__u64 pass_other;          /* not IPv4 UDP, or to another port */
	__u64 pass_other_host;     /* to an address that is not the interface's */
	__u64 pass_options;        /* IPv4 options */
	__u64 pass_fragment;       /* first or later fragment */
	__u64 drop_malformed;      /* lengths that contradict each other */
	__u64 drop_junk;           /* a length that is no message */
	__u64 drop_source;         /* from port 0, from a group, or from the balancer itself */
	__u64 drop_tail;           /* the frame could not be grown */
	__u64 hello_idle;          /* a server registered or refreshed; nothing to send it */
	__u64 hello_answered;      /* it got a waiting job at once */
	__u64 hello_left;          /* a pool of 0: leaving */
	__u64 hello_table_full;    /* no entry free */
	__u64 hello_not_allowed;   /* not of the prefix allowed */
	__u64 job_sent;            /* went on to a server */
	__u64 job_queued;          /* waits */
	__u64 job_queued_other_sent; /* waits, and an older one went on in its packet */
	__u64 job_dropped;         /* no room to wait */
	__u64 result_forwarded;
	__u64 result_stale;        /* the handle is free: late, repeated or forged */
	__u64 result_wrong_sender; /* the handle is another server's */

	/* Of the jobs: jobs = results + queued + running + the dropped_ ones. */
	__u64 jobs;
	__u64 dropped_queue_full;
	__u64 dropped_requeue_full;    /* to be run again, but no room to wait */
	__u64 dropped_tries_exhausted; /* dealt out tries_max times without a result */
	__u64 dropped_push_error;      /* the queue refused for another reason than being full */

	/* What else happened. */
	__u64 registered;
	__u64 requeued_late;   /* the result was overdue */
	__u64 requeued_silent; /* the server died */
	__u64 suspended;       /* a server answered none of LB_OVERDUE_MAX overdue jobs */
	__u64 resumed;         /* a suspended server answered */
	__u64 pushed;
	__u64 popped;
	__u64 pop_empty;       /* another CPU was faster */
	__u64 handles_taken;   /* no free handle at once */
	__u64 reaper_runs;
	__u64 timer_error;
};
