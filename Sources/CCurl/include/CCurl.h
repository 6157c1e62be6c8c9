#include <stdbool.h>
#include <stddef.h>

// libcurl for Swift, which calls no functions of variable arguments. <curl/curl.h> stays in the .c file: it includes <sys/socket.h>,
// whose names Swift would then find here rather than in Glibc.

/// One request and what is to be called while it is performed. `context` is the first argument of every call.
struct curl_exchange {
    const char *method;
    const char *url;
    /// Lines `name: value`, `count` of them.
    const char *const *fields;
    size_t count;
    bool has_body;
    /// Of the body; -1 when it is not known.
    long long length;
    /// Seconds; 0 is no limit, but for connect_seconds.
    long connect_seconds;
    long total_seconds;
    long stall_seconds;

    void *context;
    /// Fills the buffer with what comes next of the body. Returns bytes, 0 at the end, -1 to give up.
    long (*read)(void *context, void *buffer, size_t size);
    /// Takes one line of a head.
    void (*head)(void *context, const void *line, size_t size);
    /// Takes a part of the answer's body. Returns false to give up.
    bool (*body)(void *context, const void *bytes, size_t size);
    /// Asked now and then. Returns false to give up.
    bool (*goes_on)(void *context);
    /// Asked before an address (struct sockaddr) is connected to; null permits all. If set, no proxy is used.
    bool (*may_connect)(void *context, const void *address, size_t size);

    /// What went wrong, in libcurl's words.
    char trouble[256];
};

enum curl_outcome { curl_done, curl_bad_url, curl_timed_out, curl_failed };

/// A connection pool of one thread; null without memory.
void *curl_pool_make(void);
void curl_pool_free(void *pool);

/// Blocks until the exchange is over.
enum curl_outcome curl_exchange_perform(void *pool, struct curl_exchange *exchange);
