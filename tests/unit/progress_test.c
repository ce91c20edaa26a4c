/* progress_test.c: what a run says on a terminal and off it. */
#include "harness/run/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECOND 1000000000ll

struct screen {
    char *text;
    size_t size;
    FILE *stream;
    struct progress progress;
};

static void open_screen(struct screen *screen, bool terminal, bool quiet)
{
    screen->stream = open_memstream(&screen->text, &screen->size);
    assert_non_null(screen->stream);
    progress_begin(&screen->progress, screen->stream, quiet, 0);
    assert_false(screen->progress.is_terminal); /* memory is none */
    screen->progress.is_terminal = terminal;
    screen->progress.columns = 60;
    screen->progress.round_count = 4;
    screen->progress.total = 40;
}

static void close_screen(struct screen *screen)
{
    fclose(screen->stream);
    free(screen->text);
}

static void test_lines(void **state)
{
    (void)state;
    struct screen screen;
    open_screen(&screen, false, false);
    struct progress *progress = &screen.progress;
    progress_round_begin(progress, 0, 0);
    progress_show(progress, "kernels a", SECOND);
    progress_tick(progress, 2 * SECOND);
    progress_clear(progress);
    progress->sample_count = 10;
    progress->failure_count = 1;
    progress->estimated_left_s = 200.2;
    progress_round_end(progress, 61 * SECOND);
    progress_round_begin(progress, 1, 61 * SECOND);
    progress->sample_count = 25;
    progress->estimated_left_s = 0;
    progress_round_end(progress, 62 * SECOND);
    fflush(screen.stream);
    assert_string_equal(screen.text, "round 1/4: 10 samples in 1:01, 1 failures so far, about 3:20 left\n"
                                     "round 2/4: 15 samples in 1 s, 1 failures so far\n");
    close_screen(&screen);
}

static void test_terminal(void **state)
{
    (void)state;
    struct screen screen;
    open_screen(&screen, true, false);
    struct progress *progress = &screen.progress;
    progress_round_begin(progress, 1, 0);
    progress->done = 20;
    progress->estimated_left_s = 45;
    progress_show(progress, "kernels a-very-long-name-that-cannot-fit-in-the-line", SECOND);
    fflush(screen.stream);
    /* Redrawn in place, half full, and never as wide as the terminal. */
    const char *line = strstr(screen.text, "\r\033[K");
    assert_ptr_equal(line, screen.text);
    assert_non_null(strstr(line, "[============>           ] round 2/4 45 s left  kernels"));
    assert_int_equal(strlen(line + 4), 59);
    assert_null(strchr(screen.text, '\n'));
    progress_round_end(progress, 2 * SECOND); /* no lines on a terminal */
    progress->estimated_left_s = -1;
    progress_tick(progress, 75 * SECOND); /* nothing known yet: then the time that went by */
    fflush(screen.stream);
    assert_null(strchr(screen.text, '\n'));
    assert_non_null(strstr(screen.text, "round 2/4 1:15  "));
    close_screen(&screen);
}

static void test_quiet(void **state)
{
    (void)state;
    for (int terminal = 0; terminal < 2; terminal++) {
        struct screen screen;
        open_screen(&screen, terminal == 1, true);
        progress_round_begin(&screen.progress, 0, 0);
        progress_show(&screen.progress, "x", SECOND);
        progress_round_end(&screen.progress, SECOND);
        progress_clear(&screen.progress);
        fflush(screen.stream);
        assert_int_equal(screen.size, 0);
        close_screen(&screen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
