/* doctor_test.c: the doctor's text and JSON about a made-up machine against tests/golden/doctor_*.
 * PRONY_UPDATE_GOLDEN=1 rewrites them (scripts/golden). */
#include "tests/support/doctor_fixture.h"
#include "tests/support/tree.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Two fails, some warnings, some unknowns. */
static void spoil(struct doctor_fixture *f)
{
    tree_put(f->root, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    tree_put(f->root, "/sys/devices/system/cpu/cpufreq/boost", "1\n");
    tree_put(f->root, "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
    tree_put(f->root, "/proc/loadavg", "1.20 1.00 0.50 2/100 1234\n");
    tree_drop(f->root, "/sys/class/thermal");
    tree_drop(f->root, "/proc/pressure");
    f->detours[2].lost_ns = 283000000;
    f->detours[2].longest_ns = 12000000;
    f->options.model_bytes = 0;
    f->readings.pmu_errno = EACCES;
}

static void compare(const char *path, const char *actual, size_t length)
{
    char *expected;
    size_t expected_length;
    if (getenv("PRONY_UPDATE_GOLDEN"))
        assert_int_equal(file_write(path, actual, length, NULL), 0);
    assert_int_equal(file_read(path, &expected, &expected_length, NULL), 0);
    const char *e = expected, *a = actual;
    for (int line = 1; *e || *a; line++) {
        size_t e_length = strcspn(e, "\n"), a_length = strcspn(a, "\n");
        if (e_length != a_length || memcmp(e, a, e_length) != 0)
            fail_msg("%s:%d\n  expected: %.*s\n  actual:   %.*s\n(scripts/golden rewrites it)", path, line,
                     (int)e_length, e, (int)a_length, a);
        e += e_length + (e[e_length] != 0);
        a += a_length + (a[a_length] != 0);
    }
    free(expected);
}

enum form { FORM_TEXT, FORM_COLOR, FORM_JSON };

static void check(enum form form, bool spoilt, const char *path)
{
    struct doctor_fixture f;
    struct doctor_report report;
    char *text;
    size_t length;
    doctor_fixture_make(&f);
    if (spoilt)
        spoil(&f);
    doctor_check(&f.options, &f.arena, &report);
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    struct doctor_style style = { .color = form == FORM_COLOR,
                                  .width = form == FORM_COLOR ? 80 : 100,
                                  .fixable = doctor_fixable(f.root, &report, &f.arena) };
    if (form == FORM_JSON)
        doctor_print_json(file, &report);
    else
        doctor_print_text(file, &report, &style);
    fclose(file);
    compare(path, text, length);
    free(text);
    doctor_fixture_release(&f);
}

static void test_text(void **state)
{
    (void)state;
    check(FORM_TEXT, true, "tests/golden/doctor_text.txt");
}

static void test_color(void **state)
{
    (void)state;
    check(FORM_COLOR, true, "tests/golden/doctor_color.txt");
}

static void test_healthy(void **state)
{
    (void)state;
    check(FORM_TEXT, false, "tests/golden/doctor_healthy.txt");
}

static void test_json(void **state)
{
    (void)state;
    check(FORM_JSON, true, "tests/golden/doctor_json.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_healthy),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests_name("doctor_golden", tests, NULL, NULL);
}
