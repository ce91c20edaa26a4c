/* doctor_fix.c: settings of the running system: changed, and put back.
 *
 * Invariant: what a setting was before is on the disk before the setting is changed; an entry leaves the file only
 * after its setting has its old value again, or when it never was changed. So a crash at any point loses nothing, a
 * second --fix keeps the oldest value, and a boot (which resets all of them) makes the file void. */
#include "harness/run/doctor_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Which files mend which check. Those that do not exist on a machine are passed over. */
static const struct setting {
    const char *check, *pattern, *value;
} settings[] = {
    { "governor", "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", "performance" },
    { "boost", "/sys/devices/system/cpu/intel_pstate/no_turbo", "1" },
    { "boost", "/sys/devices/system/cpu/cpufreq/boost", "0" },
    { "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc" },
    { "transparent_hugepages", "/sys/kernel/mm/transparent_hugepage/enabled", "madvise" },
    { "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", "1" },
    { "nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", "0" },
    { "numa_balancing", "/proc/sys/kernel/numa_balancing", "0" },
};
static const size_t setting_count = sizeof settings / sizeof settings[0];

struct change_list {
    struct doctor_change *items; /* in the arena */
    size_t count, capacity;
};

static struct doctor_change *add_change(struct arena *arena, struct change_list *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        struct doctor_change *items = arena_array(arena, capacity, sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    return &list->items[list->count++];
}

static struct doctor_change *find_change(const struct change_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i].path, path))
            return &list->items[i];
    return NULL;
}

/* ---- one setting ---- */

static const char *read_setting(struct arena *arena, const char *root, const char *path)
{
    return sysfs_selected_word(arena, sysfs_read(arena, root, path));
}

/* 0 or errno. */
static int write_setting(const char *root, const char *path, const char *value)
{
    char *full = mem_format("%s%s", root, path), *line = mem_format("%s\n", value);
    size_t length = strlen(line);
    int reason = 0, fd = open(full, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0)
        reason = errno;
    else if (write(fd, line, length) != (ssize_t)length)
        reason = errno ? errno : EIO;
    if (fd >= 0 && close(fd) != 0 && !reason)
        reason = errno;
    free(full);
    free(line);
    return reason;
}

/* Writes and reads back: some files take what they do not understand. */
static void apply(struct arena *arena, const char *root, struct doctor_change *change, const char *value)
{
    int reason = write_setting(root, change->path, value);
    const char *now = reason ? NULL : read_setting(arena, root, change->path);
    change->state = DOCTOR_CHANGED;
    if (!reason && str_equal(now, value))
        return;
    change->state = DOCTOR_REFUSED;
    change->reason = reason ? arena_strdup(arena, strerror(reason))
                            : arena_format(arena, "it is %s after the write", now ? now : "unreadable");
    change->command = arena_format(arena, "echo %s | sudo tee %s", value, change->path);
}

static bool can_become(struct arena *arena, const char *root, const struct setting *setting)
{
    if (!str_equal(setting->check, "clocksource"))
        return true;
    const char *others = sysfs_read(arena, root, "/sys/devices/system/clocksource/clocksource0/available_clocksource");
    return others && strstr(arena_format(arena, " %s ", others), " tsc ");
}

static bool is_wanted(const struct doctor_report *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++)
        if (str_equal(report->checks[i].name, name))
            return str_equal(report->checks[i].verdict, "warn") || str_equal(report->checks[i].verdict, "fail");
    return false;
}

static void plan_changes(const char *root, const struct doctor_report *report, struct arena *arena,
                         struct change_list *plan)
{
    for (size_t s = 0; s < setting_count; s++) {
        const char *const *paths;
        if (!is_wanted(report, settings[s].check) || !can_become(arena, root, &settings[s]))
            continue;
        size_t count = sysfs_glob(arena, root, settings[s].pattern, &paths);
        for (size_t i = 0; i < count; i++) {
            const char *before = read_setting(arena, root, paths[i]);
            if (before && *before && !str_equal(before, settings[s].value))
                *add_change(arena, plan) = (struct doctor_change){
                    .check = settings[s].check, .path = paths[i], .before = before, .after = settings[s].value
                };
        }
    }
}

size_t doctor_fixable(const char *root, const struct doctor_report *report, struct arena *arena)
{
    struct change_list plan = { 0 };
    plan_changes(root, report, arena, &plan);
    size_t count = 0;
    for (size_t i = 0; i < plan.count; i++)
        count += i == 0 || !str_equal(plan.items[i].check, plan.items[i - 1].check);
    return count;
}

/* ---- the file of what was before ---- */

static const char *read_boot(struct arena *arena, const char *root)
{
    const char *boot = sysfs_read(arena, root, "/proc/sys/kernel/random/boot_id");
    return boot ? boot : "";
}

static int parse_state(const char *path, const char *text, struct arena *arena, struct change_list *list,
                       const char **boot, struct error *error)
{
    const char *fields[4];
    json_t *change;
    size_t index;
    json_t *json = json_loads(text, 0, NULL);
    const char *boot_id = json_string_value(json_object_get(json, "boot_id"));
    json_t *changes = json_object_get(json, "changes");
    int code = boot_id && json_is_array(changes) ? 0 : ERROR_FORMAT;
    *boot = arena_strdup(arena, boot_id ? boot_id : "");
    json_array_foreach(changes, index, change)
    {
        static const char *const names[] = { "check", "path", "before", "after" };
        for (size_t i = 0; i < 4; i++) {
            const char *value = json_string_value(json_object_get(change, names[i]));
            fields[i] = arena_strdup(arena, value ? value : "");
            code = value ? code : ERROR_FORMAT;
        }
        *add_change(arena, list) =
            (struct doctor_change){ .check = fields[0], .path = fields[1], .before = fields[2], .after = fields[3] };
        /* Only what we could have written there: a damaged file must not make root write anywhere. */
        code = str_starts(fields[1], "/sys/") || str_starts(fields[1], "/proc/sys/") ? code : ERROR_FORMAT;
        code = strstr(fields[1], "..") ? ERROR_FORMAT : code;
    }
    json_decref(json);
    return code ? error_set(error, code, "%s: not a list of settings to put back; delete it if you know better", path)
                : 0;
}

/* A file that is not there is an empty list. */
static int load_state(const char *path, struct arena *arena, struct change_list *list, const char **boot,
                      struct error *error)
{
    char *text;
    size_t size;
    *boot = "";
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    code = parse_state(path, text, arena, list, boot, error);
    free(text);
    return code;
}

static int save_state(const char *path, const struct change_list *list, const char *boot, struct error *error)
{
    if (list->count == 0)
        return unlink(path) == 0 || errno == ENOENT ? 0 : error_system(error, errno, "%s", path);
    json_t *changes = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(changes, json_pack("{s:s, s:s, s:s, s:s}", "check", list->items[i].check, "path",
                                                 list->items[i].path, "before", list->items[i].before, "after",
                                                 list->items[i].after));
    json_t *json = json_pack("{s:s, s:s, s:o}", "made_by", "prony doctor --fix", "boot_id", boot, "changes", changes);
    char *text = json_dumps(json, JSON_INDENT(2));
    char *directory = mem_strdup(path), *slash = strrchr(directory, '/');
    int code = text ? 0 : error_set(error, ERROR_FORMAT, "%s: a setting is not valid UTF-8", path);
    if (slash && slash != directory) {
        *slash = 0;
        code = code ? code : file_make_directories(directory, error);
    }
    if (code == 0)
        code = file_write(path, text, strlen(text), error);
    free(directory);
    free(text);
    json_decref(json);
    return code;
}

const char *doctor_state_path(struct arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (geteuid() == 0)
        return "/var/lib/prony/doctor.json";
    if (state && *state == '/')
        return arena_format(arena, "%s/prony/doctor.json", state);
    return arena_format(arena, "%s/.local/state/prony/doctor.json", home && *home ? home : "");
}

/* ---- one at a time ---- */

int doctor_lock(const char *state_path, int *lock, struct error *error)
{
    char *directory = mem_strdup(state_path), *slash = strrchr(directory, '/');
    *lock = -1;
    if (slash)
        slash[slash == directory] = 0;
    /* The directory is locked: a file for that alone would stay behind. */
    const char *path = slash ? directory : ".";
    if (file_make_directories(path, NULL) == 0)
        *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = 0;
    if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        code = error_set(error, ERROR_STATE,
                         "another prony doctor changes settings just now, or runs a command between (%s is locked): "
                         "wait until it is done",
                         path);
        doctor_unlock(*lock);
    }
    free(directory);
    return code;
}

void doctor_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ---- both ways ---- */

/* Refuses beforehand what this user cannot write: then there is nothing to remember. */
static bool is_writable(struct arena *arena, const char *root, struct doctor_change *change)
{
    char *full = mem_format("%s%s", root, change->path);
    bool writable = access(full, W_OK) == 0;
    if (!writable) {
        change->state = DOCTOR_REFUSED;
        change->reason = arena_strdup(arena, strerror(errno));
        change->command = arena_format(arena, "echo %s | sudo tee %s", change->after, change->path);
    }
    free(full);
    return writable;
}

/* Adds what will be changed; what is there keeps its value of before. */
static size_t remember(struct arena *arena, const char *root, struct change_list *plan, struct change_list *state)
{
    size_t writable = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (!is_writable(arena, root, &plan->items[i]))
            continue;
        struct doctor_change *known = find_change(state, plan->items[i].path);
        writable++;
        if (known)
            known->after = plan->items[i].after;
        else
            *add_change(arena, state) = plan->items[i];
    }
    return writable;
}

/* Drops entries whose setting has its value of before: those that were put back or never changed. */
static void forget(struct arena *arena, const char *root, struct change_list *state)
{
    size_t kept = 0;
    for (size_t i = 0; i < state->count; i++)
        if (!str_equal(read_setting(arena, root, state->items[i].path), state->items[i].before))
            state->items[kept++] = state->items[i];
    state->count = kept;
}

int doctor_fix(const char *root, const char *state_path, const struct doctor_report *report, struct arena *arena,
               struct doctor_change **changes, size_t *count, struct error *error)
{
    struct change_list state = { 0 }, plan = { 0 };
    const char *boot, *now = read_boot(arena, root);
    *changes = NULL;
    *count = 0;
    int code = load_state(state_path, arena, &state, &boot, error);
    if (code != 0)
        return code;
    if (!str_equal(boot, now))
        state.count = 0; /* the boot has put everything back */
    plan_changes(root, report, arena, &plan);
    if (remember(arena, root, &plan, &state) > 0) {
        code = save_state(state_path, &state, now, error);
        if (code != 0)
            return code;
        for (size_t i = 0; i < plan.count; i++)
            if (plan.items[i].state != DOCTOR_REFUSED)
                apply(arena, root, &plan.items[i], plan.items[i].after);
        forget(arena, root, &state);
        code = save_state(state_path, &state, now, error);
    }
    *changes = plan.items; /* also when the file could not be made shorter: what was changed was changed */
    *count = plan.count;
    return code;
}

static bool is_selected(const struct doctor_change *only, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (only[i].state == DOCTOR_CHANGED && str_equal(only[i].path, path))
            return true;
    return only == NULL;
}

/* change->before and after as they were when the setting was made. */
static void put_back(struct arena *arena, const char *root, bool same_boot, struct doctor_change *change)
{
    const char *now = read_setting(arena, root, change->path);
    change->state = DOCTOR_LEFT;
    if (!same_boot)
        change->reason = "the system was started since, which reset it";
    else if (str_equal(now, change->before))
        change->reason = "it has its old value already";
    else if (!str_equal(now, change->after))
        change->reason = arena_format(arena, "somebody set it to %s since", now ? now : "something unreadable");
    else
        apply(arena, root, change, change->before);
}

int doctor_restore(const char *root, const char *state_path, const struct doctor_change *only, size_t only_count,
                   struct arena *arena, struct doctor_change **changes, size_t *count, struct error *error)
{
    struct change_list state = { 0 }, done = { 0 };
    const char *boot;
    *changes = NULL;
    *count = 0;
    int code = load_state(state_path, arena, &state, &boot, error);
    if (code != 0)
        return code;
    bool same_boot = str_equal(boot, read_boot(arena, root));
    size_t kept = 0;
    for (size_t i = 0; i < state.count; i++) {
        struct doctor_change entry = state.items[i], change = entry;
        bool selected = is_selected(only, only_count, entry.path);
        if (selected) {
            put_back(arena, root, same_boot, &change);
            *add_change(arena, &done) = change;
        }
        if (!selected || change.state == DOCTOR_REFUSED)
            state.items[kept++] = entry;
    }
    bool shrank = kept < state.count;
    state.count = kept;
    if (shrank)
        code = save_state(state_path, &state, boot, error);
    *changes = done.items;
    *count = done.count;
    return code;
}
