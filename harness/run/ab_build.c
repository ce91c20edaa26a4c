/* ab_build.c: the build commands of a side, one shell each, in the root of its tree; what they say goes into a file. */
#include "harness/run/ab_internal.h"
#include "harness/run/child.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL_LINES = 15, TAIL_BYTES = 4000 };

/* The end of the log, as talk. */
static void show_tail(struct ab *ab, const char *log_path)
{
    char *text;
    size_t size;
    if (file_read(log_path, &text, &size, NULL) != 0)
        return;
    const char *tail = text_clean_tail(&ab->arena, text, size, TAIL_BYTES), *start = tail + strlen(tail);
    for (int lines = 0; start > tail && lines < TAIL_LINES; start--)
        lines += start[-1] == '\n';
    if (start > tail && *start != '\n')
        start += 1;
    for (const char *line = start; *line;) {
        size_t length = strcspn(line, "\n");
        log_info("  | %.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
    free(text);
}

static int run_line(struct ab *ab, struct ab_side *side, const char *line, const char *log_path, struct error *error)
{
    const char *script = arena_format(&ab->arena, "exec >>\"$1\" 2>&1; shift\n%s", line);
    const char *const arguments[] = { "/bin/sh", "-c", script, "sh", log_path, NULL };
    struct child_request request = { .arguments = arguments,
                                     .directory = side->path,
                                     .timeout_s = side->conf.build_timeout_s,
                                     .output_limit_bytes = 1 << 20,
                                     .interrupt_fd = ab->interrupt.fd };
    struct child_result result;
    char text[128];
    int code = child_run(&request, &result, error);
    if (code != 0)
        return code;
    if (result.end == CHILD_INTERRUPTED) {
        code = error_set(error, ERROR_STATE, "interrupted while %s was built", side->text);
    } else if (result.end != CHILD_EXITED || result.status != 0) {
        show_tail(ab, log_path);
        code = error_set(error, ERROR_IO, "%s does not build: '%.150s' %s; all it said: %s", side->text, line,
                         child_describe(&result, &request, text, sizeof text), log_path);
    }
    child_release(&result);
    return code;
}

int ab_build_run(struct ab *ab, struct ab_side *side, const char *log_path, struct error *error)
{
    int64_t began_ns = clock_wall_ns();
    char took[32];
    int code = 0;
    if (truncate(log_path, 0) != 0 && errno != ENOENT)
        return error_system(error, errno, "%s", log_path);
    for (size_t i = 0; code == 0 && i < side->conf.build.count; i++) {
        log_info("building %s: %s", side->text, side->conf.build.items[i]);
        code = run_line(ab, side, side->conf.build.items[i], log_path, error);
    }
    if (code == 0 && side->conf.build.count)
        log_info("built %s in %s", side->text,
                 str_duration(took, sizeof took, (double)(clock_wall_ns() - began_ns) / 1e9));
    return code;
}
