/* Files: whole or not at all, and errors that name the path and the reason. Arena and error texts ride along. */
#include "harness/base/arena.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>

static int make_directory(void **state)
{
    char template[] = "/tmp/prony-file-XXXXXX";
    *state = mkdtemp(template) ? mem_strdup(template) : NULL;
    return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
    char *command = mem_format("rm -rf '%s'", (char *)*state);
    int result = system(command);
    free(command);
    free(*state);
    return result;
}

static void test_write_then_map(void **state)
{
    struct error error;
    char *deep = mem_format("%s/a/b", (char *)*state), *path = mem_format("%s/a/b/file", (char *)*state);
    assert_int_equal(file_make_directories(deep, &error), 0);
    assert_int_equal(file_make_directories(deep, &error), 0);
    assert_int_equal(file_write(path, "first", 5, &error), 0);
    assert_int_equal(file_write(path, "second", 6, &error), 0);
    struct file_map map;
    assert_int_equal(file_map_open(&map, path, &error), 0);
    assert_int_equal(map.size_bytes, 6);
    assert_memory_equal(map.data, "second", 6);
    file_map_close(&map);
    assert_int_equal(file_map_open(&map, deep, &error), ERROR_IO);
    assert_non_null(strstr(error.text, "/a/b: is a directory, not a regular file"));
    char *below_file = mem_format("%s/x", path);
    assert_int_equal(file_make_directories(below_file, &error), ERROR_IO);
    free(below_file);
    free(path);
    free(deep);
}

/* A write that fails halfway leaves the old file and no temporary. */
static void test_failed_write_keeps_the_old_file(void **state)
{
    struct error error;
    char *path = mem_format("%s/keep", (char *)*state);
    assert_int_equal(file_write(path, "old", 3, &error), 0);
    struct rlimit before, small = { 4096, 4096 };
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    char *big = mem_alloc(100000);
    int result = file_write(path, big, 100000, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(result, ERROR_IO);
    assert_non_null(strstr(error.text, "/keep: cannot write: File too large"));
    char *data;
    size_t size;
    assert_int_equal(file_read(path, &data, &size, &error), 0);
    assert_string_equal(data, "old");
    char *temporary = mem_format("%s.tmp.%ld", path, (long)getpid());
    assert_false(file_exists(temporary));
    free(temporary);
    free(data);
    free(big);
    free(path);
}

/* Renaming over them would put a file in the place of /dev/null for everybody. */
static void test_writing_keeps_devices_pipes_and_links(void **state)
{
    struct error error;
    char *fifo = mem_format("%s/fifo", (char *)*state), *target = mem_format("%s/target", (char *)*state);
    char *link = mem_format("%s/link", (char *)*state), text[8] = "";
    struct stat info;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    assert_int_equal(file_write(fifo, "through", 7, &error), 0);
    assert_int_equal(read(reader, text, sizeof text), 7);
    assert_string_equal(text, "through");
    assert_int_equal(stat(fifo, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    close(reader);
    assert_int_equal(file_write(*state, "x", 1, &error), ERROR_IO);
    assert_non_null(strstr(error.text, ": cannot open: Is a directory"));

    assert_int_equal(file_write(target, "old", 3, &error), 0);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(file_write(link, "newer", 5, &error), 0);
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(target, &info), 0);
    assert_int_equal(info.st_size, 5);
    free(fifo);
    free(target);
    free(link);
}

/* As execvp does it: directories and files without the right are passed over, an empty part is here. */
static void test_find_program(void **state)
{
    struct error error;
    const char *before = getenv("PATH");
    char *kept = before ? mem_strdup(before) : NULL, *directory = mem_format("%s/bin/tool", (char *)*state);
    char *plain = mem_format("%s/tool", (char *)*state), *here = mem_format("%s/second/tool", (char *)*state);
    char *list =
        mem_format("%s/nowhere:%s/bin:%s:%s/second", (char *)*state, (char *)*state, (char *)*state, (char *)*state);
    char path[512], small[8];
    assert_int_equal(file_make_directories(directory, &error), 0);
    assert_int_equal(file_write(plain, "x", 1, &error), 0);
    assert_int_equal(chmod(plain, 0600), 0);
    setenv("PATH", list, 1);
    assert_false(file_find_program("tool", path, sizeof path));
    *strrchr(here, '/') = 0;
    assert_int_equal(file_make_directories(here, &error), 0);
    here[strlen(here)] = '/';
    assert_int_equal(file_write(here, "x", 1, &error), 0);
    assert_int_equal(chmod(here, 0700), 0);
    assert_true(file_find_program("tool", path, sizeof path));
    assert_string_equal(path, here);
    assert_false(file_find_program("tool", small, sizeof small));
    assert_true(file_find_program(here, path, sizeof path));
    assert_false(file_find_program(plain, path, sizeof path));
    setenv("PATH", "", 1);
    assert_false(file_find_program("no such tool here", path, sizeof path));
    unsetenv("PATH");
    assert_false(file_find_program("sh", path, sizeof path));
    if (kept)
        setenv("PATH", kept, 1);
    free(kept);
    free(list);
    free(here);
    free(plain);
    free(directory);
}

static void test_arena_and_error(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    char *texts[200];
    for (int i = 0; i < 200; i++)
        texts[i] = arena_format(&arena, "%d-%0*d", i, i, 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(atoi(texts[i]), i);
    char *big = arena_alloc(&arena, 5000000);
    assert_int_equal(big[4999999], 0);
    arena_release(&arena);
    struct error error;
    assert_int_equal(error_set(&error, ERROR_LIMIT, "%s", "inner"), ERROR_LIMIT);
    assert_int_equal(error_prefix(&error, "%s", "outer"), ERROR_LIMIT);
    assert_string_equal(error.text, "outer: inner");
    assert_int_equal(error_set(NULL, ERROR_LIMIT, "dropped"), ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_then_map, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_failed_write_keeps_the_old_file, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_writing_keeps_devices_pipes_and_links, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_find_program, make_directory, remove_directory),
        cmocka_unit_test(test_arena_and_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
