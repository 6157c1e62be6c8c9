// Of the C library, which declares it only under _GNU_SOURCE: Swift imports its headers without.
int sync_file_range(int descriptor, long long offset, long long count, unsigned int flags);
#define SYNC_FILE_RANGE_WRITE 2u
