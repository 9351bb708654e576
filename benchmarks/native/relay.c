/* The limit of the relay benchmark: one connected socket a leg, epoll, one system call a packet each way, the header
 * rewritten and nothing looked at.   relay SECONDS PEER_0 ... PEER_n-1   prints its ports, then "packets cpu". */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

int main(int argc, char **argv) {
  int n = argc - 2, ep = epoll_create1(0), *fd = calloc(n, sizeof(int));
  double seconds = atof(argv[1]);
  for (int i = 0; i < n; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(fd[i], (void *)&a, sizeof a)) return 1;
    getsockname(fd[i], (void *)&a, &size);
    printf("%d ", ntohs(a.sin_port));
    a.sin_port = htons(atoi(argv[i + 2]));
    connect(fd[i], (void *)&a, sizeof a);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &e);
  }
  printf("\n"); fflush(stdout);
  struct epoll_event events[1024];
  unsigned char packet[2048];
  long packets = 0;
  for (double end = now() + seconds; now() < end;) {
    int ready = epoll_wait(ep, events, 1024, 100);
    for (int i = 0; i < ready; i++) {
      int leg = events[i].data.u32;
      int length = recv(fd[leg], packet, sizeof packet, 0);
      if (length < 12) continue;
      *(uint16_t *)(packet + 2) = htons(ntohs(*(uint16_t *)(packet + 2)) + leg);
      *(uint32_t *)(packet + 4) = htonl(ntohl(*(uint32_t *)(packet + 4)) + leg);
      *(uint32_t *)(packet + 8) = htonl(leg);
      send(fd[leg ^ 1], packet, length, 0);
      packets++;
    }
  }
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  printf("%ld %f\n", packets, u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
  return 0;
}
