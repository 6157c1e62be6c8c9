// Of the C library, which declares it only under _GNU_SOURCE: Swift imports its headers without.
int sync_file_range(int descriptor, long long offset, long long count, unsigned int flags);
#define SYNC_FILE_RANGE_WRITE 2u
int pipe2(int *descriptors, int flags);
// Of posix_spawn_file_actions_t.
int posix_spawn_file_actions_addchdir_np(void *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);

// Of malloc.h, which Swift's module of the C library leaves out.
int mallopt(int parameter, int value);
#define M_TRIM_THRESHOLD -1
#define M_MMAP_THRESHOLD -3
#define M_ARENA_MAX -8

// Of sys/epoll.h, which that module leaves out too.
#include <sys/epoll.h>
