/* site_test.c: `prony report --site` as a user runs it: files, links, names, mistakes, empty states; and every kind of
 * page in headless Chromium (where there is one): no error, sorting, searching, phone width, dark mode.
 *
 * A page that was opened as a file may not look into another one. So each gets a driver that tries it and tells the
 * page around it what it saw. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/history_fixture.h"
#include "tests/support/report_fixture.h"
#include "tests/support/world.h"
#include <dirent.h>
#include <sqlite3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void fill(const char *path, const struct history_fixture *fixture)
{
    struct store *store;
    struct error error;
    if (store_open(&store, path, false, &error) != 0 ||
        (fixture && history_fixture_fill(store, fixture, NULL, &error) != 0))
        fail_msg("%s", error.text);
    store_close(store);
}

static int set_up(void **state)
{
    static const struct history_fixture fixture = {
        .runs = 24, .processes = 6, .branches = true, .comparisons = true, .explained = true
    };
    world_make(state);
    const struct world *world = *state;
    fill(world->database, &fixture);
    world_expect(world, "report --site site", 0);
    return 0;
}

static char *read_page(const struct world *world, const char *name)
{
    char *path = mem_format("%s/%s", world->directory, name), *text;
    size_t length;
    struct error error;
    if (file_read(path, &text, &length, &error))
        fail_msg("%s", error.text);
    free(path);
    return text;
}

/* The only page of a directory whose name begins so; owned by the caller. */
static char *find_page(const struct world *world, const char *directory, const char *prefix)
{
    char *path = mem_format("%s/site/%s", world->directory, directory), *found = NULL;
    DIR *stream = opendir(path);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (!found && str_starts(entry->d_name, prefix) && str_ends(entry->d_name, ".html"))
            found = mem_format("%s/%s", directory, entry->d_name);
    closedir(stream);
    free(path);
    if (!found)
        fail_msg("no page %s/%s*", directory, prefix);
    return found;
}

/* ---- files ---- */

/* Every href and src of the page: a file of the site, or a place in the page itself. Returns how many there were. */
static size_t check_links(const struct world *world, const char *page)
{
    char *whole = mem_format("site/%s", page), *text = read_page(world, whole);
    const char *slash = strrchr(page, '/');
    size_t count = 0;
    static const char *const attributes[] = { " href=\"", " src=\"" };
    for (size_t a = 0; a < 2; a++)
        for (const char *at = text; (at = strstr(at, attributes[a])) != NULL;) {
            at += strlen(attributes[a]);
            size_t length = strcspn(at, "\"");
            if (*at == '#' || str_starts(at, "data:"))
                continue;
            char *file = mem_format("%s/site/%.*s/%.*s", world->directory, slash ? (int)(slash - page) : 1,
                                    slash ? page : ".", (int)length, at);
            if (!file_exists(file))
                fail_msg("%s links to %.*s, which does not exist", page, (int)length, at);
            free(file);
            count++;
        }
    assert_null(strstr(text, "http:"));
    assert_null(strstr(text, "https:"));
    free(text);
    free(whole);
    return count;
}

static size_t check_directory(const struct world *world, const char *directory)
{
    char *path = mem_format("%s/site/%s", world->directory, directory);
    DIR *stream = opendir(path);
    size_t pages = 0;
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (!str_ends(entry->d_name, ".html"))
            continue;
        char *page = *directory ? mem_format("%s/%s", directory, entry->d_name) : mem_format("%s", entry->d_name);
        assert_true(check_links(world, page) >= 6 || str_equal(directory, "profiles"));
        free(page);
        pages++;
    }
    closedir(stream);
    free(path);
    return pages;
}

static void test_links_resolve(void **state)
{
    const struct world *world = *state;
    assert_int_equal(check_directory(world, ""), 6);
    assert_int_equal(check_directory(world, "suites"), 3);
    assert_int_equal(check_directory(world, "cases"), 19);
    assert_int_equal(check_directory(world, "profiles"), 1);
    assert_true(check_directory(world, "comparisons") >= 3);
}

static void expect_in(const struct world *world, const char *page, const char *text)
{
    char *content = read_page(world, page);
    if (!strstr(content, text))
        fail_msg("%s does not say '%s'", page, text);
    free(content);
}

static void test_pages_say_what_changed(void **state)
{
    const struct world *world = *state;
    expect_in(world, "site/index.html", "<p class=\"answer bad\">1 regressed");
    expect_in(world, "site/index.html", "false alarms in 57 tests");
    expect_in(world, "site/index.html", "faster-attention");
    expect_in(world, "site/index.html", "timed out after 60 s");
    expect_in(world, "site/history.html", "matmul/<wbr>q4_0");
    expect_in(world, "site/comparisons.html", "my-branch against main");
    expect_in(world, "site/environment.html", "cpupower frequency-set");
    expect_in(world, "site/assets/data.js", history_fixture_gone);
    char *page = find_page(world, "cases", "kernels-rmsnorm"), *whole = mem_format("site/%s", page);
    expect_in(world, whole, "not measured in the newest run");
    free(whole);
    free(page);
    /* 24 nightly and a quick one; not the sides of comparisons. */
    page = find_page(world, "cases", "kernels-matvec");
    whole = mem_format("site/%s", page);
    expect_in(world, whole, "over 25 runs, without the steps");
    free(whole);
    free(page);
}

static void test_names_stay(void **state)
{
    const struct world *world = *state;
    char *before = find_page(world, "cases", "kernels-matmul");
    world_write(world, "site/cases/old.html", "an old page");
    world_expect(world, "report --site site --title 'Another <title>'", 0);
    char *after = find_page(world, "cases", "kernels-matmul"),
         *old = mem_format("%s/site/cases/old.html", world->directory);
    assert_string_equal(before, after);
    assert_false(file_exists(old));
    expect_in(world, "site/index.html", "Another &lt;title&gt;");
    free(old);
    free(after);
    free(before);
}

static void test_mistakes(void **state)
{
    const struct world *world = *state;
    char *own = mem_format("%s/own", world->directory), *blocked = mem_format("%s/blocked", world->directory);
    assert_int_equal(mkdir(own, 0700), 0);
    assert_int_equal(mkdir(blocked, 0700), 0);
    world_write(world, "own/thesis.txt", "not to be overwritten");
    world_expect_error(world, "report --site own", "own is neither empty nor a site of prony");
    world_expect_error(world, "report --site t.db/site", "t.db/site");
    world_expect_error(world, "report --site new --db missing.db", "missing.db");
    world_expect_error(world, "report 3 --site new", "--site shows all runs");
    world_expect_error(world, "report --site new --format text", "--site goes with neither");
    world_expect_error(world, "report --charts new -o x", "--charts goes with neither");
    world_write(world, "blocked/.prony-site", "");
    char *index = mem_format("%s/blocked/index.html", world->directory);
    assert_int_equal(mkdir(index, 0700), 0);
    world_expect_error(world, "report --site blocked", "blocked/index.html: ");
    free(index);
    free(own);
    free(blocked);
}

static void test_without_gnuplot(void **state)
{
    const struct world *world = *state;
    struct child_result result;
    setenv("PRONY_GNUPLOT", "/nonexistent/gnuplot", 1);
    assert_int_equal(world_prony(world, "report --site plain", &result), 0);
    unsetenv("PRONY_GNUPLOT");
    assert_non_null(strstr(str_text(&result.errors),
                           "the site has no charts: gnuplot is needed, and /nonexistent/gnuplot cannot be started"));
    child_release(&result);
    expect_in(world, "plain/index.html",
              "The site has no charts: gnuplot is needed, and /nonexistent/gnuplot cannot be started");
    char *history = read_page(world, "plain/history.html");
    assert_null(strstr(history, "<figure"));
    free(history);
    world_expect(world, "report --site bare --no-charts", 0);
    char *page = read_page(world, "bare/index.html");
    assert_null(strstr(page, "no-charts"));
    free(page);
}

/* One model on 1, 2 and 4 threads: three lines, and no two of them look the same. */
static void test_lines_of_charts_differ(void **state)
{
    const struct world *world = *state;
    world_expect(world, "report latest --charts charts", 0);
    expect_in(world, "charts/latency.gp", "COLOR = '0 1 2 '");
    expect_in(world, "charts/prefill.gp", "COLOR = '0 1 2 '");
}

/* A step that the run before has, too, is no change any more: the histories tell it, until a baseline is pinned behind.
 */
static void test_overview_knows_the_steps(void **state)
{
    const struct world *world = *state;
    static const struct history_fixture many = { .runs = 40, .processes = 3 };
    char *path = mem_format("%s/many.db", world->directory);
    fill(path, &many);
    world_expect(world, "report --site many --db many.db", 0);
    expect_in(world, "many/index.html", "▲ 1 case got slower in the last 50 runs");
    char *page = read_page(world, "many/index.html");
    const char *steps = strstr(page, "id=\"steps\"");
    assert_non_null(steps);
    assert_true(strstr(steps, "matmul/<wbr>q4_0") < strstr(steps, "attention/<wbr>f16"));
    free(page);
    world_expect(world, "tag baseline latest --db many.db", 0);
    world_expect(world, "report --site many --db many.db", 0);
    page = read_page(world, "many/index.html");
    assert_null(strstr(page, "id=\"steps\""));
    free(page);
    free(path);
}

/* One run, and none at all. */
static void test_empty_states(void **state)
{
    const struct world *world = *state;
    static const struct history_fixture one = { .runs = 1, .processes = 1 };
    char *path = mem_format("%s/one.db", world->directory), *none = mem_format("%s/none.db", world->directory);
    fill(path, &one);
    fill(none, NULL);
    world_expect(world, "report --site one --db one.db", 0);
    expect_in(world, "one/index.html", "One run so far: nothing to compare with");
    expect_in(world, "one/comparisons.html", "Nothing has been compared");
    expect_in(world, "one/profiles.html", "The newest run has no profile");
    expect_in(world, "one/history.html", "A history takes more than one run");
    world_expect(world, "report --site none --db none.db", 0);
    expect_in(world, "none/index.html", "Nothing has been measured yet");
    expect_in(world, "none/suites.html", "No suite has been measured yet");
    free(path);
    free(none);
}

/* Runs of a database of somebody else: both uuids begin as a way out of the site. */
static void rename_runs(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE run SET uuid = '../../..' || id", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Names and messages that try to break out of HTML, scripts and directories. */
static void test_hostile_names(void **state)
{
    const struct world *world = *state;
    static const struct report_fixture fixture = { .rounds = 2, .problems = true, .hostile = true, .explained = true };
    char *path = mem_format("%s/hostile.db", world->directory),
         *outside = mem_format("find '%s/hostile' -path '*/comparisons/*.html' | grep -q .", world->directory),
         *search =
             mem_format("grep -rlE '<script>alert|<img src=x|</h1><h1>' '%s/hostile' >/dev/null", world->directory);
    struct store *store;
    struct error error;
    int64_t run_id;
    if (store_open(&store, path, false, &error) || report_fixture_fill(store, &fixture, &run_id, &error))
        fail_msg("%s", error.text);
    if (report_fixture_fill(store, &fixture, &run_id, &error))
        fail_msg("%s", error.text);
    store_close(store);
    /* The first bytes of the uuids name the page of the comparison. */
    rename_runs(path);
    world_expect(world, "report --site hostile --db hostile.db --no-charts", 0);
    assert_int_equal(system(outside), 0);
    assert_true(system(search) != 0);
    expect_in(world, "hostile/assets/data.js", "\\u003cscript\\u003ealert(1)");
    free(outside);
    free(search);
    free(path);
}

/* ---- the browser ---- */

static const char watcher[] = "<script>window.problems=[];window.onerror=function(m){problems.push(m)};"
                              "console.error=function(m){problems.push(m)}</script>";
/* What a reader does, and what comes of it: page|width|inner width|background|sorted|found|left|problems */
static const char driver[] =
    "<script>window.addEventListener('load',function(){\n"
    "var all=document.documentElement,button=document.querySelector('.group table thead button'),seen=[];\n"
    "function type(id,text){var i=document.getElementById(id);if(i){i.value=text;i.dispatchEvent(new Event('input'))}"
    "return i}\n"
    "seen.push(location.pathname.replace(/.*site\\//,''),all.scrollWidth,innerWidth,"
    "getComputedStyle(document.body).backgroundColor.replace(/ /g,''));\n"
    "if(button)button.click();seen.push(button?button.parentNode.getAttribute('aria-sort'):'none');\n"
    "seen.push(type('find','MATMUL q4')?document.querySelectorAll('#finds a').length:-1);\n"
    "seen.push(type('search','zzz')?Array.from(document.querySelectorAll('#cases tbody tr')).filter("
    "function(r){return !r.hidden}).length:-1);\n"
    "seen.push(problems.length?problems.join(' '):'fine');\n"
    "parent.postMessage('|'+seen.join('|')+'|','*')})</script>";
static const char collector[] = "<!doctype html><pre id=\"seen\"></pre><script>addEventListener('message',function(e){"
                                "document.getElementById('seen').append(e.data+'\\n')})</script>\n";

/* site/<page> -> site/<page>.test.html, with watcher and driver. */
static void add_driver(const struct world *world, const char *page)
{
    char *path = mem_format("site/%s", page), *test = mem_format("site/%s.test.html", page);
    char *text = read_page(world, path), *head = strstr(text, "<head>") + strlen("<head>");
    char *whole = mem_format("%.*s%s%s%s", (int)(head - text), text, watcher, head, driver);
    world_write(world, test, whole);
    free(whole);
    free(text);
    free(path);
    free(test);
}

/* The DOM after all pages told what they saw; NULL if Chromium does not start here. */
static char *browse(const struct world *world, bool dark)
{
    char *command = mem_format(
        "cd '%s' && timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync --user-data-dir=profile "
        "--enable-logging=stderr --blink-settings=preferredColorScheme=%d --virtual-time-budget=20000 "
        "--window-size=1400,900 --dump-dom \"file://$PWD/all.html\" >dom 2>log",
        world->directory, dark ? 0 : 1);
    int status = system(command);
    free(command);
    return status == 0 ? read_page(world, "dom") : NULL;
}

struct seen {
    int width, inner, found, left;
    char background[40], sorted[20], problems[200];
};

/* The line of the page that was shown in that width. */
static struct seen find_seen(const char *dom, const char *page, int width)
{
    struct seen seen = { 0 };
    char *start = mem_format("|%s.test.html|", page);
    for (const char *at = dom; (at = strstr(at, start)) != NULL;) {
        at += strlen(start);
        if (sscanf(at, "%d|%d|%39[^|]|%19[^|]|%d|%d|%199[^|]|", &seen.width, &seen.inner, seen.background, seen.sorted,
                   &seen.found, &seen.left, seen.problems) == 7 &&
            seen.inner == width) {
            free(start);
            return seen;
        }
    }
    fail_msg("%s told nothing in %d pixels", page, width);
    return seen;
}

static void check_seen(const char *dom, const char *page, int width, bool dark)
{
    struct seen seen = find_seen(dom, page, width);
    if (seen.width > seen.inner)
        fail_msg("%s scrolls sideways: %d pixels in %d", page, seen.width, seen.inner);
    if (!str_equal(seen.problems, "fine"))
        fail_msg("%s: %s", page, seen.problems);
    assert_string_equal(seen.background, dark ? "rgb(19,21,25)" : "rgb(247,247,245)");
    assert_int_equal(seen.found, 1);
    assert_true(seen.left <= 0); /* -1: no such field; else nothing matches */
    if (!str_equal(page, "profiles.html"))
        assert_string_equal(seen.sorted, "ascending");
}

static void test_pages_in_a_browser(void **state)
{
    const struct world *world = *state;
    const char *variant = getenv("PRONY_VARIANT");
    if (variant && !str_equal(variant, "release"))
        skip(); /* a sanitizer sees nothing of the browser */
    if (system("command -v chromium >/dev/null 2>&1") != 0) {
        print_message("skipped: no chromium\n");
        skip();
    }
    char *pages[] = { mem_format("index.html"),           mem_format("suites.html"),
                      mem_format("history.html"),         mem_format("comparisons.html"),
                      mem_format("profiles.html"),        mem_format("environment.html"),
                      mem_format("suites/generate.html"), find_page(world, "cases", "generate-decode"),
                      find_page(world, "comparisons", "") };
    enum { PAGES = sizeof pages / sizeof pages[0] };
    struct str all = { 0 };
    str_append(&all, collector);
    for (size_t i = 0; i < PAGES; i++) {
        add_driver(world, pages[i]);
        for (int width = 390; width <= 1280; width += 890)
            str_appendf(&all,
                        "<iframe src=\"site/%s.test.html\" style=\"border:0;width:%dpx;height:800px\"></iframe>\n",
                        pages[i], width);
    }
    world_write(world, "all.html", str_text(&all));
    for (int dark = 0; dark < 2; dark++) {
        char *dom = browse(world, dark), *log = read_page(world, "log");
        if (!dom) {
            print_message("skipped: chromium does not start here\n");
            skip();
        }
        if (strstr(log, "CONSOLE"))
            fail_msg("%s", strstr(log, "CONSOLE"));
        for (size_t i = 0; i < PAGES; i++)
            for (int width = 390; width <= 1280; width += 890)
                check_seen(dom, pages[i], width, dark);
        free(log);
        free(dom);
    }
    for (size_t i = 0; i < PAGES; i++)
        free(pages[i]);
    str_release(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_resolve),
        cmocka_unit_test(test_pages_say_what_changed),
        cmocka_unit_test(test_names_stay),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_without_gnuplot),
        cmocka_unit_test(test_empty_states),
        cmocka_unit_test(test_overview_knows_the_steps),
        cmocka_unit_test(test_lines_of_charts_differ),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_pages_in_a_browser),
    };
    return cmocka_run_group_tests(tests, set_up, world_remove);
}
