/* sampler_preload.c: samples the process that it is loaded into.
 *
 * Each thread has a timer of its own CPU time, whose signal is delivered to that thread. The handler writes one record
 * a signal, by one writev to a file that is open for appending, so records of several threads do not mix. A process
 * that is forked starts anew. State that handlers use is set up before the first timer and only changed by atomics. */
#include "harness/probe/profile/registers.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    MAPS_RECORD = 0x5052, /* PERF_RECORDS_MAPS_TEXT */
    MAPS_BYTES = 32768,
    MAPS_FRESH = 1, /* misc: of a program that has just begun */
    FILE_PATH_BYTES = 256,
    FILE_NUMBER_LEAST = 500, /* programs and shells use the low numbers themselves */
    REGISTERS_WRITTEN = REGISTERS_COUNT
};
#define MAPS_INTERVAL_NS INT64_C(200000000)

/* A sample up to its copy of the stack (perf_records.h). */
struct sample_head {
    struct perf_event_header header;
    uint64_t address;
    uint32_t process, thread;
    uint64_t time_ns, weight, chain_length, registers_abi, registers[REGISTERS_WRITTEN], stack_bytes;
};

/* What ends every other record. */
struct trailer {
    uint32_t process, thread;
    uint64_t time_ns;
};

static struct {
    _Atomic int fd; /* -1 = nothing is sampled */
    char path[FILE_PATH_BYTES];
    dev_t device; /* of the file that is behind path */
    ino_t inode;
    int64_t period_ns;
    size_t stack_bytes;
    pthread_key_t key; /* ends a thread's timer */
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    atomic_flag maps_busy;
    _Atomic int64_t maps_time_ns;
    char maps[MAPS_BYTES]; /* of whom maps_busy */
} sampler = { .fd = -1 };  /* lint: registry of the sampled process */

/* Of this thread. */
struct self {
    bool has_timer;
    int timer;
    pid_t thread;
    uintptr_t stack_low, stack_high;
    char name[16];
};
static __thread struct self self; /* lint: registry of the sampled process */

/* ---- the file ---- */

/* Async-signal-safe. */
static int open_file(void)
{
    int low = open(sampler.path, O_WRONLY | O_APPEND | O_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FILE_NUMBER_LEAST);
    if (high < 0)
        return low;
    close(low);
    return high;
}

static bool is_our_file(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_dev == sampler.device && status.st_ino == sampler.inode;
}

/* The program may close our descriptor, or have a file of its own under its number: samples must not get there.
 * Async-signal-safe. */
static int find_file(void)
{
    int fd = sampler.fd;
    if (is_our_file(fd))
        return fd;
    int again = open_file();
    if (again < 0 || !is_our_file(again) || !atomic_compare_exchange_strong(&sampler.fd, &fd, again)) {
        if (again >= 0)
            close(again);
        return -1; /* or another thread was faster: this record is lost */
    }
    return again;
}

/* A file that cannot be written loses samples; there is nobody to tell. */
static void write_parts(const struct iovec *parts, int count)
{
    int fd = find_file();
    if (fd < 0 || writev(fd, parts, count) < 0)
        return;
}

/* ---- records ---- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void write_record(uint32_t type, uint16_t misc, uint64_t time_ns, struct iovec *parts, int count)
{
    struct trailer trailer = { (uint32_t)getpid(), (uint32_t)self.thread, time_ns };
    struct perf_event_header header = { .type = type, .misc = misc };
    size_t size = sizeof header + sizeof trailer;
    for (int i = 1; i <= count; i++)
        size += parts[i].iov_len;
    header.size = (uint16_t)size;
    parts[0] = (struct iovec){ &header, sizeof header };
    parts[count + 1] = (struct iovec){ &trailer, sizeof trailer };
    write_parts(parts, count + 2);
}

static void write_name(uint16_t misc)
{
    uint32_t ids[2] = { (uint32_t)getpid(), (uint32_t)self.thread };
    char name[16] = { 0 };
    prctl(PR_GET_NAME, name);
    if (misc == 0 && memcmp(name, self.name, sizeof name) == 0)
        return;
    memcpy(self.name, name, sizeof name);
    struct iovec parts[4] = { { 0 }, { ids, sizeof ids }, { name, sizeof name } };
    write_record(PERF_RECORD_COMM, misc, now_ns(), parts, 2);
}

static void write_maps_piece(size_t length, uint16_t misc, uint64_t time_ns)
{
    uint32_t ids[2] = { (uint32_t)getpid(), (uint32_t)self.thread };
    struct iovec parts[5] = { { 0 }, { ids, sizeof ids }, { sampler.maps, length }, { "", 1 } };
    write_record(MAPS_RECORD, misc, time_ns, parts, 3);
}

/* In pieces of whole lines, which have one time. Async-signal-safe. */
static void write_maps(uint16_t misc)
{
    if (atomic_flag_test_and_set(&sampler.maps_busy))
        return;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    uint64_t time_ns = now_ns();
    size_t used = 0;
    ssize_t got = fd < 0 ? -1 : 0;
    while (fd >= 0 && (got = read(fd, sampler.maps + used, MAPS_BYTES - used)) > 0) {
        used += (size_t)got;
        size_t whole = used;
        while (whole > 0 && sampler.maps[whole - 1] != '\n')
            whole--;
        if (whole < MAPS_BYTES / 2)
            continue;
        write_maps_piece(whole, misc, time_ns);
        memmove(sampler.maps, sampler.maps + whole, used - whole);
        used -= whole;
    }
    if (used)
        write_maps_piece(used, misc, time_ns);
    if (fd >= 0)
        close(fd);
    atomic_store(&sampler.maps_time_ns, (int64_t)time_ns);
    atomic_flag_clear(&sampler.maps_busy);
}

/* ---- samples ---- */

#if defined(__x86_64__)
static const int contexts[REGISTERS_KERNEL_BITS] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
                                                     REG_RBP, REG_RSP, REG_RIP, 0,       0,       0,
                                                     0,       0,       0,       0,       REG_R8,  REG_R9,
                                                     REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
static uint64_t get_register(const ucontext_t *context, int bit)
{
    return (uint64_t)context->uc_mcontext.gregs[contexts[bit]];
}
#else
static uint64_t get_register(const ucontext_t *context, int bit)
{
    const mcontext_t *machine = &context->uc_mcontext;
    return bit < 31 ? machine->regs[bit] : bit == 31 ? machine->sp : machine->pc;
}
#endif

static void fill_registers(struct sample_head *head, const ucontext_t *context, uintptr_t *stack)
{
    int used = 0;
    for (int bit = 0; bit < REGISTERS_KERNEL_BITS; bit++) {
        int number = registers_of_kernel[bit];
        if (number < 0)
            continue;
        uint64_t value = get_register(context, bit);
        head->registers[used++] = value;
        if (number == REGISTERS_SP)
            *stack = (uintptr_t)value;
        if (number == REGISTERS_PC)
            head->address = value;
    }
}

static void write_sample(const ucontext_t *context, uint64_t weight)
{
    static const char padding[8];
    struct sample_head head = { .process = (uint32_t)getpid(),
                                .thread = (uint32_t)self.thread,
                                .time_ns = now_ns(),
                                .weight = weight,
                                .registers_abi = PERF_SAMPLE_REGS_ABI_64 };
    uintptr_t stack = 0;
    fill_registers(&head, context, &stack);
    /* On a stack that is not the thread's own (a signal's, a coroutine's) nobody knows where it ends. */
    size_t bytes = stack >= self.stack_low && stack < self.stack_high ? self.stack_high - stack : 0;
    bool is_whole = bytes <= sampler.stack_bytes;
    bytes = is_whole ? bytes & ~(size_t)7 : sampler.stack_bytes;
    /* Fewer bytes used than there are says: this is all of the stack. */
    uint64_t used = bytes, pad = is_whole && bytes ? sizeof padding : 0;
    head.stack_bytes = bytes + pad;
    struct iovec parts[4] = { { &head, sizeof head },
                              { (void *)stack, bytes },
                              { (void *)(uintptr_t)padding, pad },
                              { &used, head.stack_bytes ? sizeof used : 0 } };
    size_t size = 0;
    for (int i = 0; i < 4; i++)
        size += parts[i].iov_len;
    head.header = (struct perf_event_header){ .type = PERF_RECORD_SAMPLE, .size = (uint16_t)size };
    write_parts(parts, 4);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    int before = errno;
    (void)number;
    if (sampler.fd >= 0 && self.has_timer && info->si_code == SI_TIMER) {
        write_name(0);
        if ((int64_t)now_ns() - atomic_load(&sampler.maps_time_ns) > MAPS_INTERVAL_NS)
            write_maps(0);
        /* Ticks that came while the signal was waiting count too. */
        uint64_t ticks = 1 + (info->si_overrun > 0 ? (uint64_t)info->si_overrun : 0);
        write_sample(context, ticks * (uint64_t)sampler.period_ns);
    }
    errno = before;
}

/* ---- threads ---- */

static void begin_thread(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;
    memset(&self, 0, sizeof self);
    self.thread = (pid_t)syscall(SYS_gettid);
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
            self.stack_low = (uintptr_t)low;
            self.stack_high = (uintptr_t)low + size;
        }
        pthread_attr_destroy(&attributes);
    }
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF };
    event._sigev_un._tid = self.thread;
    struct itimerspec interval = { .it_interval = { sampler.period_ns / 1000000000, sampler.period_ns % 1000000000 } };
    interval.it_value = interval.it_interval;
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &self.timer) != 0)
        return;
    self.has_timer = true;
    pthread_setspecific(sampler.key, &self);
    syscall(SYS_timer_settime, self.timer, 0, &interval, NULL);
}

static void end_thread(void *value)
{
    struct self *thread = value;
    if (thread->has_timer)
        syscall(SYS_timer_delete, thread->timer);
    thread->has_timer = false;
}

struct beginning {
    void *(*start)(void *);
    void *argument;
};

static void *run_thread(void *context)
{
    struct beginning beginning = *(struct beginning *)context;
    free(context);
    begin_thread();
    return beginning.start(beginning.argument);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                                          void *(*start)(void *), void *argument)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = sampler.create;
    if (!create) { /* before our constructor */
        void *symbol = dlsym(RTLD_NEXT, "pthread_create");
        memcpy(&create, &symbol, sizeof create);
    }
    struct beginning *beginning = sampler.fd >= 0 ? malloc(sizeof *beginning) : NULL;
    if (!beginning)
        return create(thread, attributes, start, argument);
    *beginning = (struct beginning){ start, argument };
    int code = create(thread, attributes, run_thread, beginning);
    if (code != 0)
        free(beginning);
    return code;
}

/* ---- processes ---- */

/* Timers are not inherited. */
static void after_fork(void)
{
    uint32_t ids[4] = { (uint32_t)getpid(), (uint32_t)getppid(), (uint32_t)syscall(SYS_gettid), 0 };
    uint64_t time_ns = now_ns();
    if (sampler.fd < 0)
        return;
    atomic_flag_clear(&sampler.maps_busy);
    self.thread = (pid_t)ids[2];
    struct iovec parts[4] = { { 0 }, { ids, sizeof ids }, { &time_ns, sizeof time_ns } };
    write_record(PERF_RECORD_FORK, 0, time_ns, parts, 2);
    begin_thread();
}

/* "hz:stack_bytes:path" */
static bool read_settings(const char *text)
{
    char *end;
    long frequency = strtol(text, &end, 10);
    if (frequency < 1 || *end != ':')
        return false;
    sampler.period_ns = 1000000000 / frequency;
    sampler.stack_bytes = strtoul(end + 1, &end, 10);
    if (*end != ':' || sampler.stack_bytes > 60000)
        return false;
    struct stat status;
    if (strlen(end + 1) >= sizeof sampler.path)
        return false;
    strcpy(sampler.path, end + 1);
    int fd = open_file();
    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    sampler.device = status.st_dev;
    sampler.inode = status.st_ino;
    sampler.fd = fd;
    return true;
}

__attribute__((constructor)) static void begin_process(void)
{
    const char *settings = getenv("PRONY_SAMPLER");
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&sampler.create, &symbol, sizeof sampler.create);
    if (!settings || !read_settings(settings))
        return;
    struct sigaction action = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigemptyset(&action.sa_mask);
    self.thread = (pid_t)syscall(SYS_gettid);
    if (pthread_key_create(&sampler.key, end_thread) != 0 || sigaction(SIGPROF, &action, NULL) != 0) {
        close(sampler.fd);
        sampler.fd = -1;
        return;
    }
    write_name(PERF_RECORD_MISC_COMM_EXEC);
    write_maps(MAPS_FRESH);
    pthread_atfork(NULL, NULL, after_fork);
    begin_thread();
}

/* What was loaded last. */
__attribute__((destructor)) static void end_process(void)
{
    if (sampler.fd >= 0)
        write_maps(0);
}
