#include "exchange.h"

#include <stdlib.h>

/// Of an exchange under way; found at its handle.
struct member {
    struct curl_exchange *exchange;
    struct curl_slist *fields;
    CURL *curl;
    struct member *next;
    struct member **link;
};

struct crowd {
    CURLM *multi;
    struct member *first;
};

void *curl_crowd_make(long kept) {
    curl_begin();
    struct crowd *crowd = calloc(1, sizeof *crowd);
    if (!crowd) return NULL;
    crowd->multi = curl_multi_init();
    // Where no descriptor is free libcurl makes one that cannot be woken, and says so only when it is to be.
    if (!crowd->multi || curl_multi_wakeup(crowd->multi) != CURLM_OK) {
        if (crowd->multi) curl_multi_cleanup(crowd->multi);
        free(crowd);
        return NULL;
    }
    curl_multi_setopt(crowd->multi, CURLMOPT_MAXCONNECTS, kept);
    return crowd;
}

static void leave(struct crowd *crowd, struct member *member) {
    curl_multi_remove_handle(crowd->multi, member->curl);
    curl_easy_cleanup(member->curl);
    curl_slist_free_all(member->fields);
    *member->link = member->next;
    if (member->next) member->next->link = member->link;
    free(member);
}

void curl_crowd_end(void *context) {
    struct crowd *crowd = context;
    while (crowd->first) leave(crowd, crowd->first);
}

void curl_crowd_free(void *context) {
    struct crowd *crowd = context;
    curl_crowd_end(crowd);
    curl_multi_cleanup(crowd->multi);
    free(crowd);
}

bool curl_crowd_add(void *context, struct curl_exchange *exchange) {
    struct crowd *crowd = context;
    struct member *member = calloc(1, sizeof *member);
    CURL *curl = curl_easy_init();
    if (!member || !curl) {
        free(member);
        if (curl) curl_easy_cleanup(curl);
        return false;
    }
    member->exchange = exchange;
    member->curl = curl;
    member->fields = curl_exchange_prepare(curl, exchange);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, member);
#if LIBCURL_VERSION_NUM >= 0x075700
    // A name that is still being looked up is not waited for when its exchange is over: all the others would wait.
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
    member->next = crowd->first;
    member->link = &crowd->first;
    if (member->next) member->next->link = &member->next;
    crowd->first = member;
    if (curl_multi_add_handle(crowd->multi, curl) == CURLM_OK) return true;
    leave(crowd, member);
    return false;
}

void curl_crowd_perform(void *context, int milliseconds) {
    struct crowd *crowd = context;
    int running = 0;
    curl_multi_perform(crowd->multi, &running);
    int left = 0;
    // What is over is to be told first.
    for (struct member *member = crowd->first; member; member = member->next) left++;
    if (running < left) return;
    curl_multi_poll(crowd->multi, NULL, 0, milliseconds, NULL);
}

struct curl_exchange *curl_crowd_next(void *context, enum curl_outcome *outcome) {
    struct crowd *crowd = context;
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(crowd->multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        struct member *member = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&member);
        struct curl_exchange *exchange = member->exchange;
        *outcome = curl_exchange_outcome(message->data.result, exchange);
        leave(crowd, member);
        return exchange;
    }
    return NULL;
}

void curl_crowd_wake(void *context) { curl_multi_wakeup(((struct crowd *)context)->multi); }
