/* The user-space side of the comparison. One program, three roles:
 *   udp relay  PORT SERVER_IP SERVER_PORT      forwards each job to the server and each result to its client
 *   udp server LB_IP PORT SERVER_PORT          answers every job at once; says its one byte every 100 ms
 *   udp client LB_IP PORT WINDOW SECONDS       keeps WINDOW jobs under way; prints the answers of a second and their
 *                                              mean round trip in microseconds
 * A job's milliseconds carry its sequence number, so the relay needs no table but the clients' addresses. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEQUENCES 65536
/* Silence after which the client takes what is under way for lost. */
#define LOST_MS 100

static double now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	inet_pton(AF_INET, ip, &to.sin_addr);
	return to;
}

static int udp_socket(const char *port)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in at = address("0.0.0.0", port);

	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)) < 0) {
		perror("bind");
		exit(1);
	}
	return fd;
}

static void relay(char **argument)
{
	static struct sockaddr_in client[SEQUENCES];
	struct sockaddr_in server = address(argument[1], argument[2]);
	struct pollfd sides[2] = { { .fd = udp_socket(argument[0]), .events = POLLIN },
				   { .fd = udp_socket("0"), .events = POLLIN } };
	uint32_t message[2];

	for (;;) {
		poll(sides, 2, -1);
		if (sides[0].revents) {
			struct sockaddr_in from;
			socklen_t length = sizeof(from);

			if (recvfrom(sides[0].fd, message, sizeof(message), MSG_DONTWAIT, (void *)&from, &length) == 4) {
				client[message[0] % SEQUENCES] = from;
				sendto(sides[1].fd, message, 4, 0, (void *)&server, sizeof(server));
			}
		}
		if (sides[1].revents && recv(sides[1].fd, message, sizeof(message), MSG_DONTWAIT) == 8) {
			struct sockaddr_in *to = &client[message[0] % SEQUENCES];

			sendto(sides[0].fd, message, 8, 0, (void *)to, sizeof(*to));
		}
	}
}

static void serve(char **argument)
{
	struct sockaddr_in lb = address(argument[0], argument[1]);
	int fd = udp_socket(argument[2]);
	uint8_t threads = 255;
	uint32_t message[2] = { 0, 0 };
	double hello_s = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		struct sockaddr_in from;
		socklen_t length = sizeof(from);

		if (now_s() - hello_s > 0.1) {
			sendto(fd, &threads, 1, 0, (void *)&lb, sizeof(lb));
			hello_s = now_s();
		}
		if (poll(&wait, 1, 50) == 1 && recvfrom(fd, message, 4, 0, (void *)&from, &length) == 4)
			sendto(fd, message, 8, 0, (void *)&from, sizeof(from));
	}
}

static void ask(char **argument)
{
	static double sent_s[SEQUENCES];
	struct sockaddr_in lb = address(argument[0], argument[1]);
	int fd = udp_socket("0"), window = atoi(argument[2]), under_way = 0;
	double seconds = atof(argument[3]), start_s = now_s(), round_trips_s = 0;
	uint32_t next = 0, answers = 0, lost = 0;

	connect(fd, (void *)&lb, sizeof(lb));
	while (now_s() - start_s < seconds) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		uint32_t message[2];

		for (; under_way < window; under_way++, next++) {
			uint32_t sequence = next % SEQUENCES;

			sent_s[sequence] = now_s();
			send(fd, &sequence, 4, 0);
		}
		if (poll(&wait, 1, LOST_MS) == 0) {
			lost += under_way;
			under_way = 0;
		} else if (recv(fd, message, sizeof(message), 0) == 8) {
			round_trips_s += now_s() - sent_s[message[0] % SEQUENCES];
			answers++;
			if (under_way > 0)
				under_way--;
		}
	}
	printf("%.0f %.1f %u\n", answers / seconds, answers ? round_trips_s / answers * 1e6 : 0, lost);
}

int main(int count, char **argument)
{
	if (count == 5 && !strcmp(argument[1], "relay"))
		relay(argument + 2);
	else if (count == 5 && !strcmp(argument[1], "server"))
		serve(argument + 2);
	else if (count == 6 && !strcmp(argument[1], "client"))
		ask(argument + 2);
	else
		return 2;
	return 0;
}
