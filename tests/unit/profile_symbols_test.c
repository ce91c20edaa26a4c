/* profile_symbols_test.c: addresses of this program and of others -> functions; mappings; C++ names. */
#include "harness/probe/profile/demangle.h"
#include "harness/probe/profile/symbols.h"
#include "harness/base/file.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <cmocka.h>

static int open_self(void **state)
{
    char *text;
    size_t size;
    struct symbols *symbols;
    if (file_read("/proc/self/maps", &text, &size, NULL) != 0 || symbols_open(&symbols, text, NULL) != 0)
        return -1;
    free(text);
    *state = symbols;
    return 0;
}

static int close_self(void **state)
{
    symbols_close(*state);
    return 0;
}

static uint64_t address_of(void (*function)(void))
{
    uint64_t address = 0;
    memcpy(&address, &function, sizeof function);
    return address;
}

__attribute__((noinline)) static uint64_t where_called(void)
{
    __asm__ volatile("");
    return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

__attribute__((always_inline)) static inline uint64_t inlined_inner(void)
{
    uint64_t address = where_called();
    __asm__ volatile("" : "+r"(address));
    return address;
}

__attribute__((noinline)) static uint64_t outer(void)
{
    return inlined_inner();
}

static void test_function(void **state)
{
    struct stacks_frame frames[SYMBOLS_DEPTH];
    assert_int_equal(symbols_resolve(*state, address_of((void (*)(void))where_called), false, frames, SYMBOLS_DEPTH),
                     1);
    assert_string_equal(frames[0].function, "where_called");
    assert_string_equal(frames[0].object, "profile_symbols_test");
    assert_non_null(strstr(frames[0].file, "profile_symbols_test.c"));
    assert_true(frames[0].line > 10);
    assert_int_equal(frames[0].kind, STACKS_USER);
    /* The byte before a function is another's; as a return address its start means that one. */
    symbols_resolve(*state, address_of((void (*)(void))where_called) + 1, true, frames, SYMBOLS_DEPTH);
    assert_string_equal(frames[0].function, "where_called");
}

static void test_inlined(void **state)
{
    struct stacks_frame frames[SYMBOLS_DEPTH];
    uint64_t address = outer();
    assert_int_equal(symbols_resolve(*state, address, true, frames, SYMBOLS_DEPTH), 2);
    assert_string_equal(frames[0].function, "inlined_inner");
    assert_int_equal(frames[0].kind, STACKS_INLINE);
    assert_string_equal(frames[1].function, "outer");
    assert_int_equal(frames[1].kind, STACKS_USER);
    /* Little room: the function itself stays. */
    assert_int_equal(symbols_resolve(*state, address, true, frames, 1), 1);
    assert_string_equal(frames[0].function, "outer");
}

static void test_libraries(void **state)
{
    struct stacks_frame frames[SYMBOLS_DEPTH];
    size_t count = symbols_resolve(*state, address_of((void (*)(void))getauxval), false, frames, SYMBOLS_DEPTH);
    assert_non_null(strstr(frames[count - 1].function, "getauxval"));
    assert_non_null(strstr(frames[count - 1].object, "libc.so"));
    uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    if (vdso == 0)
        return;
    /* Somewhere in its text; whatever it is called, it is known to be there. */
    symbols_resolve(*state, vdso + 0x700, false, frames, SYMBOLS_DEPTH);
    assert_string_equal(frames[0].object, "[vdso]");
}

static void test_unknown(void **state)
{
    struct stacks_frame frames[SYMBOLS_DEPTH];
    int on_stack = 0;
    uint64_t addresses[] = { 0, 1, UINT64_MAX, (uint64_t)(uintptr_t)&on_stack };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        for (int is_return = 0; is_return < 2; is_return++) {
            assert_int_equal(symbols_resolve(*state, addresses[i], is_return, frames, SYMBOLS_DEPTH), 1);
            assert_string_equal(frames[0].function, "[unknown]");
            assert_int_equal(frames[0].kind, STACKS_MARK);
        }
}

static void test_bad_files(void **state)
{
    (void)state;
    char path[] = "/tmp/prony-symbols-XXXXXX", line[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs("\177ELF and then nothing that makes sense", file);
    fclose(file);
    const char *paths[] = {
        path, "/nonexistent/lib.so (deleted)", "/dev/zero", "/proc/self/mem", "//anon", "", "[heap]"
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct symbols *symbols;
        struct error error;
        struct stacks_frame frame;
        snprintf(line, sizeof line, "1000-2000 r-xp 00000000 08:01 12   %s\n", paths[i]);
        assert_int_equal(symbols_open(&symbols, line, &error), 0);
        assert_int_equal(symbols_resolve(symbols, 0x1800, false, &frame, 1), 1);
        assert_string_equal(frame.function, "[unknown]");
        assert_string_equal(frame.object, i < 4 ? strrchr(paths[i], '/') + 1 : "");
        symbols_close(symbols);
    }
    remove(path);
    struct symbols *symbols;
    struct error error;
    assert_int_equal(symbols_open(&symbols, "rubbish\n\n1-", &error), ERROR_FORMAT);
    assert_null(symbols);
    symbols_close(NULL);
}

static void check_map(const struct maps *maps, uint64_t address, const char *path, uint64_t offset)
{
    const struct map *map = maps_find(maps, address);
    if (!path) {
        assert_null(map);
        return;
    }
    assert_non_null(map);
    assert_string_equal(map->path, path);
    assert_int_equal(address - map->start + map->offset, offset);
}

static void test_maps(void **state)
{
    (void)state;
    struct maps maps = { 0 }, copy = { 0 };
    maps_add(&maps, 100, 200, 0, "a");
    maps_add(&maps, 200, 300, 50, "b");
    maps_add(&maps, 5, 5, 0, "empty");
    maps_add(&maps, 140, 160, 1000, "hole");
    check_map(&maps, 99, NULL, 0);
    check_map(&maps, 139, "a", 39);
    check_map(&maps, 140, "hole", 1000);
    check_map(&maps, 160, "a", 60);
    check_map(&maps, 299, "b", 149);
    check_map(&maps, 300, NULL, 0);
    maps_copy(&copy, &maps);
    maps_add(&maps, 0, 400, 7, "all");
    assert_int_equal(maps.count, 1);
    check_map(&maps, 250, "all", 257);
    check_map(&copy, 250, "b", 100);
    maps_add(&copy, 150, 250, 0, "over");
    check_map(&copy, 149, "hole", 1009);
    check_map(&copy, 150, "over", 0);
    check_map(&copy, 250, "b", 100);
    maps_add_text(&copy, "1000-2000 r-xp 00000010 08:01 12   /a name\n2000-3000 rw-p 00000000 08:01 12   /data\nx");
    check_map(&copy, 0x1001, "/a name", 0x11);
    check_map(&copy, 0x2001, NULL, 0);
    maps_release(&maps);
    maps_release(&copy);
}

static void test_demangle(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(demangle(&arena, "main"), "main");
    assert_string_equal(demangle(&arena, "_Znonsense"), "_Znonsense");
    if (strcmp(demangle(&arena, "_ZN4ggml3mulEiRf"), "_ZN4ggml3mulEiRf") == 0) {
        arena_release(&arena);
        skip(); /* no libstdc++ here */
    }
    assert_string_equal(demangle(&arena, "_ZN4ggml3mulEiRf"), "ggml::mul");
    assert_string_equal(demangle(&arena, "_ZNK1AclEi"), "A::operator()");
    assert_string_equal(demangle(&arena, "_ZN12_GLOBAL__N_11fEv"), "(anonymous namespace)::f");
    assert_string_equal(demangle(&arena, "_ZTV1A"), "vtable for A");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_function, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_inlined, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_libraries, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_unknown, open_self, close_self),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_demangle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
