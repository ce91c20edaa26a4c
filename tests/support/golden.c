/* golden.c: see golden.h. */
#include "tests/support/golden.h"
#include "harness/base/file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void compare(const char *path, const char *expected, const char *actual)
{
    for (int line = 1; *expected || *actual; line++) {
        size_t a = strcspn(expected, "\n"), b = strcspn(actual, "\n");
        if (a != b || memcmp(expected, actual, a) != 0)
            fail_msg("%s:%d\n  expected: %.*s\n  actual:   %.*s\n(scripts/golden rewrites it)", path, line, (int)a,
                     expected, (int)b, actual);
        expected += a + (expected[a] != 0);
        actual += b + (actual[b] != 0);
    }
}

void golden_check(const char *path, const char *actual)
{
    char *expected;
    size_t length;
    struct error error;
    if (getenv("PRONY_UPDATE_GOLDEN")) {
        assert_int_equal(file_write(path, actual, strlen(actual), &error), 0);
        return;
    }
    if (file_read(path, &expected, &length, &error))
        fail_msg("%s", error.text);
    compare(path, expected, actual);
    free(expected);
}
