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

// Many exchanges at a time, by one thread: a crowd, with a pool of its own that keeps `kept` connections that no one uses.

/// Null without memory or descriptors.
void *curl_crowd_make(long kept);
/// Ends all exchanges, without a word of it.
void curl_crowd_end(void *crowd);
/// Also ends them.
void curl_crowd_free(void *crowd);
/// Begins an exchange, which must not move until it is over. What it points to may go at once, `context` excepted. False without memory.
bool curl_crowd_add(void *crowd, struct curl_exchange *exchange);
/// Does what can be done, then waits until more can be, for so long at most; does not wait where an exchange is over.
void curl_crowd_perform(void *crowd, int milliseconds);
/// An exchange that is over, once; null when there is none (any more).
struct curl_exchange *curl_crowd_next(void *crowd, enum curl_outcome *outcome);
/// Ends the waiting, now or the next time. From any thread.
void curl_crowd_wake(void *crowd);
