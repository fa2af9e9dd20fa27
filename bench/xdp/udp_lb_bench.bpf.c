/* The balancer with its traces wiped: the packet is put back, and the thread and handle of a dispatched job are given
 * back, so that a test run can repeat one packet a million times and always meet the same state. The wrapper's own cost
 * is measured by bench_wrapper. */
#include "../../bpf/udp_lb.bpf.c"

#define FRAME_BYTES 60

struct saved {
	__u8 bytes[FRAME_BYTES];
};

static __always_inline int save(struct xdp_md *ctx, struct saved *saved)
{
	void *data = (void *)(long)ctx->data;

	if (data + FRAME_BYTES > (void *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(saved, data, FRAME_BYTES);
	return 1;
}

static __always_inline void restore(struct xdp_md *ctx, const struct saved *saved)
{
	void *data = (void *)(long)ctx->data;

	if (data + FRAME_BYTES <= (void *)(long)ctx->data_end)
		__builtin_memcpy(data, saved, FRAME_BYTES);
}

/* Gives back what a dispatched job took; its handle is the source port of the frame that would leave. */
static __always_inline void take_back(struct xdp_md *ctx)
{
	__u32 zero = 0, handle;
	struct lb_table *table = bpf_map_lookup_elem(&lb_table, &zero);
	struct lb_frame frame = frame_at((void *)(long)ctx->data);
	struct lb_slot *slot;

	if (!table || (void *)(frame.udp + 1) > (void *)(long)ctx->data_end)
		return;
	handle = lb_handle_of(bpf_ntohs(frame.udp->source));
	slot = bpf_map_lookup_elem(&lb_slots, &handle);
	if (!slot)
		return;
	release(table, slot->server);
	free_handle(slot);
}

SEC("xdp.frags")
int bench_lb(struct xdp_md *ctx)
{
	struct saved saved;
	int verdict;

	if (!save(ctx, &saved))
		return XDP_ABORTED;
	verdict = lb_balance(ctx);
	if (verdict == XDP_TX)
		take_back(ctx);
	restore(ctx, &saved);
	return verdict;
}

char LICENSE[] SEC("license") = "GPL";
