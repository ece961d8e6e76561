// libmicrohttpd for Swift. Its variadic and macro parts get wrappers here.
#pragma once
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdint.h>

typedef void *(*comfy_mhd_begin_callback)(void *, const char *, struct MHD_Connection *);

// A daemon on 127.0.0.1 with a thread of its own; NULL when the port is taken.
static inline struct MHD_Daemon *comfy_mhd_start(
    uint16_t port, comfy_mhd_begin_callback begin, MHD_AccessHandlerCallback handle,
    MHD_RequestCompletedCallback complete, void *owner) {
    struct sockaddr_in address = {0};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, handle, owner,
        MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, begin, owner,
        MHD_OPTION_NOTIFY_COMPLETED, complete, owner,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(128 << 10),
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned int)256,
        MHD_OPTION_END);
}

static inline uint16_t comfy_mhd_port(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

// The connection's descriptor; -1 when it has none.
static inline int comfy_mhd_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
