// A disk that keeps only what was flushed, for LD_PRELOAD: fsync and fdatasync of files below POWER_DATA copy the file, or a
// folder's names, into POWER_MEDIUM. What lies there when the program is killed is what a power cut leaves.
// POWER_FORGET (papers, names, log) drops some of those flushes, as a program would that had forgotten to make them.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_forgotten(const char *path, int is_folder) {
    const char *what = getenv("POWER_FORGET");
    if (what == NULL) return 0;
    int is_paper = strstr(path, "/spool") != NULL || strstr(path, "/attachments") != NULL;
    if (strcmp(what, "papers") == 0) return is_paper && !is_folder;
    if (strcmp(what, "names") == 0) return is_paper && is_folder;
    return strcmp(what, "log") == 0 && strstr(path, "sqlite-wal") != NULL;
}

static int put(int out, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = write(out, bytes, count);
        if (done <= 0) return -1;
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

static int copy_content(const char *path, int out) {
    char piece[1 << 16];
    int in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0) return -1;
    ssize_t got;
    while ((got = read(in, piece, sizeof piece)) > 0 && put(out, piece, (size_t)got) == 0) {}
    close(in);
    return got == 0 ? 0 : -1;
}

// One line a name: inode, kind, name.
static int copy_names(const char *path, int out) {
    DIR *folder = opendir(path);
    if (folder == NULL) return -1;
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(folder)) != NULL;) {
        char line[512];
        if (entry->d_name[0] == '.') continue;
        int length = snprintf(line, sizeof line, "%llu %c %s\n", (unsigned long long)entry->d_ino,
                              entry->d_type == DT_DIR ? 'd' : 'f', entry->d_name);
        result = put(out, line, (size_t)length);
    }
    closedir(folder);
    return result;
}

static int keep(int descriptor) {
    const char *data = getenv("POWER_DATA"), *medium = getenv("POWER_MEDIUM");
    char link[64], path[4096], partial[4096], target[4096];
    struct stat status;
    if (fstat(descriptor, &status) != 0) return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return -1;
    path[length] = 0;
    int is_folder = S_ISDIR(status.st_mode);
    if (data == NULL || medium == NULL || strncmp(path, data, strlen(data)) != 0 || is_forgotten(path, is_folder)) return 0;
    snprintf(partial, sizeof partial, "%s/partial-%ld", medium, syscall(SYS_gettid));
    snprintf(target, sizeof target, "%s/%llu", medium, (unsigned long long)status.st_ino);
    int out = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return -1;
    int result = is_folder ? copy_names(path, out) : copy_content(path, out);
    close(out);
    return result == 0 ? rename(partial, target) : -1;
}

int fsync(int descriptor) { return keep(descriptor); }
int fdatasync(int descriptor) { return keep(descriptor); }
