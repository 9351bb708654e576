/* Telephones for the media benchmarks: RTP to many ports, and when what comes back arrives.
 *
 *   load SOCKETS LEGS < orders
 *
 * Prints the ports of its sockets; leg i uses socket i % SOCKETS. Then for each line of stdin,
 *   "SECONDS SEND PAYLOAD_TYPE BYTES TARGET_0 ... TARGET_n-1" (ports on 127.0.0.1, one a leg; SEND 0 or 1),
 * every leg sends 50 packets a second to its target (SEND 1) or merely hears from it (SEND 0), and a line answers:
 *   "sent received unknown late_p50 late_p99 late_max gap_p50 gap_p99 cpu" (times in ms, cpu in s).
 * late: from sending a packet to its arrival back. gap: how late a packet is on the 20 ms grid of its stream, measured
 * from the earliest packet of the stream by sequence number. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define MOST 4000000
#define STEP 0.0002

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static int order(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return (x > y) - (x < y); }
static double share(float *v, long n, double s) { return n ? v[(long)((n - 1) * s)] : 0; }

static int sockets, legs, fd[256];
static float *late, *gap;
static struct { int leg; uint16_t sequence; double at; } *heard;
static unsigned char data[BATCH][2048];
static struct sockaddr_in from[BATCH], *target;
static struct mmsghdr in[BATCH];
static struct iovec in_part[BATCH];
static int *leg_of; /* by source port */

int main(int argc, char **argv) {
  sockets = atoi(argv[1]); legs = atoi(argv[2]);
  late = malloc(MOST * sizeof *late); gap = malloc(MOST * sizeof *gap); heard = malloc(MOST * sizeof *heard);
  target = calloc(legs, sizeof *target); leg_of = malloc(65536 * sizeof(int));
  uint16_t *sequence = calloc(legs, 2);
  unsigned char p[512];
  memset(p, 0xd5, sizeof p);
  for (int i = 0; i < sockets; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int room = 8 << 20;
    fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (setsockopt(fd[i], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room)) setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd[i], (void *)&a, sizeof a)) return 1;
    getsockname(fd[i], (void *)&a, &size);
    printf("%d ", ntohs(a.sin_port));
  }
  printf("\n"); fflush(stdout);
  for (int i = 0; i < BATCH; i++) {
    in_part[i] = (struct iovec){data[i], sizeof data[i]};
    in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &in_part[i], .msg_iovlen = 1};
  }
  double seconds; int send, type, bytes;
  while (scanf("%lf %d %d %d", &seconds, &send, &type, &bytes) == 4) {
    memset(leg_of, 0xff, 65536 * sizeof(int));
    for (int i = 0, port; i < legs && scanf("%d", &port) == 1; i++) {
      target[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
      leg_of[port] = i;
    }
    for (int i = 0; i < sockets; i++) while (recv(fd[i], data[0], sizeof data[0], 0) >= 0) ;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    long sent = 0, received = 0, unknown = 0, lates = 0;
    double began = now(), end = began + seconds, last = end + 0.3, turn_at = began;
    for (double t = began; t < last; t = now()) {
      if (send && t < end) {
        long due = (long)((t - began) * 50 * legs);
        while (sent < due) {
          int leg = sent % legs;
          double stamp = now();
          uint16_t s = sequence[leg]++;
          uint32_t ts = s * 160;
          p[0] = 0x80; p[1] = type; p[2] = s >> 8; p[3] = s;
          p[4] = ts >> 24; p[5] = ts >> 16; p[6] = ts >> 8; p[7] = ts;
          p[8] = 0x20; p[9] = 0; p[10] = leg >> 8; p[11] = leg;
          memcpy(p + 12, &stamp, 8);
          sendto(fd[leg % sockets], p, 12 + bytes, 0, (void *)&target[leg], sizeof target[leg]);
          sent++;
        }
      }
      for (int i = 0; i < sockets; i++) {
        int n;
        do {
          n = recvmmsg(fd[i], in, BATCH, MSG_DONTWAIT, NULL);
          double at = now();
          for (int k = 0; k < n; k++) {
            int leg = leg_of[ntohs(from[k].sin_port)];
            in[k].msg_hdr.msg_namelen = sizeof from[k];
            if (leg < 0 || in[k].msg_len < 20) { unknown++; continue; }
            if (received < MOST) { heard[received].leg = leg; heard[received].sequence = data[k][2] << 8 | data[k][3]; heard[received].at = at; }
            received++;
            if (send && lates < MOST) {
              double stamp; memcpy(&stamp, data[k] + 12, 8);
              if (stamp > began - 5 && stamp < at) late[lates++] = (at - stamp) * 1e3;
            }
          }
        } while (n == BATCH);
      }
      if (!send && now() > end) break;
      turn_at += STEP;
      double rest = turn_at - now();
      if (rest > 0) { struct timespec r = {0, rest * 1e9}; nanosleep(&r, NULL); } else if (rest < -0.001) turn_at = now();
    }
    getrusage(RUSAGE_SELF, &after);
    long n = received < MOST ? received : MOST;
    double *least = malloc(legs * sizeof(double)); long *first = malloc(legs * sizeof(long));
    for (int i = 0; i < legs; i++) first[i] = -1;
    for (int pass = 0; pass < 2; pass++)
      for (long k = 0; k < n; k++) {
        int leg = heard[k].leg;
        if (first[leg] < 0) { first[leg] = k; least[leg] = heard[k].at; }
        double offset = heard[k].at - 0.02 * (int16_t)(heard[k].sequence - heard[first[leg]].sequence);
        if (!pass) { if (offset < least[leg]) least[leg] = offset; } else gap[k] = (offset - least[leg]) * 1e3;
      }
    free(least); free(first);
    qsort(late, lates, sizeof *late, order);
    qsort(gap, n, sizeof *gap, order);
#define CPU(u) (u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6)
    printf("%ld %ld %ld %.4f %.4f %.4f %.4f %.4f %.4f\n", sent, received, unknown, share(late, lates, .5), share(late, lates, .99), share(late, lates, 1), share(gap, n, .5), share(gap, n, .99), CPU(after) - CPU(before));
    fflush(stdout);
  }
  return 0;
}
