#include "CCurl.h"

#include <curl/curl.h>

// What exchanges have in common, whether they are performed one at a time or many.

/// Initialises libcurl, once.
void curl_begin(void);

/// Tells the handle all of an exchange, which must not move until it is over. Returns the list of fields, to be freed after that.
struct curl_slist *curl_exchange_prepare(CURL *curl, struct curl_exchange *exchange);

/// How it ended, with the exchange's `trouble` filled where it went wrong.
enum curl_outcome curl_exchange_outcome(CURLcode code, struct curl_exchange *exchange);
