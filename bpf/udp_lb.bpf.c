/* Lab B: a balancer of jobs in the kernel. It learns servers from their packets, counts their free threads, keeps jobs
 * that find none in a queue, and runs a job again whose server is late or dead. docs/LABS.md has the protocol. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "checksum.h"
#include "counted_exit.h"
#include "lb_rules.h"
#include "parse.h"
#include "udp_lb.h"

#ifndef CLOCK_MONOTONIC
#define CLOCK_MONOTONIC 1
#endif
#define E2BIG 7

/* Shortest Ethernet frame without its check sequence; drivers other than veth expect it. */
#define FRAME_BYTES_MIN 60
/* Compare-and-swap attempts on one server before the job is queued: each failure means that another CPU got on. */
#define RESERVE_TRIES 4

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lb_config);
} lb_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lb_table);
} lb_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LB_SLOTS);
	__type(key, __u32);
	__type(value, struct lb_slot);
} lb_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, LB_QUEUE_JOBS);
	__uint(key_size, 0);
	__uint(value_size, sizeof(struct lb_job));
} lb_queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lb_stats);
} lb_stats SEC(".maps");

struct lb_timer_entry {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lb_timer_entry);
} lb_timer SEC(".maps");

/* The headers of every message: plain Ethernet, IPv4 without options, UDP, at most eight bytes of payload. Pointers and
 * not one packed struct: clang reads a packed field byte by byte. */
struct lb_frame {
	struct ethhdr *eth;
	struct iphdr *ip;
	struct udphdr *udp;
	__u16 *payload;
};
#define FRAME_HEADER_BYTES (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define FRAME_PAYLOAD_BYTES_MAX 8

static __always_inline struct lb_frame frame_at(void *data)
{
	struct lb_frame frame = {
		.eth = data,
		.ip = data + sizeof(struct ethhdr),
		.udp = data + sizeof(struct ethhdr) + sizeof(struct iphdr),
		.payload = data + FRAME_HEADER_BYTES,
	};

	return frame;
}

/* What every step needs; all of it lives as long as the packet. */
struct lb_now {
	struct lb_config *config;
	struct lb_table *table;
	struct lb_stats *stats;
	__u64 ns;
};

static __always_inline int push_job(struct lb_now *now, struct lb_job *job, __u64 *refused_full)
{
	long error;

	/* Raised first: a server that polls meanwhile looks into the queue once too often, never once too seldom. */
	__sync_fetch_and_add(&now->table->queue_jobs, 1);
	error = bpf_map_push_elem(&lb_queue, job, 0);
	if (!error) {
		now->stats->pushed++;
		return 1;
	}
	__sync_fetch_and_add(&now->table->queue_jobs, -1);
	if (error == -E2BIG)
		*refused_full += 1;
	else
		now->stats->dropped_push_error++;
	return 0;
}

static __always_inline int pop_job(struct lb_now *now, struct lb_job *job)
{
	if (bpf_map_pop_elem(&lb_queue, job)) {
		now->stats->pop_empty++;
		return 0;
	}
	__sync_fetch_and_add(&now->table->queue_jobs, -1);
	now->stats->popped++;
	return 1;
}

/* Takes a thread of the live server with most free threads: its index, or -1. Its own function, so that the verifier
 * walks its loop once. */
__noinline int reserve_best(__u64 now_ns)
{
	__u32 zero = 0;
	struct lb_config *config = bpf_map_lookup_elem(&lb_config, &zero);
	struct lb_table *table = bpf_map_lookup_elem(&lb_table, &zero);

	if (!config || !table)
		return -1;
	for (int try = 0; try < RESERVE_TRIES; try++) {
		__u64 load = 0;
		int best = lb_pick(table, now_ns, config->silent_ns, table->next_handle, &load);

		if (best < 0)
			return -1;
		best &= LB_SERVERS - 1;
		/* Compare-and-swap and not add-then-undo: a thread is never taken twice, not even for a moment. */
		if (__sync_val_compare_and_swap(&table->load[best].word, load, load + LB_TAKE_STEP) == load)
			return best;
	}
	return -1;
}

/* Takes a thread of this server, if one is free. */
static __always_inline int reserve_own(struct lb_table *table, __u32 server, __u64 now_ns)
{
	__u32 room = lb_room_of(table, server, now_ns);

	for (int try = 0; try < RESERVE_TRIES; try++) {
		__u64 load = table->load[server].word;

		if (lb_busy(load) >= room)
			return 0;
		if (__sync_val_compare_and_swap(&table->load[server].word, load, load + LB_TAKE_STEP) == load)
			return 1;
	}
	return 0;
}

/* Gives a thread back: its job has ended, or was given up. */
static __always_inline void release(struct lb_table *table, __u32 server)
{
	__sync_fetch_and_add(&table->load[server & (LB_SERVERS - 1)].word, -1);
}

/* Gives back a thread whose job was never sent. */
static __always_inline void unreserve(struct lb_table *table, __u32 server)
{
	__sync_fetch_and_add(&table->load[server & (LB_SERVERS - 1)].word, -LB_TAKE_STEP);
}

/* A free handle, now FILLING; null when the next few are all at work. */
static __always_inline struct lb_slot *take_handle(struct lb_now *now, __u32 *handle)
{
	for (int try = 0; try < LB_HANDLE_TRIES; try++) {
		__u32 at = __sync_fetch_and_add(&now->table->next_handle, 1) % LB_SLOTS;
		struct lb_slot *slot = bpf_map_lookup_elem(&lb_slots, &at);
		__u32 state;

		if (!slot)
			break;
		state = slot->state;
		if ((state & LB_STATE_MASK) == LB_FREE &&
		    __sync_val_compare_and_swap(&slot->state, state, state | LB_FILLING) == state) {
			*handle = at;
			return slot;
		}
		now->stats->handles_taken++;
	}
	return 0;
}

static __always_inline void free_handle(struct lb_slot *slot)
{
	slot->state = (slot->state & ~LB_STATE_MASK) + LB_USE_STEP;
}

/* Writes the headers of a message of `payload_words` words to `peer`; the payload is in place already. */
static __always_inline void address_to(struct lb_frame *frame, const struct lb_peer *peer, __be16 source_port,
				       int payload_words)
{
	__u16 udp_bytes = sizeof(struct udphdr) + payload_words * 2;

	__builtin_memcpy(frame->eth->h_dest, peer->mac, ETH_ALEN);
	__builtin_memcpy(frame->eth->h_source, peer->local_mac, ETH_ALEN);
	frame->ip->tos = 0;
	frame->ip->tot_len = bpf_htons(sizeof(struct iphdr) + udp_bytes);
	frame->ip->id = 0;
	frame->ip->frag_off = bpf_htons(0x4000); /* never a fragment, so it needs no id */
	frame->ip->ttl = 64;
	frame->ip->saddr = peer->local_ip;
	frame->ip->daddr = peer->ip;
	frame->ip->check = 0;
	frame->ip->check = checksum_ipv4(frame->ip);
	frame->udp->source = source_port;
	frame->udp->dest = peer->port;
	frame->udp->len = bpf_htons(udp_bytes);
	frame->udp->check = checksum_udp(frame->ip, frame->udp, frame->payload, payload_words);
}

/* Makes the frame in hand the job's own, to the server whose thread was reserved. Nothing here can fail. */
static __always_inline void send_job(struct lb_now *now, struct lb_frame *frame, struct lb_slot *slot, __u32 handle,
				     __u32 server, const struct lb_job *job)
{
	struct lb_server *to = &now->table->server[server & (LB_SERVERS - 1)];

	slot->job = *job;
	slot->job.tries++;
	slot->server = server;
	slot->deadline_ns = lb_deadline_ns(now->ns, job->sleep_ms, now->config->grace_ns);
	slot->state = (slot->state & ~LB_STATE_MASK) | LB_BUSY;
	frame->payload[0] = job->sleep_ms;
	frame->payload[1] = job->sleep_ms >> 16;
	address_to(frame, &to->peer, bpf_htons(lb_port_of(handle)), 2);
	if (now->config->trace)
		bpf_printk("trireme lb netns=%u: job of %u ms to server %u", now->config->netns, job->sleep_ms, server);
}

/* The oldest waiting job leaves in this frame, for the server whose thread was reserved; 0 gives the thread back. */
static __always_inline int send_waiting(struct lb_now *now, struct lb_frame *frame, __u32 server)
{
	struct lb_job job;
	__u32 handle;
	struct lb_slot *slot = take_handle(now, &handle);

	/* The pop comes last: once a job is out of the queue nothing may fail. */
	if (slot && pop_job(now, &job)) {
		send_job(now, frame, slot, handle, server, &job);
		return 1;
	}
	if (slot)
		free_handle(slot);
	unreserve(now->table, server);
	return 0;
}

static __always_inline void read_peer(const struct lb_frame *frame, struct lb_peer *peer)
{
	peer->ip = frame->ip->saddr;
	peer->local_ip = frame->ip->daddr;
	peer->port = frame->udp->source;
	peer->unused = 0;
	__builtin_memcpy(peer->mac, frame->eth->h_source, ETH_ALEN);
	__builtin_memcpy(peer->local_mac, frame->eth->h_dest, ETH_ALEN);
}

static __always_inline int find_server(struct lb_table *table, __u64 key)
{
	for (int i = 0; i < LB_SERVERS; i++)
		if (table->key[i] == key)
			return i;
	return -1;
}

/* The server has yet to show that it answers. */
static __always_inline void forget_answers(struct lb_table *table, __u32 server)
{
	table->results[server] = 0;
	table->overdue[server] = 0;
	table->suspended[server] = 0;
	table->shown[server] = lb_shown(0, 0);
}

/* An entry for a new server, or the one that another CPU has just made for it; -1 when the table is full. */
static __always_inline int take_entry(struct lb_now *now, __u64 key)
{
	struct lb_table *table = now->table;
	__u64 silent_ns = now->config->silent_ns;
	int entry = -1, reusable = -1;

	bpf_spin_lock(&table->register_lock);
	for (int i = 0; i < LB_SERVERS; i++) {
		if (table->key[i] == key)
			entry = i;
		else if (reusable < 0 &&
			 lb_is_reusable(table->key[i], table->seen_ns[i], table->load[i].word, now->ns, silent_ns))
			reusable = i;
	}
	if (entry < 0 && reusable >= 0) {
		__u64 load;

		reusable &= LB_SERVERS - 1;
		load = table->load[reusable].word;
		/* A new owner: whoever still means to reserve for the old one fails. */
		if (!lb_busy(load) && __sync_val_compare_and_swap(&table->load[reusable].word, load, lb_new_owner(load)) == load) {
			table->seen_ns[reusable] = 0;
			table->server[reusable].done = 0;
			forget_answers(table, reusable);
			table->key[reusable] = key;
			entry = reusable;
		}
	}
	bpf_spin_unlock(&table->register_lock);
	return entry;
}

static __always_inline int on_hello(struct lb_now *now, struct lb_frame *frame)
{
	struct lb_table *table = now->table;
	__u64 key = lb_key(frame->ip->saddr, frame->udp->source);
	__u32 threads = *(__u8 *)frame->payload;
	int server = find_server(table, key);

	if (server < 0) {
		if ((frame->ip->saddr & now->config->server_mask) != now->config->server_net)
			LEAVE(now->stats, hello_not_allowed, XDP_DROP);
		if (threads == 0)
			LEAVE(now->stats, hello_left, XDP_DROP);
		server = take_entry(now, key);
		if (server < 0)
			LEAVE(now->stats, hello_table_full, XDP_DROP);
		now->stats->registered++;
		if (now->config->trace)
			bpf_printk("trireme lb netns=%u: server %u registered with %u threads", now->config->netns, server,
				   threads);
	}
	server &= LB_SERVERS - 1;
	/* Started again at its old port, say. */
	if (!lb_is_live(table->seen_ns[server], now->ns, now->config->silent_ns))
		forget_answers(table, server);
	read_peer(frame, &table->server[server].peer);
	table->threads[server] = threads;
	/* Last: from here on it is alive and may be picked. */
	table->seen_ns[server] = now->ns;
	if (threads == 0)
		LEAVE(now->stats, hello_left, XDP_DROP);
	if (table->queue_jobs > 0) {
		/* Its last job is overdue, so the one that waits leaves in this packet for whoever is best. */
		int to = table->overdue[server]			      ? reserve_best(now->ns) :
			 reserve_own(table, server, now->ns) ? (int)server :
							       -1;

		if (to >= 0 && send_waiting(now, frame, to))
			LEAVE(now->stats, hello_answered, XDP_TX);
	}
	LEAVE(now->stats, hello_idle, XDP_DROP);
}

static __always_inline int on_job(struct lb_now *now, struct lb_frame *frame)
{
	struct lb_stats *stats = now->stats;
	struct lb_job job = {};
	__u64 full = 0;
	int server, queued;

	stats->jobs++;
	read_peer(frame, &job.client);
	job.sleep_ms = frame->payload[0] | (__u32)frame->payload[1] << 16;
	/* Only when nobody waits: an older job goes first. */
	if (now->table->queue_jobs <= 0) {
		server = reserve_best(now->ns);
		if (server >= 0) {
			__u32 handle;
			struct lb_slot *slot = take_handle(now, &handle);

			if (slot) {
				send_job(now, frame, slot, handle, server, &job);
				LEAVE(stats, job_sent, XDP_TX);
			}
			unreserve(now->table, server);
		}
	}
	queued = push_job(now, &job, &full);
	/* A thread may have become free between the look and the push, and its server found the queue empty: look again. */
	server = reserve_best(now->ns);
	if (server >= 0 && send_waiting(now, frame, server)) {
		if (!queued && full) {
			full = 0;
			queued = push_job(now, &job, &full);
		}
		if (!queued) {
			stats->dropped_queue_full += full;
			LEAVE(stats, job_dropped, XDP_TX);
		}
		LEAVE(stats, job_queued_other_sent, XDP_TX);
	}
	if (queued)
		LEAVE(stats, job_queued, XDP_DROP);
	stats->dropped_queue_full += full;
	LEAVE(stats, job_dropped, XDP_DROP);
}

static __always_inline int on_result(struct lb_now *now, struct lb_frame *frame, __u32 handle)
{
	struct lb_table *table = now->table;
	struct lb_slot *slot = bpf_map_lookup_elem(&lb_slots, &handle);
	__u32 state, server;

	if (!slot)
		return XDP_DROP;
	state = slot->state;
	if ((state & LB_STATE_MASK) != LB_BUSY)
		LEAVE(now->stats, result_stale, XDP_DROP);
	server = slot->server & (LB_SERVERS - 1);
	/* An entry keeps its owner while it has a job, so the handle's server is still the one that got the job. */
	if (table->key[server] != lb_key(frame->ip->saddr, frame->udp->source))
		LEAVE(now->stats, result_wrong_sender, XDP_DROP);
	if (__sync_val_compare_and_swap(&slot->state, state, (state & ~LB_STATE_MASK) | LB_FREEING) != state)
		LEAVE(now->stats, result_stale, XDP_DROP);
	address_to(frame, &slot->job.client, bpf_htons(now->config->port), 4);
	if (now->config->trace)
		bpf_printk("trireme lb netns=%u: result of server %u for a job of %u ms", now->config->netns, server,
			   slot->job.sleep_ms);
	free_handle(slot);
	__sync_fetch_and_add(&table->server[server].done, 1);
	table->seen_ns[server] = now->ns;
	table->overdue[server] = 0;
	if (table->suspended[server]) {
		table->suspended[server] = 0;
		now->stats->resumed++;
	}
	if (table->results[server] < LB_RESULTS_MAX)
		table->results[server]++;
	table->shown[server] = lb_shown(table->results[server], 0);
	release(table, server);
	LEAVE(now->stats, result_forwarded, XDP_TX);
}

/* A job of a server that still says hello is overdue. */
static __always_inline void count_overdue(struct lb_now *now, __u32 server)
{
	struct lb_table *table = now->table;
	__u32 overdue = ++table->overdue[server];

	table->shown[server] = lb_shown(0, overdue);
	if (overdue < LB_OVERDUE_MAX)
		return;
	if (!table->suspended[server]) {
		table->suspended[server] = 1;
		table->results[server] = 0;
		now->stats->suspended++;
		if (now->config->trace)
			bpf_printk("trireme lb netns=%u: server %u suspended, %u jobs overdue", now->config->netns, server,
				   overdue);
	}
	table->probe_ns[server] = lb_probe_ns(now->ns, overdue, now->config->grace_ns);
}

struct reap_walk {
	struct lb_now now;
	__u32 busy; /* slots at work that the walk has yet to meet */
};

/* One slot of the reaper's walk: a job that is overdue, or whose server is dead, waits again or is given up. */
static long reap_slot(__u32 handle, void *context)
{
	struct reap_walk *walk = context;
	struct lb_now *now = &walk->now;
	struct lb_slot *slot = bpf_map_lookup_elem(&lb_slots, &handle);
	struct lb_job job;
	__u32 state, server;
	int dead;

	if (!slot)
		return 1;
	state = slot->state;
	if ((state & LB_STATE_MASK) != LB_BUSY)
		return 0;
	server = slot->server & (LB_SERVERS - 1);
	dead = !lb_is_live(now->table->seen_ns[server], now->ns, now->config->silent_ns);
	if (dead || now->ns > slot->deadline_ns) {
		if (__sync_val_compare_and_swap(&slot->state, state, (state & ~LB_STATE_MASK) | LB_FREEING) != state)
			return 0;
		job = slot->job;
		free_handle(slot);
		release(now->table, server);
		if (!dead)
			count_overdue(now, server);
		if (job.tries >= now->config->tries_max) {
			now->stats->dropped_tries_exhausted++;
		} else if (push_job(now, &job, &now->stats->dropped_requeue_full)) {
			if (dead)
				now->stats->requeued_silent++;
			else
				now->stats->requeued_late++;
		}
	}
	/* All that were at work when the walk began have been met: the rest of the handles is free. */
	return --walk->busy == 0;
}

static int reap(void *map, __u32 *key, struct lb_timer_entry *entry)
{
	__u32 zero = 0;
	struct reap_walk walk = {};
	struct lb_now *now = &walk.now;

	now->config = bpf_map_lookup_elem(&lb_config, &zero);
	now->table = bpf_map_lookup_elem(&lb_table, &zero);
	now->stats = bpf_map_lookup_elem(&lb_stats, &zero);
	if (!now->config || !now->table || !now->stats)
		return 0;
	now->ns = bpf_ktime_get_coarse_ns();
	for (int i = 0; i < LB_SERVERS; i++)
		walk.busy += lb_busy(now->table->load[i].word);
	if (walk.busy)
		bpf_loop(LB_SLOTS, reap_slot, &walk, 0);
	now->stats->reaper_runs++;
	if (bpf_timer_start(&entry->timer, now->config->reap_ns, 0))
		now->stats->timer_error++;
	return 0;
}

/* Starts the reaper with the first message. Starting fails unless user space holds the map, so maps are pinned before
 * the program is attached; a failure is counted and tried again with the next message. */
static __noinline int start_reaper(struct lb_now *now)
{
	__u32 zero = 0;
	struct lb_timer_entry *entry = bpf_map_lookup_elem(&lb_timer, &zero);
	long busy = -16;
	long error;

	if (!now || !entry || __sync_val_compare_and_swap(&now->table->timer_armed, 0, 1) != 0)
		return 0;
	error = bpf_timer_init(&entry->timer, &lb_timer, CLOCK_MONOTONIC);
	if (!error || error == busy)
		error = bpf_timer_set_callback(&entry->timer, reap);
	if (!error)
		error = bpf_timer_start(&entry->timer, now->config->reap_ns, 0);
	if (error) {
		now->stats->timer_error++;
		now->table->timer_armed = 0;
	}
	return 0;
}

static __always_inline int is_local(const struct lb_config *config, __be32 address)
{
	return config->any_address || address == config->address[0] || address == config->address[1] ||
	       address == config->address[2] || address == config->address[3];
}

/* No message comes from port 0, from a group or everyone, or from the very address that it is sent to. */
static __always_inline int is_bad_source(const struct lb_frame *frame)
{
	__be32 source = frame->ip->saddr;

	return !frame->udp->source || !source || source == frame->ip->daddr || (bpf_ntohl(source) >> 28) >= 14;
}

static __always_inline int lb_balance(struct xdp_md *ctx)
{
	__u32 zero = 0, payload_bytes, udp_bytes;
	struct lb_now now = {};
	struct cursor cursor = cursor_over((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	struct lb_frame headers = frame_at(cursor.pos), *frame = &headers;
	enum lb_message message;
	__u16 port;

	now.config = bpf_map_lookup_elem(&lb_config, &zero);
	now.stats = bpf_map_lookup_elem(&lb_stats, &zero);
	if (!now.config || !now.stats)
		return XDP_PASS;
	/* Only plain Ethernet, and at least a byte of payload: all that is addressed to the balancer has so much. */
	if (cursor.pos + sizeof(struct ethhdr) + sizeof(struct iphdr) > cursor.end ||
	    frame->eth->h_proto != bpf_htons(ETH_P_IP) || frame->ip->version != 4 || frame->ip->protocol != IPPROTO_UDP)
		LEAVE(now.stats, pass_other, XDP_PASS);
	if (frame->ip->ihl != 5)
		LEAVE(now.stats, pass_options, XDP_PASS);
	if (frame->ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		LEAVE(now.stats, pass_fragment, XDP_PASS);
	if (cursor.pos + FRAME_HEADER_BYTES > cursor.end)
		LEAVE(now.stats, pass_other, XDP_PASS);
	port = bpf_ntohs(frame->udp->dest);
	if (port != now.config->port && !lb_is_handle_port(port))
		LEAVE(now.stats, pass_other, XDP_PASS);
	if (!is_local(now.config, frame->ip->daddr))
		LEAVE(now.stats, pass_other_host, XDP_PASS);

	/* Ours. The length of the frame says nothing, since links pad; the three lengths inside must agree. */
	udp_bytes = bpf_ntohs(frame->udp->len);
	if (udp_bytes < sizeof(struct udphdr) || udp_bytes + sizeof(struct iphdr) != bpf_ntohs(frame->ip->tot_len))
		LEAVE(now.stats, drop_malformed, XDP_DROP);
	payload_bytes = udp_bytes - sizeof(struct udphdr);
	message = lb_classify(port, now.config->port, payload_bytes);
	if (message == LB_JUNK || message == LB_NOT_OURS)
		LEAVE(now.stats, drop_junk, XDP_DROP);
	if (is_bad_source(frame))
		LEAVE(now.stats, drop_source, XDP_DROP);
	if (cursor.pos + sizeof(struct ethhdr) + sizeof(struct iphdr) + udp_bytes > cursor.end)
		LEAVE(now.stats, drop_malformed, XDP_DROP);

	/* Every message that may leave fits the shortest frame, so one growth now and no step below can fail for room. */
	if (cursor.end - cursor.pos < FRAME_BYTES_MIN &&
	    bpf_xdp_adjust_tail(ctx, FRAME_BYTES_MIN - (int)(cursor.end - cursor.pos)))
		LEAVE(now.stats, drop_tail, XDP_DROP);
	headers = frame_at((void *)(long)ctx->data);
	if ((void *)headers.payload + FRAME_PAYLOAD_BYTES_MAX > (void *)(long)ctx->data_end)
		LEAVE(now.stats, drop_tail, XDP_DROP);

	now.table = bpf_map_lookup_elem(&lb_table, &zero);
	if (!now.table)
		return XDP_PASS;
	/* The clock of the last tick: a few ms old, a tenth of the price, and good enough for timeouts of a second. */
	now.ns = bpf_ktime_get_coarse_ns();
	if (!now.table->timer_armed)
		start_reaper(&now);
	if (message == LB_JOB)
		return on_job(&now, frame);
	if (message == LB_HELLO)
		return on_hello(&now, frame);
	return on_result(&now, frame, lb_handle_of(port));
}

#ifndef TRIREME_BENCH
SEC("xdp.frags")
int udp_lb(struct xdp_md *ctx)
{
	return lb_balance(ctx);
}

char LICENSE[] SEC("license") = "GPL";
#endif
