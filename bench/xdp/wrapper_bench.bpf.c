/* What saving and restoring a packet costs by itself, to be read beside the figures of bench_lb. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_BYTES 60

SEC("xdp.frags")
int bench_wrapper(struct xdp_md *ctx)
{
	__u8 saved[FRAME_BYTES];
	void *data = (void *)(long)ctx->data;

	if (data + FRAME_BYTES > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(saved, data, FRAME_BYTES);
	/* The compiler must not see that nothing happens between the two copies. */
	asm volatile("" ::: "memory");
	__builtin_memcpy(data, saved, FRAME_BYTES);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
