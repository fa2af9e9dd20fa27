/* Lab A's rule. Pure: the host compiler builds it too, so it is tested without root. */
#pragma once

#include "parse.h"

/* Bytes of the number at the start of the payload: a little-endian u32. */
#define NUMBER_BYTES 4

enum parity_reason {
	PARITY_OTHER,     /* not IPv4 UDP to the port: none of our business */
	PARITY_FRAGMENT,  /* a later fragment: it has no UDP header, so it has no number */
	PARITY_NO_NUMBER, /* fewer than four bytes by the UDP length, whatever padding the link added */
	PARITY_ODD,
	PARITY_EVEN,
};

/* What a frame is to the filter, and its number when it has one. Only PARITY_EVEN is dropped. */
static __always_inline enum parity_reason parity_judge(void *data, void *data_end, __be16 port, __u32 *number)
{
	struct cursor cursor = cursor_over(data, data_end);
	struct iphdr *ip;
	struct udphdr *udp;
	__u8 *bytes;

	if (parse_ethernet(&cursor) != bpf_htons(ETH_P_IP))
		return PARITY_OTHER;
	ip = parse_ipv4(&cursor);
	if (!ip || ip->protocol != IPPROTO_UDP)
		return PARITY_OTHER;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return PARITY_FRAGMENT;
	udp = parse_udp(&cursor);
	if (!udp || udp->dest != port)
		return PARITY_OTHER;
	/* Both lengths must hold the number: a frame is padded to 60 bytes, and padding is no zero that someone sent. */
	if (bpf_ntohs(udp->len) < sizeof(*udp) + NUMBER_BYTES ||
	    bpf_ntohs(ip->tot_len) < ip->ihl * 4 + sizeof(*udp) + NUMBER_BYTES)
		return PARITY_NO_NUMBER;
	bytes = cursor.pos;
	if ((void *)(bytes + NUMBER_BYTES) > cursor.end)
		return PARITY_NO_NUMBER;
	*number = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (__u32)bytes[3] << 24;
	return *number % 2 == 0 ? PARITY_EVEN : PARITY_ODD;
}
