/* Internet checksums (RFC 1071) of the small messages that the balancer writes. They are computed in full: a datagram
 * from a sender on this machine carries only the sum of its pseudo-header, so there is nothing right to update. */
#pragma once

#include "parse.h"

/* Folds a sum of 16-bit words and gives the checksum in the order in which the words were. */
static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline __u32 checksum_add32(__u32 sum, __u32 word)
{
	return sum + (word & 0xffff) + (word >> 16);
}

/* Of an IPv4 header without options whose checksum field is 0. Words are added as they lie, so the result does too. */
static __always_inline __u16 checksum_ipv4(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

#pragma GCC unroll 10
	for (int i = 0; i < 10; i++)
		sum += words[i];
	return checksum_fold(sum);
}

/* Of a UDP datagram with `payload_words` 16-bit words of payload (2 or 4) and 0 in its field. A sum of 0 is sent as 0xffff,
 * since 0 means "no checksum". */
static __always_inline __u16 checksum_udp(const struct iphdr *ip, const struct udphdr *udp, const __u16 *payload,
					  int payload_words)
{
	const __u16 *words = (const __u16 *)udp;
	__u32 sum = bpf_htons(IPPROTO_UDP) + (__u32)udp->len;
	__u16 folded;

	sum = checksum_add32(sum, ip->saddr);
	sum = checksum_add32(sum, ip->daddr);
	sum += words[0] + words[1] + words[2];
	sum += payload[0] + payload[1];
	if (payload_words == 4)
		sum += payload[2] + payload[3];
	folded = checksum_fold(sum);
	return folded ? folded : 0xffff;
}
