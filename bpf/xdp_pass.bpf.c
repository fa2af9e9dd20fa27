/* The stub for the far end of a veth pair: without a native program there, frames that the balancer sends back are
 * lost without a trace. Also the yardstick of the benchmarks. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
