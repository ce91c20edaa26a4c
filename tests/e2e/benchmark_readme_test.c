/* benchmark_readme_test.c: libbenchmark's README, taken literally: a newcomer's first benchmark, the programs that it
 * shows, and its list of flags, which is the manual's and --help's. */
#include "tests/support/package.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define README "harness/benchmark/README.md"
/* Block number N of the README that starts with ```LANGUAGE. */
#define BLOCK(language, n)                                                                                 \
    "awk '/^```/ { open = !open; inside = open && $0 == \"```" language "\" && ++count == " #n "; next } " \
    "inside' " README

/* Prony's directory is stood in for by one whose Makefile passes "make install" on; HOME is the test's own. */
static void test_first_benchmark(void **state)
{
    free(package_run(state,
                     "mkdir -p $W/readme $W/home && printf 'install:\\n\\t@$(MAKE) -s -C %%s install\\n' \"$PWD\" "
                     ">$W/readme/Makefile"));
    free(package_run(state, BLOCK("c", 1) " >$W/readme/copy.c"));
    free(package_run(state, BLOCK("", 1) " >$W/readme/commands && grep -q '^make install' $W/readme/commands"));
    char *output = package_run(
        state, "export HOME=$W/home BENCHMARK_MIN_TIME=0.01s; cd $W/readme && sh -e ./commands 2>/dev/null");
    assert_non_null(strstr(output, "\nBM_copy/64 "));
    assert_non_null(strstr(output, "\nBM_copy/8192 "));
    assert_non_null(strstr(output, "bytes_per_second="));
    free(output);
}

/* The last block of commands links the same program statically. */
static void test_static_link(void **state)
{
    char *output = package_run(state, "export HOME=$W/home PKG_CONFIG_PATH=$W/home/prony/lib/pkgconfig; " BLOCK(
                                          "", 2) " >$W/link; "
                                                 "cd $W/readme && sh -e $W/link && ! ldd ./copy | grep libprony && "
                                                 "./copy --benchmark_list_tests");
    assert_string_equal(output, "BM_copy/64\nBM_copy/512\nBM_copy/4096\nBM_copy/8192\n");
    free(output);
}

/* Every other whole program of the README and the one of the manual compile without a warning, and run. */
static void test_other_programs(void **state)
{
    free(package_run(state, BLOCK("c", 2) " >$W/second.c && grep -q '#include <prony/' $W/second.c && "
                                          "sed -n '/^#include <prony.benchmark.h>/,/^\\.fi/{/^\\.fi/!p}' "
                                          "harness/benchmark/prony-benchmark.3 | sed '1,/^BENCHMARK_MAIN/!d' "
                                          ">$W/manual.c && grep -q BENCHMARK_MAIN $W/manual.c"));
    free(package_run(state,
                     "for name in second manual; do cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 $W/$name.c -o "
                     "$W/$name $(pkg-config --cflags --libs prony-benchmark) && $W/$name --benchmark_dry_run "
                     "|| exit 1; done"));
}

/* Every flag of --help is in the manual and in the README, and they name none that does not exist. */
static void test_flags_are_documented(void **state)
{
    char *output =
        package_run(state, "printf '#include <prony/benchmark.h>\\nBENCHMARK_MAIN();\\n' >$W/help.c\n"
                           "cc $W/help.c $(pkg-config --cflags --libs prony-benchmark) -o $W/help\n"
                           "flags() { tr -d '\\\\' | grep -oE -- '--(benchmark|prony)_[a-z_]+' | sort -u; }\n"
                           "$W/help --help | flags >$W/flags\n"
                           "test $(wc -l <$W/flags) -ge 15 || echo 'no flags'\n"
                           "flags <harness/benchmark/prony-benchmark.3 | comm -3 $W/flags - | sed 's/^/manual: /'\n"
                           "flags <" README " | comm -3 $W/flags - | sed 's/^/README: /'");
    assert_string_equal(output, "");
    free(output);
}

/* Every extra key that the library can write is in the README. */
static void test_keys_are_documented(void **state)
{
    char *output =
        package_run(state, "grep -ohE '\\\\?\"prony_[a-z_]+' harness/benchmark/report_json.c "
                           "harness/benchmark/library.c | tr -d '\\\\\"' | sort -u | while read -r key; do grep "
                           "-qw \"$key\" " README " || echo $key; done");
    assert_string_equal(output, "");
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_benchmark),     cmocka_unit_test(test_static_link),
        cmocka_unit_test(test_other_programs),      cmocka_unit_test(test_flags_are_documented),
        cmocka_unit_test(test_keys_are_documented),
    };
    return cmocka_run_group_tests(tests, package_set_up, package_tear_down);
}
