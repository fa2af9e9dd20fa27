/* The one way out of a program: the packet's reason is counted, then the verdict given. The counters are per CPU and an
 * XDP program is not interrupted by another on its CPU, so a plain increment loses nothing; user space adds them up. */
#pragma once

#define LEAVE(stats, reason, verdict) \
	do {                          \
		(stats)->reason++;    \
		return (verdict);     \
	} while (0)
