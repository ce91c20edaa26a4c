/* golden_test.c: the registrations of registrations.h print what Google Benchmark printed for the same registrations
 * (golden/, made by compare_with_upstream.sh), byte for byte, in every format and mode of golden/cases.txt. What is
 * taken out of both first is listed at normalize; what is taken out of ours alone are lines with prony_ keys. */
#include "tests/conformance/registrations.h"
#include "tests/unit/benchmark_support.h"

#define GOLDEN "tests/conformance/golden/"

/* ---- what a run printed, made comparable ---- */

static bool machine_fact(const char *line)
{
    static const char *const keys[] = {
        "date",         "host_name", "executable",      "num_cpus",          "mhz_per_cpu", "cpu_scaling_enabled",
        "aslr_enabled", "load_avg",  "library_version", "library_build_type"
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char start[64];
        snprintf(start, sizeof start, "    \"%s\": ", keys[i]);
        if (str_starts(line, start))
            return true;
    }
    return false;
}

/* Lines of the context whose number or text is the machine's. */
static bool machine_line(const char *line)
{
    static const char *const starts[] = { "CPU Caches:", "  L1 ",          "  L2 ",          "  L3 ",
                                          "  L4 ",       "Load Average: ", "***WARNING*** ", "-- LOG(0): " };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (str_starts(line, starts[i]))
            return true;
    return false;
}

static bool is_date(const char *line)
{
    return strlen(line) == strlen("2026-11-21T08:15:30+01:00") && str_starts(line, "20") && line[10] == 'T';
}

/* Copies a line; numbers below 1e-16, which are rounding errors, become 0. */
static void append_line(struct str *str, const char *line)
{
    while (*line) {
        size_t digits = strspn(line, "0123456789.");
        if (!digits) {
            str_append_char(str, *line++);
            continue;
        }
        char *end;
        bool noise = str_starts(line + digits, "e-") && strtol(line + digits + 2, &end, 10) > 16;
        if (noise)
            str_append_char(str, '0');
        else
            str_append_bytes(str, line, digits);
        line = noise ? end : line + digits;
    }
    str_append_char(str, '\n');
}

/* A number of an aggregate that is a small difference of large numbers: 12 digits. */
static void append_rounded(struct str *str, const char *line)
{
    const char *colon = strstr(line, "\": ");
    char *end = NULL;
    double value = colon ? strtod(colon + 3, &end) : 0;
    if (colon && end > colon + 3 && strchr(colon + 3, 'e'))
        str_appendf(str, "%.*s%.11e%s\n", (int)(colon + 3 - line), line, value, end);
    else
        append_line(str, line);
}

static bool is_rounded_aggregate(const char *line)
{
    static const char *const ends[] = { "_stddev\",", "_cv\",", "_BigO\",", "_RMS\"," };
    size_t length = strlen(line);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (length > strlen(ends[i]) && strcmp(line + length - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

/* Closes an object whose last member was dropped. */
static void drop_comma(struct str *str)
{
    if (str->length > 1 && str->data[str->length - 2] == ',') {
        str->data[str->length - 2] = '\n';
        str->data[--str->length] = 0;
    }
}

/* Facts of the machine and of the day, the words of the regex engine, the note about a missing suffix (there once for
 * each family), rounding errors, prony_ keys. */
static void normalize(struct str *str, char *text)
{
    char *line;
    bool caches = false, rounded = false;
    while ((line = strsep(&text, "\n")) != NULL && (text || line[0])) {
        caches = caches || strcmp(line, "    \"caches\": [") == 0;
        if (caches) {
            caches = strcmp(line, "    ],") != 0;
            continue;
        }
        if (machine_line(line) || strstr(line, "\"prony_"))
            continue;
        if (str_starts(line, "      \"name\": "))
            rounded = is_rounded_aggregate(line);
        if (line[strspn(line, " ")] == '}')
            drop_comma(str);
        if (is_date(line))
            str_append(str, "DATE\n");
        else if (str_starts(line, "Running "))
            str_append(str, "Running PROGRAM\n");
        else if (str_starts(line, "Run on "))
            str_append(str, "Run on CPUS\n");
        else if (str_starts(line, "Could not compile benchmark re: "))
            str_append(str, "Could not compile benchmark re: *\n");
        else if (machine_fact(line))
            str_appendf(str, "%.*s: *,\n", (int)(strchr(line, ':') - line), line);
        else if (rounded)
            append_rounded(str, line);
        else
            append_line(str, line);
    }
}

/* ---- one run, in a process of its own ---- */

/* flags are split in place. */
static int run_in_child(const char *managers, char *flags)
{
    char *argv[16] = { (char *)(uintptr_t) "./program" };
    int argc = 1, status;
    for (char *word; (word = strsep(&flags, " ")) != NULL;)
        if (word[0])
            argv[argc++] = word;
    pid_t child = fork();
    if (child == 0)
        exit(registrations_main(argc, argv, managers));
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void put_path(char *words, size_t size, const char *flags, const char *path)
{
    const char *mark = strstr(flags, "%OUT%");
    if (mark)
        snprintf(words, size, "%.*s%s%s", (int)(mark - flags), flags, path, mark + strlen("%OUT%"));
    else
        snprintf(words, size, "%s", flags);
}

static char *run_case(const char *managers, const char *flags)
{
    struct str result = { 0 };
    char path[] = "/tmp/benchmark_golden_XXXXXX", *file = NULL;
    bool has_file = strstr(flags, "%OUT%") != NULL;
    size_t size;
    close(mkstemp(path));
    char words[1024]; /* not on the heap: the child exits and leaves it */
    put_path(words, sizeof words, flags, path);
    struct redirection out = redirect(STDOUT_FILENO), err = redirect(STDERR_FILENO);
    int status = run_in_child(managers, words);
    char *err_text = restore(&err), *out_text = restore(&out);
    normalize(&result, out_text);
    str_append(&result, "==== stderr\n");
    normalize(&result, err_text);
    if (has_file) {
        assert_int_equal(file_read(path, &file, &size, NULL), 0);
        str_append(&result, "==== file\n");
        normalize(&result, file);
    }
    str_appendf(&result, "==== exit status %d\n", status);
    unlink(path);
    free(out_text);
    free(err_text);
    free(file);
    return str_take(&result);
}

/* ---- comparison ---- */

/* Returns whether they are equal; shows the first lines that are not. */
static bool compare(const char *name, const char *stored, const char *got)
{
    size_t at = 0, line = 1;
    while (stored[at] && stored[at] == got[at])
        line += stored[at++] == '\n';
    if (stored[at] == got[at])
        return true;
    while (at > 0 && stored[at - 1] != '\n')
        at--;
    print_error("%s:%zu\n  Google Benchmark: %.*s\n  here:             %.*s\n", name, line,
                (int)strcspn(stored + at, "\n"), stored + at, (int)strcspn(got + at, "\n"), got + at);
    return false;
}

/* line: file | [managers: ]flags */
static bool check_line(char *line)
{
    char *flags = strchr(line, '|'), *managers = NULL;
    if (line[0] == '#' || !flags)
        return true;
    flags[-1] = 0;
    flags += 2;
    char *colon = strstr(flags, ": ");
    if (colon) {
        *colon = 0;
        managers = flags;
        flags = colon + 2;
    }
    char *path = mem_format(GOLDEN "%s", line), *stored;
    size_t size;
    assert_int_equal(file_read(path, &stored, &size, NULL), 0);
    char *got = run_case(managers, flags);
    const char *keep = getenv("PRONY_KEEP"); /* a directory for what was printed here */
    if (keep) {
        char *copy = mem_format("%s/%s", keep, line);
        file_write(copy, got, strlen(got), NULL);
        free(copy);
    }
    bool equal = compare(path, stored, got);
    free(path);
    free(stored);
    free(got);
    return equal;
}

static void test_output_is_that_of_google_benchmark(void **state)
{
    (void)state;
    char *cases, *line;
    size_t size, different = 0;
    assert_int_equal(file_read(GOLDEN "cases.txt", &cases, &size, NULL), 0);
    char *rest = cases;
    while ((line = strsep(&rest, "\n")) != NULL)
        different += !check_line(line);
    free(cases);
    if (different)
        fail_msg("%zu outputs differ", different);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_output_is_that_of_google_benchmark) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
