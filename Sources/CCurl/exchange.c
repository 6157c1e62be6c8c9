#include "exchange.h"

#include <pthread.h>
#include <sys/socket.h>

_Static_assert(sizeof(((struct curl_exchange *)0)->trouble) >= CURL_ERROR_SIZE, "libcurl writes so much");

static void begin(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

void curl_begin(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
}

void *curl_pool_make(void) {
    curl_begin();
    return curl_easy_init();
}

void curl_pool_free(void *pool) { curl_easy_cleanup(pool); }

static size_t read_part(char *buffer, size_t size, size_t count, void *context) {
    struct curl_exchange *exchange = context;
    long result = exchange->read(exchange->context, buffer, size * count);
    return result < 0 ? CURL_READFUNC_ABORT : (size_t)result;
}

static size_t head_line(char *line, size_t size, size_t count, void *context) {
    struct curl_exchange *exchange = context;
    exchange->head(exchange->context, line, size * count);
    return size * count;
}

static size_t body_part(char *bytes, size_t size, size_t count, void *context) {
    struct curl_exchange *exchange = context;
    // Whatever differs from the size ends it; a part may be empty.
    return exchange->body(exchange->context, bytes, size * count) ? size * count : size * count + 1;
}

static int progress(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total, curl_off_t upload_now) {
    struct curl_exchange *exchange = context;
    return exchange->goes_on(exchange->context) ? 0 : 1;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct curl_exchange *exchange = context;
    if (!exchange->may_connect(exchange->context, &address->addr, address->addrlen)) return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct curl_slist *curl_exchange_prepare(CURL *curl, struct curl_exchange *exchange) {
    exchange->trouble[0] = 0;
    struct curl_slist *fields = NULL;
    for (size_t i = 0; i < exchange->count; i++) fields = curl_slist_append(fields, exchange->fields[i]);

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->trouble);
    curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, exchange->connect_seconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, exchange->total_seconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, exchange->stall_seconds);
    if (exchange->has_body) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->length);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_part);
        curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
    } else if (curl_strequal(exchange->method, "HEAD")) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, head_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_part);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
    if (exchange->may_connect) {
        // A proxy would connect on our behalf, unasked.
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange);
    }
    return fields;
}

enum curl_outcome curl_exchange_perform(void *curl, struct curl_exchange *exchange) {
    curl_easy_reset(curl); // keeps the connections
    struct curl_slist *fields = curl_exchange_prepare(curl, exchange);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(fields);
    return curl_exchange_outcome(code, exchange);
}

enum curl_outcome curl_exchange_outcome(CURLcode code, struct curl_exchange *exchange) {
    if (code == CURLE_OK) return curl_done;
    if (!exchange->trouble[0]) {
        const char *words = curl_easy_strerror(code);
        size_t i = 0;
        for (; words[i] && i + 1 < sizeof exchange->trouble; i++) exchange->trouble[i] = words[i];
        exchange->trouble[i] = 0;
    }
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL: return curl_bad_url;
        case CURLE_OPERATION_TIMEDOUT: return curl_timed_out;
        default: return curl_failed;
    }
}
