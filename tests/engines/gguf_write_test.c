/* gguf_write_test.c: what is written comes back through the reader, and a failed write leaves nothing behind. */
#include "engines/native/gguf_write.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
};

static int set_up(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    strcpy(fixture->directory, "/tmp/prony-gguf-write-XXXXXX");
    if (mkdtemp(fixture->directory) == NULL)
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/m.gguf", fixture->directory);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    int code = rmdir(fixture->directory); /* fails if a test left a file behind */
    free(fixture);
    return code;
}

static size_t count_files(const char *directory)
{
    DIR *listing = opendir(directory);
    assert_non_null(listing);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

static void assert_ok(int code, const struct error *error)
{
    if (code != 0)
        fail_msg("%s", error->text);
}

static void add_all_kinds(struct gguf_write *writer)
{
    static const int32_t numbers[] = { -1, 2, 3000000 };
    static const struct gguf_string words[] = { { "one", 3 }, { "", 0 }, { "a\0b", 3 } };
    gguf_write_u32(writer, "a.u32", 4000000000u);
    gguf_write_f32(writer, "a.f32", -0.375f);
    gguf_write_bool(writer, "a.bool", true);
    gguf_write_text(writer, "a.text", "hello");
    gguf_write_strings(writer, "a.words", words, 3);
    gguf_write_array(writer, "a.numbers", GGUF_I32, numbers, 3);
}

static void check_all_kinds(const struct gguf *gguf)
{
    struct error error;
    uint32_t u32;
    float f32;
    bool flag;
    struct gguf_string text;
    struct gguf_array array;
    assert_ok(gguf_u32(gguf, "a.u32", &u32, &error), &error);
    assert_true(u32 == 4000000000u);
    assert_ok(gguf_f32(gguf, "a.f32", &f32, &error), &error);
    assert_true(f32 == -0.375f);
    assert_ok(gguf_bool_or(gguf, "a.bool", false, &flag, &error), &error);
    assert_true(flag);
    assert_ok(gguf_text(gguf, "a.text", &text, &error), &error);
    assert_true(gguf_string_equal(text, "hello"));
    assert_ok(gguf_array(gguf, "a.words", GGUF_STRING, &array, &error), &error);
    assert_int_equal(array.count, 3);
    const unsigned char *cursor = array.data;
    assert_true(gguf_string_equal(gguf_array_next_string(&cursor), "one"));
    assert_int_equal(gguf_array_next_string(&cursor).length, 0);
    text = gguf_array_next_string(&cursor);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 3);
    assert_ok(gguf_array(gguf, "a.numbers", GGUF_I32, &array, &error), &error);
    int32_t last;
    memcpy(&last, array.data + 8, sizeof last);
    assert_int_equal(last, 3000000);
}

static void test_round_trip(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf_write writer;
    struct error error;
    static const float vector[3] = { 1.0f, 2.0f, 3.0f };
    unsigned char matrix[5 * 34];
    for (size_t i = 0; i < sizeof matrix; i++)
        matrix[i] = (unsigned char)i;

    assert_ok(gguf_write_open(&writer, fixture->path, &error), &error);
    add_all_kinds(&writer);
    size_t v = gguf_write_tensor(&writer, "v", FORMAT_F32, 0, 3);
    size_t m = gguf_write_tensor(&writer, "m", FORMAT_Q8_0, 5, 32);
    assert_ok(gguf_write_begin(&writer, &error), &error);
    assert_false(file_exists(fixture->path)); /* nothing under the final name before finish */
    uint64_t size = gguf_write_size(&writer);
    /* Out of order and in pieces. */
    assert_ok(gguf_write_data(&writer, m, 34, matrix + 34, 4 * 34, &error), &error);
    assert_ok(gguf_write_data(&writer, v, 0, vector, sizeof vector, &error), &error);
    assert_ok(gguf_write_data(&writer, m, 0, matrix, 34, &error), &error);
    assert_int_equal(gguf_write_data(&writer, m, 5 * 34, matrix, 1, &error), ERROR_STATE);
    assert_ok(gguf_write_finish(&writer, &error), &error);

    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true((uint64_t)status.st_size == size);
    struct gguf gguf;
    assert_ok(gguf_open(&gguf, fixture->path, &error), &error);
    assert_int_equal(gguf.version, 3);
    check_all_kinds(&gguf);
    const struct gguf_tensor *tensor = gguf_find_tensor(&gguf, "v");
    assert_non_null(tensor);
    assert_int_equal(tensor->dimensions, 1);
    assert_memory_equal(tensor->data, vector, sizeof vector);
    tensor = gguf_find_tensor(&gguf, "m");
    assert_non_null(tensor);
    assert_int_equal(tensor->shape[0], 32);
    assert_int_equal(tensor->shape[1], 5);
    assert_int_equal(tensor->format, FORMAT_Q8_0);
    assert_memory_equal(tensor->data, matrix, sizeof matrix);
    gguf_close(&gguf);
}

/* Every key of one file, copied to another, reads the same. */
static void test_copied_keys(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf_write writer;
    struct error error;
    struct gguf gguf;
    char *source = mem_format("%s/source.gguf", fixture->directory);
    assert_ok(gguf_write_open(&writer, source, &error), &error);
    add_all_kinds(&writer);
    assert_ok(gguf_write_begin(&writer, &error), &error);
    assert_ok(gguf_write_finish(&writer, &error), &error);

    assert_ok(gguf_open(&gguf, source, &error), &error);
    assert_ok(gguf_write_open(&writer, fixture->path, &error), &error);
    for (size_t i = 0; i < gguf.key_count; i++)
        gguf_write_copy(&writer, &gguf.keys[i]);
    assert_ok(gguf_write_begin(&writer, &error), &error);
    assert_ok(gguf_write_finish(&writer, &error), &error);
    gguf_close(&gguf);

    assert_ok(gguf_open(&gguf, fixture->path, &error), &error);
    check_all_kinds(&gguf);
    gguf_close(&gguf);
    unlink(source);
    free(source);
}

static void test_abandon_keeps_the_old_file(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf_write writer;
    struct error error;
    assert_ok(file_write(fixture->path, "old", 3, &error), &error);
    assert_ok(gguf_write_open(&writer, fixture->path, &error), &error);
    gguf_write_tensor(&writer, "v", FORMAT_F32, 0, 1000);
    assert_ok(gguf_write_begin(&writer, &error), &error);
    assert_int_equal(count_files(fixture->directory), 2);
    gguf_write_abandon(&writer);
    assert_int_equal(count_files(fixture->directory), 1);
    char *data;
    size_t size;
    assert_ok(file_read(fixture->path, &data, &size, &error), &error);
    assert_string_equal(data, "old");
    free(data);
}

static void test_unwritable_paths(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf_write writer;
    struct error error;
    char *missing = mem_format("%s/missing/m.gguf", fixture->directory);
    assert_int_equal(gguf_write_open(&writer, missing, &error), ERROR_IO);
    assert_non_null(strstr(error.text, missing));
    assert_non_null(strstr(error.text, "No such file or directory"));
    free(missing);
    assert_int_equal(gguf_write_open(&writer, fixture->directory, &error), ERROR_IO);
    assert_non_null(strstr(error.text, "not a regular file"));
    /* Replacing a device by a file would be worse than any error. */
    assert_int_equal(gguf_write_open(&writer, "/dev/null", &error), ERROR_IO);
    assert_int_equal(count_files(fixture->directory), 0);
}

/* A file size limit stands in for a full disk: both refuse the reservation. */
static void test_no_room(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf_write writer;
    struct error error;
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){ 1 << 16, old.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_ok(gguf_write_open(&writer, fixture->path, &error), &error);
    gguf_write_tensor(&writer, "big", FORMAT_F32, 1024, 1024);
    int code = gguf_write_begin(&writer, &error);
    gguf_write_abandon(&writer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, ERROR_IO);
    assert_non_null(strstr(error.text, fixture->path));
    assert_non_null(strstr(error.text, "cannot reserve 4"));
    assert_int_equal(count_files(fixture->directory), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),       TEST(test_copied_keys), TEST(test_abandon_keeps_the_old_file),
        TEST(test_unwritable_paths), TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
