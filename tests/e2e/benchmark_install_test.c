/* benchmark_install_test.c: what `make install` puts where, what the libraries show to programs, and that nothing meets
 * Debian's C++ library of the same kind. */
#include "tests/support/package.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check_output(void **state, const char *line, const char *want)
{
    char *output = package_run(state, "%s", line);
    assert_string_equal(output, want);
    free(output);
}

static void test_files(void **state)
{
    check_output(state, "cd $P && find . ! -type d | grep -v '\\.so\\.' | LC_ALL=C sort",
                 "./include/prony/benchmark.h\n"
                 "./include/prony/reporter.h\n"
                 "./lib/libprony_benchmark.a\n"
                 "./lib/libprony_benchmark.so\n"
                 "./lib/libprony_benchmark_malloc.a\n"
                 "./lib/libprony_benchmark_malloc.so\n"
                 "./lib/pkgconfig/prony-benchmark.pc\n"
                 "./share/man/man3/prony-benchmark.3\n");
    check_output(state,
                 "version=$(cat VERSION); cd $P/lib && readlink libprony_benchmark.so.${version%%.*} | "
                 "sed s/$version/VERSION/",
                 "libprony_benchmark.so.VERSION\n");
    /* Readable by everybody, whatever the umask was. */
    check_output(state, "umask 077; make -s install DESTDIR=$W/mask; find $W/mask -type f ! -perm -444", "");
}

/* The variables move every part, DESTDIR goes before all, and uninstall takes back exactly what was put there. */
static void test_directories(void **state)
{
    check_output(state,
                 "set -e; set -- DESTDIR=$W/stage PREFIX=/opt/prony LIBDIR=/opt/prony/lib/x86 INCLUDEDIR=/opt/inc "
                 "MANDIR=/opt/man\n"
                 "make -s install \"$@\"\n"
                 "cd $W/stage && find . -name 'benchmark.h' -o -name '*.pc' -o -name '*.3' -o -name '*.a' | sort\n"
                 "cd - >/dev/null; touch $W/stage/opt/inc/other.h; make -s uninstall \"$@\"\n"
                 "find $W/stage ! -type d | sed \"s|$W||\"",
                 "./opt/inc/prony/benchmark.h\n"
                 "./opt/man/man3/prony-benchmark.3\n"
                 "./opt/prony/lib/x86/libprony_benchmark.a\n"
                 "./opt/prony/lib/x86/libprony_benchmark_malloc.a\n"
                 "./opt/prony/lib/x86/pkgconfig/prony-benchmark.pc\n"
                 "/stage/opt/inc/other.h\n");
}

static void test_pkg_config(void **state)
{
    check_output(state, "pkg-config --modversion prony-benchmark", package_run(state, "cat VERSION"));
    /* The installed tree may be moved. */
    check_output(state,
                 "cp -r $P $W/moved; printf '#include <prony/benchmark.h>\\nBENCHMARK_MAIN();\\n' >$W/moved.c\n"
                 "export PKG_CONFIG_PATH=$W/moved/lib/pkgconfig; mv $P $P.away\n"
                 "cc $W/moved.c $(pkg-config --cflags --libs prony-benchmark) -o $W/moved.out; status=$?\n"
                 "mv $P.away $P; exit $status",
                 "");
    check_output(state, "pkg-config --static --libs prony-benchmark | grep -c -- -lm", "1\n");
}

/* Names that a linker sees, against those that the headers declare (gcc lists these). */
#define EXPORTED "nm %s $P/lib/libprony_benchmark.%s | awk 'NF == 3 { print $3 }' | sort >$W/exported;"
#define DECLARED                                                                                                  \
    "printf '#include <prony/reporter.h>\\n' | gcc -I$P/include -fsyntax-only -aux-info $W/all -x c - && "        \
    "grep -E '/prony/[^ ]* \\*/ extern ' $W/all | sed -E 's/^[^(]*[ *](benchmark_[a-z0-9_]+) \\(.*/\\1/' | sort " \
    ">$W/declared;"

static void check_symbols(void **state, const char *options, const char *suffix)
{
    if (!package_has(state, "gcc"))
        skip();
    char *output = package_run(state,
                               DECLARED EXPORTED "test $(wc -l <$W/declared) -gt 100; comm -3 $W/declared "
                                                 "$W/exported",
                               options, suffix);
    if (output[0])
        fail_msg("declared but not exported, or (indented) the other way round:\n%s", output);
    free(output);
}

static void test_shared_symbols(void **state)
{
    check_symbols(state, "-D --defined-only", "so");
    check_output(state,
                 "version=$(cat VERSION); readelf -d $P/lib/libprony_benchmark.so | sed -n 's/.*SONAME.*\\[//p' | "
                 "sed s/${version%%.*}/MAJOR/",
                 "libprony_benchmark.so.MAJOR]\n");
    /* No library but the system's. */
    check_output(state,
                 "readelf -d $P/lib/libprony_benchmark.so | grep NEEDED | grep -vE "
                 "'\\[(libc|libm|libpthread|libpfm|ld-linux[^]]*)\\.so' || true",
                 "");
}

static void test_static_symbols(void **state)
{
    check_symbols(state, "-g --defined-only", "a");
}

/* A program may have functions of the names that the library uses inside. */
static void test_programs_names(void **state)
{
    check_output(
        state,
        "cat >$W/names.c <<'.'\n"
        "#include <prony/benchmark.h>\n"
        "int str_append(void); int str_append(void) { return 1; }\n"
        "int mem_alloc(void); int mem_alloc(void) { return 2; }\n"
        "int pool_run, log_error, clock_wall_ns, error_set, arena_alloc;\n"
        "static void BM_names(struct benchmark_state *state)\n"
        "{\n"
        "    while (benchmark_state_keep_running(state))\n"
        "        pool_run += str_append() + mem_alloc();\n"
        "}\n"
        "BENCHMARK_WITH(BM_names, benchmark_iterations(family, 4));\n"
        "BENCHMARK_MAIN();\n"
        ".\n"
        "static=$(pkg-config --static --libs prony-benchmark | sed s/-lprony/-l:libprony/\\;s/_benchmark/\\&.a/)\n"
        "for link in \"$static\" '-L$P/lib -lprony_benchmark'; do\n"
        "    eval cc -I$P/include $W/names.c $link -o $W/names && "
        "$W/names --benchmark_format=csv 2>/dev/null | cut -d, -f1,2\n"
        "done",
        "name,iterations\n\"BM_names/iterations:4\",4\nname,iterations\n\"BM_names/iterations:4\",4\n");
}

/* The counting malloc is there only for programs that link it, shared or static. */
static void test_counting_malloc(void **state)
{
    check_output(
        state,
        "cat >$W/malloc.c <<'.'\n"
        "#include <prony/benchmark.h>\n"
        "#include <stdlib.h>\n"
        "static void BM_three(struct benchmark_state *state)\n"
        "{\n"
        "    while (benchmark_state_keep_running(state))\n"
        "        for (int i = 0; i < 3; i++) {\n"
        "            void *memory = malloc(100);\n"
        "            benchmark_do_not_optimize(memory);\n"
        "            free(memory);\n"
        "        }\n"
        "}\n"
        "BENCHMARK_WITH(BM_three, benchmark_iterations(family, 10));\n"
        "BENCHMARK_MAIN();\n"
        ".\n"
        "for library in '' -lprony_benchmark_malloc -l:libprony_benchmark_malloc.a; do\n"
        "    cc $W/malloc.c $(pkg-config --cflags --libs prony-benchmark) $library -o $W/malloc && "
        "$W/malloc --prony_memory --benchmark_format=json 2>/dev/null | grep -c '\"allocs_per_iter\": 3.0*e+00'\n"
        "done; true",
        "0\n1\n1\n");
}

static void test_headers_stand_alone(void **state)
{
    check_output(state, "grep -nE '#include \"|harness/' $P/include/prony/*.h || true", "");
}

/* ---- beside Debian's libbenchmark-dev ---- */

static void test_no_file_of_debian(void **state)
{
    char *output;
    if (package_try(state, &output, "dpkg -L libbenchmark-dev >$W/debian && grep -q benchmark.h $W/debian") != 0) {
        free(output);
        skip();
    }
    free(output);
    /* Same path below the prefix: only directories. */
    check_output(state,
                 "cd $P && find . ! -type d | sed 's|^\\.|/usr|' | sort >$W/ours; sort $W/debian | comm -12 - $W/ours",
                 "");
    check_output(state, "pkg-config --exists benchmark && pkg-config --exists prony-benchmark && echo both", "both\n");
}

static void test_program_with_both(void **state)
{
    char *output;
    int status = package_try(state, &output, "pkg-config --exists benchmark && command -v g++");
    free(output);
    if (status != 0)
        skip();
    output = package_run(
        state,
        "cat >$W/theirs.cc <<'.'\n"
        "#include <benchmark/benchmark.h>\n"
        "extern \"C\" int run_ours(int argc, char **argv);\n"
        "static void BM_theirs(benchmark::State &state) { for (auto _ : state) benchmark::ClobberMemory(); }\n"
        "BENCHMARK(BM_theirs)->Iterations(3);\n"
        "int main(int argc, char **argv)\n"
        "{\n"
        "    int count = argc;\n"
        "    char *copy[8];\n"
        "    for (int i = 0; i <= argc; i++) copy[i] = argv[i];\n"
        "    benchmark::Initialize(&argc, argv);\n"
        "    return benchmark::RunSpecifiedBenchmarks() != 1 || run_ours(count, copy);\n"
        "}\n"
        ".\n"
        "cat >$W/ours.cc <<'.'\n"
        "#include <prony/benchmark.h>\n"
        "static void BM_ours(struct benchmark_state *state) { BENCHMARK_LOOP(state) benchmark_clobber_memory(); }\n"
        "BENCHMARK_WITH(BM_ours, benchmark_iterations(family, 5));\n"
        "extern \"C\" int run_ours(int argc, char **argv);\n"
        "extern \"C\" int run_ours(int argc, char **argv)\n"
        "{\n"
        "    benchmark_initialize(&argc, argv);\n"
        "    return benchmark_run_specified() != 1;\n"
        "}\n"
        ".\n"
        "g++ -std=c++17 -Wall -Wextra -Werror $W/theirs.cc $W/ours.cc -o $W/both "
        "$(pkg-config --cflags --libs benchmark prony-benchmark) -pthread && "
        "$W/both --benchmark_format=csv 2>/dev/null | cut -d, -f1,2 | grep BM");
    assert_string_equal(output, "\"BM_theirs/iterations:3\",3\n\"BM_ours/iterations:5\",5\n");
    free(output);
}

/* ---- the manual ---- */

static void test_manual_renders(void **state)
{
    if (package_has(state, "man"))
        check_output(state, "man --warnings -l $P/share/man/man3/prony-benchmark.3 2>&1 >/dev/null", "");
    if (package_has(state, "groff"))
        check_output(state, "groff -man -Tutf8 -ww $P/share/man/man3/prony-benchmark.3 2>&1 >/dev/null", "");
    if (package_has(state, "mandoc"))
        check_output(state, "mandoc -Tlint -W warning $P/share/man/man3/prony-benchmark.3", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_pkg_config),
        cmocka_unit_test(test_shared_symbols),
        cmocka_unit_test(test_static_symbols),
        cmocka_unit_test(test_programs_names),
        cmocka_unit_test(test_counting_malloc),
        cmocka_unit_test(test_headers_stand_alone),
        cmocka_unit_test(test_no_file_of_debian),
        cmocka_unit_test(test_program_with_both),
        cmocka_unit_test(test_manual_renders),
    };
    return cmocka_run_group_tests(tests, package_set_up, package_tear_down);
}
