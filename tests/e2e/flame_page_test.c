/* flame_page_test.c: `prony flame` as a user runs it, on a database and on files, and its page in headless Chromium
 * (where there is one): search, zoom, keys. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/profile_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char directory[64], program[512];
};

static int add_profile(struct store *store, int64_t run, enum profile_fixture which, const char *name)
{
    struct profile profile;
    struct stacks *stacks;
    struct error error;
    profile_fixture_make(which, &profile, &stacks);
    if (name) {
        profile.about.name = name;
        profile.about.title = name;
    }
    int code = store_profile_add(store, run, &profile.about, stacks, NULL, &error);
    stacks_release(stacks);
    return code;
}

/* Runs: 1 with one profile, 2 with the changed one and another case, 3 with none. */
static int fill(struct store *store)
{
    int64_t runs[3];
    const struct store_run run = { .plan = "quick", .command = "prony profile", .fingerprint = "abcd" };
    struct error error;
    for (int i = 0; i < 3; i++)
        if (store_run_begin(store, &run, &runs[i], &error))
            return -1;
    return add_profile(store, runs[0], PROFILE_FIXTURE_BASE, NULL) ||
           add_profile(store, runs[1], PROFILE_FIXTURE_CHANGED, NULL) ||
           add_profile(store, runs[1], PROFILE_FIXTURE_BASE, "another case");
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    const char *bin = getenv("PRONY_BIN");
    char path[96], cwd[256];
    struct store *store;
    struct error error;
    snprintf(place->directory, sizeof place->directory, "/tmp/prony-flame-XXXXXX");
    if (!mkdtemp(place->directory) || !getcwd(cwd, sizeof cwd))
        return -1;
    bin = bin ? bin : "build/bin";
    snprintf(place->program, sizeof place->program, "%s%s%s/prony", *bin == '/' ? "" : cwd, *bin == '/' ? "" : "/",
             bin);
    snprintf(path, sizeof path, "%s/test.db", place->directory);
    if (store_open(&store, path, false, &error) || fill(store))
        return -1;
    store_close(store);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    int status = system(command);
    free(place);
    return status;
}

static char *read_file(const struct place *place, const char *name)
{
    char path[128], *text;
    size_t length;
    struct error error;
    snprintf(path, sizeof path, "%s/%s", place->directory, name);
    if (file_read(path, &text, &length, &error))
        fail_msg("%s", error.text);
    return text;
}

/* Runs `prony flame <arguments>` in the directory; its exit status, stdout and stderr together in *out. */
static int flame(const struct place *place, const char *arguments, char **out)
{
    char command[2048];
    snprintf(command, sizeof command, "cd '%s' && PRONY_DB=test.db '%s' flame %s >out 2>&1", place->directory,
             place->program, arguments);
    int status = system(command);
    *out = read_file(place, "out");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const struct place *place, const char *arguments, int status, const char *part)
{
    char *out;
    int seen = flame(place, arguments, &out);
    if (seen != status || !strstr(out, part))
        fail_msg("prony flame %s: %d, expected %d with '%s'\n%s", arguments, seen, status, part, out);
    free(out);
}

static void test_database(void **state)
{
    const struct place *place = *state;
    expect(place, "1", 0, "matvec_q8_0__avx2  [prony-engine]");
    expect(place, "1 --top 1", 0, "the top 1 of 13 functions");
    expect(place, "2", 0, "profile 3: another case");
    expect(place, "2 --filter another -F markdown", 0, "### another case");
    expect(place, "2 --filter another -o x.html", 0, "x.html\n");
    expect(place, "2 -o several.folded", 0, "several.folded\nseveral-2.folded\n");
    expect(place, "several-2.folded", 0, "several-2.folded");
    expect(place, "2 -F html -o several.page", 0, "several.page\nseveral.page-2\n");
    expect(place, "--diff 2 2 -o pairs.html", 0, "pairs.html\npairs-2.html\n");
    expect(place, "--profile 1 -F folded", 0, "worker 1;run_worker;matvec_q8_0__avx2 350\n");
    expect(place, "profile:1 -o x.speedscope.json", 0, "x.speedscope.json\n");
    expect(place, "--profile 1 -F html -o -", 0, "<!doctype html>");
    expect(place, "1 --no-inline -F folded", 0, "main;session_decode 100\n");
    expect(place, "1 --no-inline -F folded", 0, "main;session_decode;expf 20\n");
    expect(place, "--diff 1 2", 0, "+63.38*");
    expect(place, "--diff 1 2 -o d.md", 0, "d.md\n");
    expect(place, "--diff profile:1 profile:3 -F text", 0, "another case");
    expect(place, "--help", 0, "examples:");
}

static void test_files(void **state)
{
    const struct place *place = *state;
    expect(place, "--profile 1 -o a.folded", 0, "a.folded\n");
    expect(place, "--profile 2 -o b.stacks", 0, "b.stacks\n");
    expect(place, "a.folded --db missing.db", 0, "1000 samples");
    expect(place, "a.folded -o a.pb.gz", 0, "a.pb.gz\n");
    expect(place, "b.stacks -o b.html", 0, "b.html\n");
    expect(place, "--diff a.folded b.stacks", 2, "cannot be compared");
    expect(place, "--diff a.folded a.folded", 0, "+0.00  matvec_q8_0__avx2");
    expect(place, "--diff a.folded a.folded --unit ns", 0, "no change can be called significant");
}

static void test_mistakes(void **state)
{
    const struct place *place = *state;
    static const char *const cases[][2] = {
        { "", "run 3 has no profiles; prony profile" },
        { "7", "no run '7'" },
        { "missing.folded", "missing.folded: neither a file nor a run" },
        { "missing.folded --db missing.db", "missing.folded: neither a file nor a run" },
        { "./missing.folded", "missing.folded" },
        { "--profile 99", "no profile 99" },
        { "--profile x", "no number of a profile" },
        { "--profile 1 2", "only one of them" },
        { "1 2", "--diff compares two" },
        { "--diff 1", "--diff compares two" },
        { "--diff 1 3", "run 3 has no profiles" },
        { "2 -F html", "--profile N or --filter RE chooses: 2 decode/tiny/threads:2, 3 another case" },
        { "2 -F html -o -", "html holds one profile: -o FILE writes them to FILE, FILE-2, ..." },
        { "2 --filter nothing", "none of its 2 profiles matches 'nothing'" },
        { "1 -F pdf", "--format pdf: there is only text, markdown, html, folded, speedscope, pprof, stacks" },
        { "1 -o x.pdf", "x.pdf: which format?" },
        { "--diff 1 2 -F pprof", "there is only text, markdown, html, folded" },
        { "1 -o /nonexistent/x.html", "/nonexistent/x.html" },
        { "1 --db missing.db", "missing.db" },
        { "test.db", "test.db: " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(place, cases[i][0], 2, cases[i][1]);
}

/* ---- the page ---- */

/* Drives the page and writes what it shows then: one line a step. */
static const char driver[] =
    "<script>\n"
    "const lines = [], canvas = document.getElementById('canvas'), field = document.getElementById('search');\n"
    "const text = id => document.getElementById(id).textContent;\n"
    "const say = (name, id) => lines.push(name + ': ' + text(id));\n"
    "const key = (name, target) => (target || canvas).dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: "
    "true, cancelable: true }));\n"
    "const find = value => { field.value = value; field.dispatchEvent(new Event('input')); };\n"
    "const mouse = (kind, x, row) => { const area = canvas.getBoundingClientRect(); canvas.dispatchEvent(new "
    "MouseEvent(kind, { clientX: area.left + x * area.width, clientY: area.top + 4 + (row + 0.5) * 19, bubbles: true, "
    "detail: 1 })); };\n"
    "const pressed = (group, value) => document.querySelector(`#${group} [data-value=${value}]`).getAttribute('aria-"
    "pressed');\n";
static const char driver_end[] = "const result = document.createElement('pre');\n"
                                 "result.id = 'result';\n"
                                 "result.textContent = '\\n' + lines.join('\\n') + '\\n';\n"
                                 "document.body.append(result);\n"
                                 "</script>\n";

static bool have_chromium(void)
{
    const char *variant = getenv("PRONY_VARIANT");
    if (variant && !str_equal(variant, "release"))
        return false; /* a sanitizer sees nothing of the browser */
    return system("command -v chromium >/dev/null 2>&1") == 0;
}

/* The page with the steps behind it, run by Chromium; its DOM. */
static char *drive(const struct place *place, const char *page_name, const char *steps)
{
    char *page = read_file(place, page_name), path[128], command[1024];
    struct str driven = { 0 };
    const char *parts[] = { page, driver, steps, driver_end };
    for (size_t i = 0; i < 4; i++)
        str_append(&driven, parts[i]);
    snprintf(path, sizeof path, "%s/driven.html", place->directory);
    assert_int_equal(file_write(path, driven.data, driven.length, NULL), 0);
    str_release(&driven);
    free(page);
    snprintf(command, sizeof command,
             "cd '%s' && timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
             "--disable-background-networking --disable-component-update --disable-sync --user-data-dir=profile "
             "--window-size=1200,900 --dump-dom \"file://$PWD/driven.html\" >dom 2>/dev/null",
             place->directory);
    if (system(command) != 0) {
        print_message("skipped: chromium does not start here\n");
        skip();
    }
    return read_file(place, "dom");
}

static void shows(const char *dom, const char *line)
{
    char *whole = mem_format("\n%s\n", line);
    const char *result = strstr(dom, "id=\"result\"");
    if (!result || !strstr(result, whole))
        fail_msg("the page does not say '%s' but %.1500s", line, result ? result : "nothing: its script failed");
    free(whole);
}

static void test_page(void **state)
{
    const struct place *place = *state;
    if (!have_chromium())
        skip();
    expect(place, "--profile 1 -o page.html", 0, "page.html\n");
    char *dom = drive(place, "page.html",
                      "find('MATVEC'); say('wrong case', 'matched'); find('matvec'); say('found', 'matched');\n"
                      "key('n'); say('first match', 'status'); key('n'); say('second match', 'status');\n"
                      "find('('); say('bad', 'matched'); key('Escape', field); say('cleared', 'matched');\n"
                      "key('Escape');\n"
                      "key('ArrowDown'); say('down', 'status'); key('ArrowRight'); say('right', 'status');\n"
                      "key('ArrowUp'); key('ArrowDown'); key('ArrowDown'); key('Enter'); say('zoomed', 'path');\n"
                      "find('softmax'); say('in the zoom', 'matched'); find('');\n"
                      "key('Backspace'); say('back', 'path');\n"
                      "mouse('mousemove', 0.1, 1); say('tip', 'tip'); mouse('click', 0.1, 1); say('clicked', 'path');\n"
                      "key('Escape'); say('out', 'path');\n"
                      "key('i'); lines.push('flame: ' + pressed('direction', 'flame'));\n"
                      "key('o'); lines.push('by name: ' + pressed('order', 'name')); key('o'); key('i');\n"
                      "key('v'); key('ArrowDown'); say('callers', 'status'); key('v');\n"
                      "const menu = document.getElementById('threads'); menu.value = 'merged';\n"
                      "menu.dispatchEvent(new Event('change')); find('matvec'); say('merged', 'matched');\n"
                      "menu.selectedIndex = 3; menu.dispatchEvent(new Event('change')); say('one thread', 'matched');\n"
                      "lines.push('threads: ' + [...menu.options].map(o => o.text).join(', '));\n"
                      "key('/'); lines.push('focus: ' + (document.activeElement === field));\n"
                      "document.querySelector('#legend button').click(); say('kernels', 'matched');\n");
    shows(dom, "wrong case: 0.00 % in 0 functions, 0 frames");
    shows(dom, "found: 75.0 % in 1 function, 2 frames");
    shows(dom, "first match: matvec_q8_0__avx2 [prony-engine]: 800 ms, 40.0 %; itself 800 ms, 40.0 %");
    shows(dom, "second match: matvec_q8_0__avx2 [prony-engine]: 700 ms, 35.0 %; itself 700 ms, 35.0 %");
    shows(dom, "bad: not a regular expression");
    shows(dom, "cleared: ");
    shows(dom, "down: main thread: 1.20 s, 60.0 %; itself 0, 0.00 %");
    shows(dom, "right: worker 1: 800 ms, 40.0 %; itself 0, 0.00 %");
    shows(dom, "zoomed: all›main thread›__libc_start_main");
    shows(dom, "in the zoom: 20.3 % of the zoom in 1 function, 1 frame");
    shows(dom, "back: Click a frame to zoom.");
    shows(dom, "tip: main threadthreadwith callees1.20 s60.0 %itself00.00 %samples600");
    shows(dom, "clicked: all›main thread");
    shows(dom, "out: Click a frame to zoom.");
    shows(dom, "flame: true");
    shows(dom, "by name: true");
    shows(dom, "callers: matvec_q8_0__avx2 [prony-engine]: 1.50 s, 75.0 %; itself 0, 0.00 %");
    shows(dom, "merged: 75.0 % in 1 function, 2 frames");
    shows(dom, "one thread: 87.5 % in 1 function, 1 frame");
    shows(dom, "threads: All 2 threads, All threads as one, main thread · 60.0 %, worker 1 · 40.0 %");
    shows(dom, "focus: true");
    shows(dom, "kernels: 87.5 % in 1 function, 1 frame");
    free(dom);
}

static void test_difference_page(void **state)
{
    const struct place *place = *state;
    if (!have_chromium())
        skip();
    expect(place, "--diff 1 2 -o diff.html", 0, "diff.html\n");
    char *dom = drive(place, "diff.html",
                      "find('avx2'); say('vanished, candidate', 'matched');\n"
                      "key('b'); say('vanished, baseline', 'matched'); key('n'); say('selected', 'status');\n"
                      "find('avx512$'); say('new, baseline', 'matched');\n"
                      "key('b'); say('new, candidate', 'matched'); key('n'); say('new', 'status');\n"
                      "find('clear_page'); key('n'); say('noise', 'status');\n");
    shows(dom, "vanished, candidate: 0.00 % in 1 function, 2 frames");
    shows(dom, "vanished, baseline: 75.0 % in 1 function, 2 frames");
    shows(dom, "selected: matvec_q8_0__avx2 [prony-engine]: 40.0 % before, 0.00 % after: −40.00 points, vanished");
    shows(dom, "new, baseline: 0.00 % in 1 function, 2 frames");
    shows(dom, "new, candidate: 63.4 % in 1 function, 2 frames");
    shows(dom, "new: matvec_q8_0__avx512 [prony-engine]: 0.00 % before, 35.2 % after: +35.21 points, new");
    shows(dom, "noise: clear_page [[kernel]]: 3.00 % before, 4.23 % after: no significant change");
    free(dom);
}

static void test_page_of_hostile_names(void **state)
{
    const struct place *place = *state;
    if (!have_chromium())
        skip();
    struct profile profile;
    struct stacks *stacks;
    struct str page = { 0 };
    char path[128];
    profile_fixture_make(PROFILE_FIXTURE_HOSTILE, &profile, &stacks);
    const struct profile_options options = { .top = 10 };
    assert_int_equal(profile_html(&profile, &options, &page, NULL), 0);
    snprintf(path, sizeof path, "%s/hostile.html", place->directory);
    assert_int_equal(file_write(path, page.data, page.length, NULL), 0);
    char *dom = drive(place, "hostile.html",
                      "for (let i = 0; i < 2; i++) key('ArrowDown'); say('name', 'status');\n"
                      "lines.push('bold: ' + document.querySelectorAll('main b b, header b, table b').length);\n");
    shows(dom, "name: &lt;/script&gt;&lt;b&gt;bold&lt;/b&gt; [&lt;o&gt;.so]: 56.0 ms, 100.0 %; itself 2.00 ms, 3.57 %");
    shows(dom, "bold: 0");
    free(dom);
    str_release(&page);
    stacks_release(stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_database),        cmocka_unit_test(test_files),
        cmocka_unit_test(test_mistakes),        cmocka_unit_test(test_page),
        cmocka_unit_test(test_difference_page), cmocka_unit_test(test_page_of_hostile_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
