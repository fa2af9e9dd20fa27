/* A cursor that walks a frame header by header. Each step checks its bounds, moves on, and says what comes next;
 * nothing is read past `end`. Plain C: the host compiler builds it for the tests, clang for the kernel. */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A VLAN tag after the two addresses. Two of them are as deep as links stack them (802.1ad). */
#define VLAN_TAGS_MAX 2

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

struct vlan_tag {
	__be16 tci;
	__be16 next;
};

struct cursor {
	void *pos;
	void *end;
};

static __always_inline struct cursor cursor_over(void *data, void *data_end)
{
	struct cursor cursor = { .pos = data, .end = data_end };

	return cursor;
}

/* The EtherType behind the Ethernet header and its VLAN tags, in network order; 0 when the frame is too short. */
static __always_inline __be16 parse_ethernet(struct cursor *cursor)
{
	struct ethhdr *eth = cursor->pos;
	__be16 next;

	if ((void *)(eth + 1) > cursor->end)
		return 0;
	cursor->pos = eth + 1;
	next = eth->h_proto;
#pragma GCC unroll 2
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag = cursor->pos;

		if (next != bpf_htons(ETH_P_8021Q) && next != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > cursor->end)
			return 0;
		cursor->pos = tag + 1;
		next = tag->next;
	}
	return next;
}

/* The IPv4 header with all its options, or null when it is none or is cut short. */
static __always_inline struct iphdr *parse_ipv4(struct cursor *cursor)
{
	struct iphdr *ip = cursor->pos;

	if ((void *)(ip + 1) > cursor->end || ip->version != 4 || ip->ihl < 5)
		return 0;
	cursor->pos += ip->ihl * 4;
	return cursor->pos > cursor->end ? 0 : ip;
}

/* The UDP header, or null when it is cut short. */
static __always_inline struct udphdr *parse_udp(struct cursor *cursor)
{
	struct udphdr *udp = cursor->pos;

	if ((void *)(udp + 1) > cursor->end)
		return 0;
	cursor->pos = udp + 1;
	return udp;
}
