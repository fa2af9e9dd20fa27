/* The pure rules of the labs, built by the host compiler: no root, no kernel. Each check that fails says where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "lb_rules.h"
#include "parity_rule.h"

static int checks, failures;

#define CHECK(fact)                                                          \
	do {                                                                 \
		checks++;                                                    \
		if (!(fact)) {                                               \
			failures++;                                          \
			printf("FAILED line %d: %s\n", __LINE__, #fact);     \
		}                                                            \
	} while (0)

/* A UDP frame: `tags` VLAN tags, `ihl` words of IPv4 header, `payload` bytes; returns its length. */
static size_t make_frame(__u8 *frame, int tags, int ihl, __u16 port, const void *payload, __u16 payload_bytes)
{
	size_t at = 12;
	struct iphdr ip = { .version = 4, .ihl = ihl, .ttl = 64, .protocol = IPPROTO_UDP };
	struct udphdr udp = { .dest = bpf_htons(port), .len = bpf_htons(8 + payload_bytes) };
	__be16 type = bpf_htons(ETH_P_IP);

	memset(frame, 0, 256);
	for (int i = 0; i < tags; i++) {
		__be16 tag[2] = { bpf_htons(i + 1 < tags ? ETH_P_8021AD : ETH_P_8021Q), bpf_htons(5) };

		memcpy(frame + at, tag, 4);
		at += 4;
	}
	memcpy(frame + at, &type, 2);
	at += 2;
	ip.tot_len = bpf_htons(ihl * 4 + 8 + payload_bytes);
	memcpy(frame + at, &ip, sizeof(ip));
	at += ihl * 4;
	memcpy(frame + at, &udp, sizeof(udp));
	at += sizeof(udp);
	memcpy(frame + at, payload, payload_bytes);
	return at + payload_bytes;
}

static enum parity_reason judge(__u8 *frame, size_t bytes, __u32 *number)
{
	return parity_judge(frame, frame + bytes, bpf_htons(50001), number);
}

static void test_parity(void)
{
	__u8 frame[256], even[6] = { 4, 0, 0, 0x80, 1, 1 }, odd[6] = { 1, 2, 0, 0, 0, 0 };
	__u32 number = 0;

	for (int tags = 0; tags <= VLAN_TAGS_MAX; tags++) {
		for (int ihl = 5; ihl <= 15; ihl++) {
			CHECK(judge(frame, make_frame(frame, tags, ihl, 50001, even, 4), &number) == PARITY_EVEN);
			CHECK(number == 0x80000004);
			CHECK(judge(frame, make_frame(frame, tags, ihl, 50001, odd, 4), &number) == PARITY_ODD);
			CHECK(number == 0x201);
			/* Bytes behind the number change nothing. */
			CHECK(judge(frame, make_frame(frame, tags, ihl, 50001, even, 6), &number) == PARITY_EVEN);
			CHECK(judge(frame, make_frame(frame, tags, ihl, 50001, odd, 6), &number) == PARITY_ODD);
			CHECK(judge(frame, make_frame(frame, tags, ihl, 50003, even, 4), &number) == PARITY_OTHER);
			for (int bytes = 0; bytes < 4; bytes++) {
				make_frame(frame, tags, ihl, 50001, even, bytes);
				/* Padded by the link, as a short frame is. */
				CHECK(judge(frame, 128, &number) == PARITY_NO_NUMBER);
			}
		}
	}
	/* A frame cut at any byte is never judged even, and nothing behind its end is read (the sanitizer watches). */
	size_t bytes = make_frame(frame, 2, 7, 50001, even, 4);

	for (size_t cut = 0; cut < bytes; cut++) {
		__u8 *exact = malloc(cut);

		memcpy(exact, frame, cut);
		CHECK(judge(exact, cut, &number) != PARITY_EVEN);
		free(exact);
	}
	/* Later fragments have no number; the first one has. */
	make_frame(frame, 0, 5, 50001, even, 4);
	frame[20] = 0x20;
	CHECK(judge(frame, 46, &number) == PARITY_EVEN);
	frame[21] = 1;
	CHECK(judge(frame, 46, &number) == PARITY_FRAGMENT);
	frame[20] = 0;
	CHECK(judge(frame, 46, &number) == PARITY_FRAGMENT);
	/* TCP, IPv6, ARP. */
	make_frame(frame, 0, 5, 50001, even, 4);
	frame[23] = IPPROTO_TCP;
	CHECK(judge(frame, 46, &number) == PARITY_OTHER);
	frame[23] = IPPROTO_UDP;
	frame[12] = 0x86;
	frame[13] = 0xdd;
	CHECK(judge(frame, 46, &number) == PARITY_OTHER);
	frame[12] = 0x08;
	frame[13] = 0x06;
	CHECK(judge(frame, 46, &number) == PARITY_OTHER);
}

/* RFC 1071 the slow way, over bytes in network order. */
static __u16 slow_sum(const __u8 *bytes, size_t length, __u32 sum)
{
	for (size_t i = 0; i < length; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void test_checksums(void)
{
	__u32 random = 12345;

	for (int round = 0; round < 20000; round++) {
		struct iphdr ip;
		struct {
			struct udphdr udp;
			__u16 payload[4];
		} datagram;
		__u8 *bytes = (__u8 *)&ip;
		int words = round % 2 ? 2 : 4;
		__u32 pseudo;

		for (size_t i = 0; i < sizeof(ip); i++)
			bytes[i] = (random = random * 1664525 + 1013904223) >> (round % 3 == 0 ? 31 : 24);
		bytes = (__u8 *)&datagram;
		for (size_t i = 0; i < sizeof(datagram); i++)
			bytes[i] = (random = random * 1664525 + 1013904223) >> (round % 5 == 0 ? 31 : 24);
		ip.version = 4;
		ip.ihl = 5;
		ip.check = 0;
		ip.check = checksum_ipv4(&ip);
		CHECK(slow_sum((__u8 *)&ip, 20, 0) == 0xffff);
		datagram.udp.len = bpf_htons(8 + words * 2);
		datagram.udp.check = 0;
		datagram.udp.check = checksum_udp(&ip, &datagram.udp, datagram.payload, words);
		CHECK(datagram.udp.check != 0);
		pseudo = slow_sum((__u8 *)&ip.saddr, 8, IPPROTO_UDP + 8 + words * 2);
		CHECK(slow_sum((__u8 *)&datagram, 8 + words * 2, pseudo) == 0xffff);
	}
}

static void test_messages(void)
{
	CHECK(lb_classify(50002, 50002, 1) == LB_HELLO);
	CHECK(lb_classify(50002, 50002, 4) == LB_JOB);
	CHECK(lb_classify(50002, 50002, 0) == LB_JUNK);
	CHECK(lb_classify(50002, 50002, 8) == LB_JUNK);
	CHECK(lb_classify(16384, 50002, 8) == LB_RESULT);
	CHECK(lb_classify(32767, 50002, 8) == LB_RESULT);
	CHECK(lb_classify(16384, 50002, 4) == LB_JUNK);
	CHECK(lb_classify(16383, 50002, 8) == LB_NOT_OURS);
	CHECK(lb_classify(32768, 50002, 8) == LB_NOT_OURS);
	for (__u32 handle = 0; handle < LB_SLOTS; handle++) {
		CHECK(lb_is_handle_port(lb_port_of(handle)));
		CHECK(lb_handle_of(lb_port_of(handle)) == handle);
	}
}

static void test_picking(void)
{
	static struct lb_table table;
	const __u64 now = 100000000000ULL, silent = 1000000000ULL;
	__u64 load = 77;
	int first[LB_SERVERS] = { 0 };

	CHECK(lb_pick(&table, now, silent, 0, &load) == -1);
	for (int i = 0; i < LB_SERVERS; i++) {
		table.key[i] = i + 1;
		table.seen_ns[i] = now - 1;
		table.threads[i] = 4;
		table.shown[i] = LB_RESULTS_MAX;
	}
	/* Equals take turns. */
	for (__u32 start = 0; start < LB_SERVERS; start++)
		first[lb_pick(&table, now, silent, start, &load)]++;
	for (int i = 0; i < LB_SERVERS; i++)
		CHECK(first[i] == 1);
	/* Most free threads wins, wherever the scan starts. */
	table.threads[5] = 9;
	table.load[5].word = 3 * LB_OWNER_STEP + 4;
	for (__u32 start = 0; start < LB_SERVERS; start++) {
		CHECK(lb_pick(&table, now, silent, start, &load) == 5);
		CHECK(load == 3 * LB_OWNER_STEP + 4);
	}
	/* Not the dead, not the full, not those who leave (pool of 0 with jobs left). */
	table.seen_ns[5] = now - silent;
	CHECK(lb_pick(&table, now, silent, 5, &load) != 5);
	for (int i = 0; i < LB_SERVERS; i++)
		table.load[i].word = 4;
	table.threads[3] = 0;
	CHECK(lb_pick(&table, now, silent, 0, &load) == -1);
	table.load[9].word = LB_OWNER_STEP + 3;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 9);
}

static void test_answering(void)
{
	static struct lb_table table;
	const __u64 now = 100000000000ULL, silent = 1000000000ULL, grace = 1000000000ULL;
	__u64 load;

	/* A server may have as many jobs as threads; a suspended one none, and one from the time of its probe on. */
	CHECK(lb_room(255, 0, now + 1, now) == 255);
	CHECK(lb_room(255, 1, now + 1, now) == 0);
	CHECK(lb_room(255, 1, now, now) == 1);
	CHECK(lb_room(0, 1, now, now) == 0);
	/* It has shown that it answers two jobs, and one more with each result; nothing while its last was overdue. */
	CHECK(lb_shown(0, 0) == LB_SHOWN_FIRST);
	CHECK(lb_shown(1, 0) == LB_SHOWN_FIRST + 1);
	CHECK(lb_shown(LB_RESULTS_MAX, 1) == 0);
	CHECK(LB_SHOWN_RANK > LB_RESULTS_MAX);
	/* Probes come after the grace, then twice as late each time, up to a bound. */
	CHECK(lb_probe_ns(now, LB_OVERDUE_MAX, grace) == now + grace);
	CHECK(lb_probe_ns(now, LB_OVERDUE_MAX + 1, grace) == now + 2 * grace);
	CHECK(lb_probe_ns(now, LB_OVERDUE_MAX + LB_PROBE_SHIFT_MAX, grace) == now + 16 * grace);
	CHECK(lb_probe_ns(now, 0xffffffff, grace) == now + 16 * grace);
	CHECK(lb_probe_ns(now, 0, grace) == now + grace);
	/* 255 threads that have shown nothing go behind one that has, and before none. */
	for (int i = 0; i < 2; i++) {
		table.key[i] = i + 1;
		table.seen_ns[i] = now - 1;
		table.shown[i] = LB_SHOWN_FIRST;
	}
	table.threads[0] = 255;
	table.threads[1] = 4;
	table.load[0].word = LB_SHOWN_FIRST;
	for (__u32 start = 0; start < LB_SERVERS; start++)
		CHECK(lb_pick(&table, now, silent, start, &load) == 1);
	table.shown[1] = 6;
	table.load[1].word = 4;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 0);
	table.load[1].word = 3;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 1);
	/* Nor is one whose job was overdue picked while another is free, and a suspended one not before its probe. */
	table.load[0].word = 0;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 0);
	table.shown[0] = 0;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 1);
	table.load[1].word = 4;
	CHECK(lb_pick(&table, now, silent, 0, &load) == 0);
	table.suspended[0] = 1;
	table.probe_ns[0] = now + 1;
	CHECK(lb_pick(&table, now, silent, 0, &load) == -1);
	CHECK(lb_pick(&table, now + 1, silent, 0, &load) == 0);
}

static void test_life(void)
{
	const __u64 now = 5000000000ULL, silent = 1000000000ULL;

	CHECK(!lb_is_live(0, now, silent));
	CHECK(lb_is_live(now - silent + 1, now, silent));
	CHECK(!lb_is_live(now - silent, now, silent));
	/* Seen on another CPU a moment after our clock was read. */
	CHECK(lb_is_live(now + 1000, now, silent));
	CHECK(lb_is_reusable(0, 0, 0, now, silent));
	CHECK(!lb_is_reusable(7, now - 1, 0, now, silent));
	CHECK(lb_is_reusable(7, now - silent, LB_OWNER_STEP, now, silent));
	CHECK(!lb_is_reusable(7, now - silent, 1, now, silent));
	CHECK(lb_new_owner(0x1234500000000ULL + 7 * LB_OWNER_STEP) == 8 * LB_OWNER_STEP);
	CHECK(lb_new_owner(LB_OWNER_MASK) == 0);
	CHECK(lb_busy(5 * LB_TAKE_STEP - LB_TAKE_STEP) == 4);
	CHECK(lb_deadline_ns(1000, 3, 500) == 3001500);
	CHECK(lb_deadline_ns(0, 0xffffffff, 0) == 4294967295000000ULL);
	CHECK(lb_key(0x0100000a, 0x51c3) != lb_key(0x0100000a, 0x52c3));
	CHECK(lb_key(0xffffffff, 0xffff) == 0xffffffffffffULL);
}

int main(void)
{
	test_parity();
	test_checksums();
	test_messages();
	test_picking();
	test_answering();
	test_life();
	printf("%d checks, %d failed\n", checks, failures);
	return failures != 0;
}
