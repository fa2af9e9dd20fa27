/* What the parity filter and its user side share. User space reads the names from the program's BTF. */
#pragma once

#include <linux/types.h>

/* Set by user space before the program is attached; `trace` may be switched at any time. */
struct parity_config {
	__u16 port;  /* host order */
	__u16 trace; /* 1: a line in trace_pipe for each number */
	__u32 netns; /* inode of the network namespace: tells one filter's lines from another's */
};
_Static_assert(sizeof(struct parity_config) == 8, "user space writes these bytes");

/* Packets by the reason for their verdict; `even` is the only one that was dropped. */
struct parity_stats {
	__u64 other;
	__u64 fragment;
	__u64 no_number;
	__u64 odd;
	__u64 even;
};
