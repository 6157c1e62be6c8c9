// Writes into the folder it is given what power_cut.c is tried with, and waits to be killed.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *name, const char *text, int synchronizes) {
    int file = open(name, O_WRONLY | O_CREAT, 0600);
    for (const char *next = text; *next; next++) if (write(file, next, 1) != 1) _exit(1);
    if (synchronizes && fdatasync(file) != 0) _exit(1);
    close(file);
}

static void sync_names(const char *folder) {
    int directory = open(folder, O_RDONLY | O_DIRECTORY);
    if (fsync(directory) != 0) _exit(1);
    close(directory);
}

int main(int count, char **arguments) {
    if (count != 2 || chdir(arguments[1]) != 0) return 1;
    mkdir("named", 0700);
    mkdir("unnamed", 0700);
    put("named/renamed-and-synced", "old", 1);
    put("named/removed", "back", 1);
    put("named/renamed", "new", 1);
    put("named/empty", "lost", 0);
    put("named/overwritten", "first", 1);
    sync_names("named");
    sync_names("unnamed");
    put("named/overwritten", "SECOND", 0);
    unlink("named/removed");
    rename("named/renamed", "named/other");
    // A new file does not get the inode of one whose name the disk still has.
    put("named/after-removal", "new", 1);
    unlink("named/after-removal");
    put("unnamed/moved.tmp", "moved", 1);
    rename("unnamed/moved.tmp", "unnamed/moved");
    sync_names("unnamed");
    put("unnamed/made", "no name", 1);
    mkdir("unnamed/folder", 0700);
    sync_names(".");
    rename("unnamed/moved", "moved");
    printf("ready\n");
    fflush(stdout);
    pause();
    return 0;
}
