/* benchmark_callers_test.c: users' programs in C and C++ against the installed library: the headers without a warning
 * under every standard, every macro at every optimization, linked statically and dynamically. Compilers that are not
 * here are left out. */
#include "tests/support/package.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WARNINGS "-Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow"

static const struct compiler {
    const char *command, *warnings;
    const char *standards[5];
} compilers[] = {
    { "gcc", WARNINGS " -Wstrict-prototypes -Wmissing-prototypes -x c", { "c11", "c17", "gnu11" } },
    { "clang", WARNINGS " -Wstrict-prototypes -Wmissing-prototypes -x c", { "c11", "c17", "gnu11" } },
    { "g++", WARNINGS " -Wold-style-cast -x c++", { "c++11", "c++17", "c++20" } },
    { "clang++", WARNINGS " -Wold-style-cast -x c++", { "c++11", "c++17", "c++20" } },
};
enum { COMPILERS = sizeof compilers / sizeof compilers[0] };

static void test_no_warning(void **state)
{
    for (const struct compiler *compiler = compilers; compiler < compilers + COMPILERS; compiler++) {
        if (!package_has(state, compiler->command))
            continue;
        for (size_t i = 0; compiler->standards[i]; i++)
            free(package_run(state, "%s -std=%s %s -I$P/include -fsyntax-only tests/e2e/benchmark_caller.c",
                             compiler->command, compiler->standards[i], compiler->warnings));
    }
}

/* Each header alone. */
static void test_headers_alone(void **state)
{
    for (const struct compiler *compiler = compilers; compiler < compilers + COMPILERS; compiler++)
        if (package_has(state, compiler->command))
            free(package_run(state,
                             "for header in $P/include/prony/*.h; do %s -std=%s %s -I$P/include -include $header "
                             "-fsyntax-only - </dev/null || exit 1; done",
                             compiler->command, compiler->standards[0], compiler->warnings));
}

static void check_program(void **state, const char *program)
{
    char *names = package_run(state, "%s --benchmark_list_tests", program);
    assert_string_equal(names, "BM_first\n"
                               "BM_copy/size:4\nBM_copy/size:16\nBM_copy/size:64\n"
                               "BM_options/slow\nBM_options/fast/iterations:4\n"
                               "BM_named/case\n"
                               "BM_add<int>\nBM_add<double>\n"
                               "BM_pair<int,char>\nrenamed\n"
                               "filled/BM_read\nfilled/BM_read/1\n");
    free(names);
    char *rows = package_run(state,
                             "%s --benchmark_min_time=6x --benchmark_format=csv 2>/dev/null | "
                             "awk -F, -v OFS=, 'NR > 1 { print $1, $2, $8, $9, $10, $11 }'",
                             program);
    /* name, iterations, label, error, message, count */
    static const char *const want[] = { "\"BM_first\",6,,,,6\n", "\"BM_options/slow\",6,,,,1.5\n",
                                        "\"BM_options/fast/iterations:4\",4,,,,1.5\n",
                                        "\"BM_named/case\",,,false,\"1 is enough\"",
                                        "\"filled/BM_read/1\",6,\"7\",,,\n" };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        if (!strstr(rows, want[i]))
            fail_msg("%s: no row %s in:\n%s", program, want[i], rows);
    free(rows);
}

/* Names in the order of the source, the parameters of captures, and a count in every loop, also if the linker optimizes
 * (which reverses constructors). */
static void check_compiler(void **state, const struct compiler *compiler)
{
    static const char *const optimizations[] = { "-O0", "-O2", "-O3 -flto" };
    static const char *const links[] = {
        "$(pkg-config --libs prony-benchmark)",
        "-L$P/lib -l:libprony_benchmark.a "
        "$(pkg-config --static --libs prony-benchmark | sed 's/-lprony_benchmark//')"
    };
    if (!package_has(state, compiler->command))
        skip();
    for (size_t i = 0; i < sizeof optimizations / sizeof optimizations[0]; i++) {
        char *output;
        int can =
            package_try(state, &output, "echo 'int main(void) { return 0; }' >$W/can.c && %s %s $W/can.c -o $W/can",
                        compiler->command, optimizations[i]);
        free(output);
        if (can != 0)
            continue; /* no linker plugin */
        free(package_run(state,
                         "%s %s %s $(pkg-config --cflags prony-benchmark) -c tests/e2e/benchmark_caller.c "
                         "-o $W/caller.o",
                         compiler->command, optimizations[i], compiler->warnings));
        for (size_t j = 0; j < 2; j++) {
            free(package_run(state, "%s %s $W/caller.o -o $W/caller%zu %s", compiler->command, optimizations[i], j,
                             links[j]));
            check_program(state, j ? "$W/caller1" : "$W/caller0");
        }
    }
    free(package_run(state, "ldd $W/caller0 | grep -q libprony && ! ldd $W/caller1 | grep -q libprony"));
}

static void test_gcc(void **state)
{
    check_compiler(state, &compilers[0]);
}

static void test_clang(void **state)
{
    check_compiler(state, &compilers[1]);
}

static void test_gxx(void **state)
{
    check_compiler(state, &compilers[2]);
}

static void test_clangxx(void **state)
{
    check_compiler(state, &compilers[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_warning), cmocka_unit_test(test_headers_alone), cmocka_unit_test(test_gcc),
        cmocka_unit_test(test_clang),      cmocka_unit_test(test_gxx),           cmocka_unit_test(test_clangxx),
    };
    return cmocka_run_group_tests(tests, package_set_up, package_tear_down);
}
