/* Lab A: datagrams whose number is even end here, odd ones pass, and so does all that carries no number. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "counted_exit.h"
#include "parity_rule.h"
#include "udp_parity.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parity_config);
} parity_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parity_stats);
} parity_stats SEC(".maps");

static __always_inline int parity_filter(struct xdp_md *ctx)
{
	__u32 zero = 0, number = 0;
	struct parity_config *config = bpf_map_lookup_elem(&parity_config, &zero);
	struct parity_stats *stats = bpf_map_lookup_elem(&parity_stats, &zero);
	enum parity_reason reason;

	/* Entries of arrays always exist; only the verifier does not know. */
	if (!config || !stats)
		return XDP_PASS;
	reason = parity_judge((void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_htons(config->port), &number);
	if (reason == PARITY_EVEN) {
		if (config->trace)
			bpf_printk("trireme parity netns=%u if=%u: %u is even, dropped", config->netns, ctx->ingress_ifindex,
				   number);
		LEAVE(stats, even, XDP_DROP);
	}
	if (reason == PARITY_ODD) {
		if (config->trace)
			bpf_printk("trireme parity netns=%u if=%u: %u is odd, passed", config->netns, ctx->ingress_ifindex,
				   number);
		LEAVE(stats, odd, XDP_PASS);
	}
	if (reason == PARITY_FRAGMENT)
		LEAVE(stats, fragment, XDP_PASS);
	if (reason == PARITY_NO_NUMBER)
		LEAVE(stats, no_number, XDP_PASS);
	LEAVE(stats, other, XDP_PASS);
}

#ifndef TRIREME_BENCH
SEC("xdp.frags")
int udp_parity(struct xdp_md *ctx)
{
	return parity_filter(ctx);
}

char LICENSE[] SEC("license") = "GPL";
#endif
