/* The limit of the playback benchmark: the same packets from as many connected sockets, in four bursts every 20 ms.
 *   sender SECONDS PEER_0 ... PEER_n-1   prints its ports, then "packets cpu". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

int main(int argc, char **argv) {
  int n = argc - 2, *fd = calloc(n, sizeof(int));
  double seconds = atof(argv[1]);
  unsigned char packet[172];
  memset(packet, 0xd5, sizeof packet);
  packet[0] = 0x80; packet[1] = 8;
  for (int i = 0; i < n; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(fd[i], (void *)&a, sizeof a)) return 1;
    getsockname(fd[i], (void *)&a, &size);
    printf("%d ", ntohs(a.sin_port));
    a.sin_port = htons(atoi(argv[i + 2]));
    connect(fd[i], (void *)&a, sizeof a);
  }
  printf("\n"); fflush(stdout);
  uint16_t sequence = 0;
  long packets = 0;
  double began = now(), due = began;
  for (long turn = 0; due < began + seconds; turn++, due += 0.005) {
    double rest = due - now();
    if (rest > 0) { struct timespec r = {0, rest * 1e9}; nanosleep(&r, NULL); }
    if (turn % 4 == 0) sequence++;
    packet[2] = sequence >> 8; packet[3] = sequence;
    *(uint32_t *)(packet + 4) = htonl(sequence * 160);
    for (int i = turn % 4; i < n; i += 4) {
      *(uint32_t *)(packet + 8) = htonl(i);
      send(fd[i], packet, sizeof packet, 0);
      packets++;
    }
  }
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  printf("%ld %f\n", packets, u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
  return 0;
}
