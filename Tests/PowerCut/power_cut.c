// What a disk holds of a folder at every moment, kept beside it: loaded into a server (LD_PRELOAD), so that a test can kill it and see what
// a power cut would have left. Only fsync and fdatasync are taken over, and that is what makes it complete: whatever else wrote, made,
// renamed or removed something, by whichever call, it is on the disk only after one of these.
//
//   fsync(file), fdatasync(file)   the file's bytes are on the disk; not its name
//   fsync(directory)               the directory's names are on the disk; not the bytes of the files
//   sync_file_range, sync, syncfs, msync, O_SYNC, closing, waiting    nothing
//
// PRUNER_CUT_ROOT is the folder, PRUNER_CUT_DISK an empty one on the same file system, which gets
//
//   names/INODE    a directory's names, a line each: "f" or "d", the inode, the name
//   bytes/INODE    a file's bytes
//   files/INODE    a second name of each file that is on the disk: so no inode is given to another file, and what the file would hold without
//                  a power cut can be looked at
//   root           the inode of PRUNER_CUT_ROOT
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX], disk[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// A test that believed a disk that was not written would believe anything: the server dies instead.
static void give_up(const char *doing) {
    fprintf(stderr, "power_cut: cannot %s: %s\n", doing, strerror(errno));
    abort();
}

static void in_disk(char *path, const char *kind, unsigned long long inode) {
    if (snprintf(path, PATH_MAX, "%s/%s/%llu", disk, kind, inode) >= PATH_MAX) give_up("name a file");
}

// Whether an open file is the root or below it.
static int is_watched(int descriptor) {
    if (!root[0]) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// A second name, for a file that an open descriptor or a path leads to.
static void hold(const char *path, unsigned long long inode) {
    char held[PATH_MAX];
    in_disk(held, "files", inode);
    // A file that was removed meanwhile has none; its bytes are kept, and no name leads to them.
    if (linkat(AT_FDCWD, path, AT_FDCWD, held, AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST && errno != ENOENT) give_up("hold a file");
}

// The bytes of an open file, which appear whole or not at all: the server may be killed at any moment.
static void keep_bytes(int from, unsigned long long inode) {
    char path[PATH_MAX], partial[PATH_MAX];
    in_disk(path, "bytes", inode);
    in_disk(partial, "partial", inode);
    int to = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to < 0) give_up("make a file");
    off_t offset = 0;
    for (;;) {
        static char buffer[1 << 20];
        ssize_t count = pread(from, buffer, sizeof buffer, offset);
        if (count < 0) give_up("read a file");
        if (count == 0) break;
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(to, buffer + done, count - done);
            if (written < 0) give_up("write a file");
            done += written;
        }
        offset += count;
    }
    close(to);
    if (rename(partial, path) != 0) give_up("rename a file");
}

static void keep_file(int descriptor, unsigned long long inode) {
    // fdatasync may be asked of a descriptor that is only for writing.
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) give_up("open a file");
    hold(path, inode);
    keep_bytes(from, inode);
    close(from);
}

// `deep`: with the bytes and names of all that is in it, as when a server begins.
static void keep_names(int directory, unsigned long long inode, int deep) {
    char path[PATH_MAX], partial[PATH_MAX];
    in_disk(path, "names", inode);
    in_disk(partial, "partial", inode);
    FILE *out = fopen(partial, "we");
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    // A directory that was removed has no names.
    if (!out || (!listing && errno != ENOENT)) give_up("list a folder");
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        struct stat status;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (fstatat(copy, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
        fprintf(out, "%c %llu %s\n", S_ISDIR(status.st_mode) ? 'd' : 'f', (unsigned long long)status.st_ino, entry->d_name);
        char link[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d/%s", copy, entry->d_name);
        if (S_ISREG(status.st_mode)) hold(link, status.st_ino);
        if (!deep) continue;
        int inner = openat(copy, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) give_up("open what is there");
        if (S_ISDIR(status.st_mode)) keep_names(inner, status.st_ino, 1); else keep_bytes(inner, status.st_ino);
        close(inner);
    }
    if (listing) closedir(listing);
    if (fclose(out) != 0) give_up("write names");
    if (rename(partial, path) != 0) give_up("rename names");
}

__attribute__((constructor)) static void begin(void) {
    const char *wanted = getenv("PRUNER_CUT_ROOT"), *kept = getenv("PRUNER_CUT_DISK");
    if (!wanted || !kept) return;
    snprintf(disk, sizeof disk, "%s", kept);
    const char *kinds[] = {"names", "bytes", "files", "partial"};
    for (int kind = 0; kind < 4; kind++) {
        char path[PATH_MAX + 16];
        snprintf(path, sizeof path, "%s/%s", disk, kinds[kind]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) give_up("make a folder");
    }
    if (mkdir(wanted, 0700) != 0 && errno != EEXIST) give_up("make the root");
    if (!realpath(wanted, root)) give_up("find the root");
    char begun[PATH_MAX + 16];
    snprintf(begun, sizeof begun, "%s/root", disk);
    // A process that starts itself anew (execve) goes on with its disk.
    if (access(begun, F_OK) == 0) return;
    int directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (directory < 0 || fstat(directory, &status) != 0) give_up("open the root");
    keep_names(directory, status.st_ino, 1);
    close(directory);
    FILE *out = fopen(begun, "we");
    if (!out || fprintf(out, "%llu", (unsigned long long)status.st_ino) < 0 || fclose(out) != 0) give_up("note the root");
}

static int synchronize(int descriptor, const char *name) {
    if (!is_watched(descriptor)) {
        int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
        return real(descriptor);
    }
    struct stat status;
    if (fstat(descriptor, &status) != 0) return -1;
    pthread_mutex_lock(&lock);
    if (S_ISDIR(status.st_mode)) keep_names(descriptor, status.st_ino, 0);
    else if (S_ISREG(status.st_mode)) keep_file(descriptor, status.st_ino);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int descriptor) { return synchronize(descriptor, "fsync"); }
int fdatasync(int descriptor) { return synchronize(descriptor, "fdatasync"); }
