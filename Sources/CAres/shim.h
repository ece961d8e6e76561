// c-ares for Swift: its options are a struct of plain pointers and its clock a timeval, so they stay in here.
#pragma once
#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// A channel that asks in the order of `lookups` ("f" the hosts file, "b" the servers) and, unless `servers` is null,
// those servers ("address:port,…") instead of the system's.
static inline int comfy_ares_open(
    ares_channel *channel, const char *lookups, const char *servers, int milliseconds, int tries) {
    struct ares_options options;
    memset(&options, 0, sizeof options);
    options.timeout = milliseconds;
    options.tries = tries;
    options.lookups = (char *)lookups;
    int status = ares_init_options(channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
    if (status != ARES_SUCCESS || !servers) return status;
    status = ares_set_servers_ports_csv(*channel, servers);
    if (status != ARES_SUCCESS) ares_destroy(*channel);
    return status;
}

static inline void comfy_ares_find(
    ares_channel channel, const char *name, int family, ares_addrinfo_callback callback, void *argument) {
    struct ares_addrinfo_hints hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel, name, 0, &hints, callback, argument);
}

// How long a channel may be left alone, at most `most`.
static inline int comfy_ares_milliseconds(ares_channel channel, int most) {
    struct timeval limit = {most / 1000, (most % 1000) * 1000}, next;
    struct timeval *wait = ares_timeout(channel, &limit, &next);
    return wait ? (int)(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000) : most;
}

// Whether an address is one that a server can have: not unspecified, link-local (the metadata services of a cloud),
// multicast or broadcast, and not an IPv4 address in IPv6's clothes.
static inline int comfy_is_host_address(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        uint32_t number = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
        return number >> 24 != 0 && number >> 28 < 0xE && number >> 16 != 0xA9FE;
    }
    if (address->sa_family == AF_INET6) {
        struct in6_addr v6 = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        // ::1 counts as compatible with IPv4.
        if (IN6_IS_ADDR_LOOPBACK(&v6)) return 1;
        return !(IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_MULTICAST(&v6) ||
                 IN6_IS_ADDR_V4MAPPED(&v6) || IN6_IS_ADDR_V4COMPAT(&v6));
    }
    return 0;
}

// An IPv4 or IPv6 address as text; 0 when it is neither.
static inline int comfy_address_text(const struct sockaddr *address, char *text, int size) {
    if (address->sa_family == AF_INET) {
        struct in_addr v4 = ((const struct sockaddr_in *)(const void *)address)->sin_addr;
        return inet_ntop(AF_INET, &v4, text, (socklen_t)size) != 0;
    }
    if (address->sa_family == AF_INET6) {
        struct in6_addr v6 = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return inet_ntop(AF_INET6, &v6, text, (socklen_t)size) != 0;
    }
    return 0;
}
