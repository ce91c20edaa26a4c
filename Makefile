# Prony: one Makefile, not recursive. `make help` lists the targets.
#
# Sources are found by wildcard; objects go to build/<variant>/obj. Programs of the release variant go to build/bin and
# libraries to build/lib; every other variant keeps its own build/<variant>/bin and lib.
# A kernel file's ISA flags come from its name: <op>_<format>__<isa>[_<tune>].c

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

VARIANT ?= release
BUILD   ?= build
O       := $(BUILD)/$(VARIANT)
ifeq ($(VARIANT),release)
BIN := $(BUILD)/bin
LIB := $(BUILD)/lib
else
BIN := $(O)/bin
LIB := $(O)/lib
endif

ifeq ($(origin CC),default)
CC := gcc
endif
OBJCOPY ?= objcopy
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
PKGS := sqlite3 jansson libutf8proc zlib libdw libelf
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# Performance counters by name need libpfm4; a library built, or a program linked without it says that they are not
# supported. The references are weak, so a linker that drops libraries without need would drop it.
comma    := ,
HAVE_PFM := $(shell printf '\043include <perfmon/pfmlib_perf_event.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo yes)
PFM_CFLAGS := $(if $(HAVE_PFM),-DPRONY_HAVE_LIBPFM)
PFM_LIBS   := $(if $(HAVE_PFM),-Wl$(comma)--push-state$(comma)--no-as-needed -lpfm -Wl$(comma)--pop-state)

# The marks for callgrind are instructions without effect elsewhere; valgrind's header has them.
HAVE_VALGRIND   := $(shell printf '\043include <valgrind/callgrind.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo yes)
VALGRIND_CFLAGS := $(if $(HAVE_VALGRIND),-DPRONY_HAVE_VALGRIND)

WARN   := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
CSTD   := -std=c11 -D_GNU_SOURCE
BASE_CFLAGS := $(CSTD) $(WARN) -g -I. -MMD -MP -pthread $(PKG_CFLAGS) $(PFM_CFLAGS) $(VALGRIND_CFLAGS) -DPRONY_VERSION='"$(shell cat VERSION 2>/dev/null)"'
opt_release  := -O2 -fPIC
opt_asan     := -O1 -fPIC -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
opt_tsan     := -O1 -fPIC -fno-omit-frame-pointer -fsanitize=thread
opt_ubsan    := -O1 -fPIC -fno-omit-frame-pointer -fsanitize=undefined -fno-sanitize-recover=all
opt_coverage := -O0 -fPIC --coverage
opt_clang    := -O2 -fPIC
opt_fuzz     := -O1 -fPIC -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
link_asan     := -fsanitize=address,undefined
link_tsan     := -fsanitize=thread
link_ubsan    := -fsanitize=undefined
link_coverage := --coverage
link_fuzz     := -fsanitize=address,undefined
ALL_CFLAGS  := $(BASE_CFLAGS) $(opt_$(VARIANT)) $(CFLAGS)
ALL_LDFLAGS := -pthread $(link_$(VARIANT)) $(LDFLAGS)
LIBS        := $(PKG_LIBS) $(PFM_LIBS) -lm

# ---- ISA flags by file name ----
# The scalar files are the reference and make models: the same bits wherever they are compiled.
isa_scalar     := -ffp-contract=off
isa_avx2       := -mavx2 -mfma -mf16c -mbmi2
isa_avxvnni    := $(isa_avx2) -mavxvnni
isa_avx512     := $(isa_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512
isa_avx512vnni := $(isa_avx512) -mavx512vnni -mavx512vbmi
isa_avx512bf16 := $(isa_avx512vnni) -mavx512bf16
isa_amx        := $(isa_avx512bf16) -mamx-tile -mamx-int8 -mamx-bf16
# __<isa> or __<isa>_<tune>
isa_name = $(firstword $(subst _, ,$(lastword $(subst __, ,$(basename $(1))))))
isa_of = $(isa_$(isa_name))

# ---- sources ----
base_src      := $(wildcard harness/base/*.c)
stats_src     := $(wildcard harness/stats/*.c)
malloc_src    := $(wildcard harness/probe/probe_malloc*.c)
probe_src     := $(filter-out $(malloc_src),$(wildcard harness/probe/*.c))
# The profiler needs libdw, which libbenchmark shall not.
profile_src   := $(wildcard harness/probe/profile/*.c)
benchmark_src := $(wildcard harness/benchmark/*.c)
store_src     := $(wildcard harness/store/*.c)
judge_src     := $(wildcard harness/judge/*.c)
run_src       := $(wildcard harness/run/*.c)
cli_src       := $(wildcard harness/cli/*.c)
report_src    := $(wildcard reports/*.c)
kernel_src    := $(wildcard kernels/*.c kernels/*/*.c)
engine_src    := $(wildcard engines/*.c engines/native/*.c engines/stub/*.c)
tool_src      := $(wildcard engines/native/tool/*.c)
suite_src     := $(wildcard suites/*.c)
suite_common  := $(wildcard suites/common/*.c)
ifneq ($(ARCH),x86_64)
x86_isas   := avx2 avxvnni avx512 avx512vnni avx512bf16 amx
kernel_src := $(foreach file,$(kernel_src),$(if $(filter $(x86_isas),$(call isa_name,$(file))),,$(file)))
endif

obj = $(patsubst %.c,$(O)/obj/%.o,$(1))

# ---- libraries: one per layer of docs/ARCHITECTURE.md ----
libs := base stats probe benchmark store run report kernel engine
LIB_BASE      := $(LIB)/libprony_base.a
LIB_KERNELS   := $(LIB)/libprony_kernels.a
LIB_ENGINES   := $(LIB)/libprony_engines.a
LIB_HARNESS   := $(LIB)/libprony_harness.a
# For our own suites and tests: every symbol is there. What is installed is made further down.
LIB_BENCHMARK := $(O)/obj/libprony_benchmark.a

$(LIB_BASE): $(call obj,$(base_src))
$(LIB_KERNELS): $(call obj,$(kernel_src))
$(LIB_ENGINES): $(call obj,$(engine_src))
# libbenchmark is complete in itself: what it needs of base, stats and probe is inside.
BENCHMARK_OBJECTS := $(call obj,$(benchmark_src) $(probe_src) $(stats_src) $(base_src))
$(LIB_BENCHMARK): $(BENCHMARK_OBJECTS)
$(LIB_HARNESS): $(call obj,$(store_src) $(judge_src) $(run_src) $(report_src) $(stats_src) $(probe_src) $(profile_src))
ARCHIVES := $(LIB_BASE) $(LIB_KERNELS) $(LIB_ENGINES) $(LIB_BENCHMARK) $(LIB_HARNESS)
LIBRARIES := $(ARCHIVES)
$(ARCHIVES):
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR      $@"
	@$(AR) rcs $@ $^

# ---- libbenchmark as others get it ----
# Only what the public headers declare can be seen from outside: they ask for default visibility, everything else is
# compiled hidden. All objects become one, in which the hidden names (and whatever is not named benchmark_*) are local:
# no name of ours meets one of the program's. The static and the shared library are made of that object.
VERSION_TEXT  := $(shell cat VERSION 2>/dev/null)
BENCHMARK_SO  := libprony_benchmark.so
SO_MAJOR      := $(BENCHMARK_SO).$(firstword $(subst ., ,$(VERSION_TEXT)))
SO_FULL       := $(BENCHMARK_SO).$(VERSION_TEXT)
BENCHMARK_LIBS   := $(PFM_LIBS) -lm
PUBLIC_HEADERS   := $(addprefix harness/benchmark/,benchmark.h reporter.h)
PUBLIC_LIBRARIES := $(LIB)/libprony_benchmark.a $(LIB)/$(SO_FULL)

$(BENCHMARK_OBJECTS): ALL_CFLAGS += -fvisibility=hidden
$(BENCHMARK_OBJECTS): Makefile # objects of before that line would show everything
BENCHMARK_OBJECT := $(O)/libprony_benchmark.o
$(BENCHMARK_OBJECT): $(BENCHMARK_OBJECTS)
	@$(CC) -r -nostdlib -o $@ $^
	@$(OBJCOPY) --localize-hidden --wildcard --keep-global-symbol='benchmark_*' $@
$(LIB)/libprony_benchmark.a: $(BENCHMARK_OBJECT)
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR      $@"
	@$(AR) rcs $@ $^
$(LIB)/$(SO_FULL): $(BENCHMARK_OBJECT)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SO_MAJOR) -Wl,-z,defs -o $@ $^ $(BENCHMARK_LIBS)
	@ln -sf $(SO_FULL) $(LIB)/$(SO_MAJOR)
	@ln -sf $(SO_MAJOR) $(LIB)/$(BENCHMARK_SO)
# The counting malloc, for programs that ask for it. A static one goes behind libprony_benchmark on the command line.
MALLOC_OBJECT    := $(call obj,$(malloc_src))
MALLOC_SO        := libprony_benchmark_malloc.so
MALLOC_SO_MAJOR  := $(MALLOC_SO).$(firstword $(subst ., ,$(VERSION_TEXT)))
MALLOC_SO_FULL   := $(MALLOC_SO).$(VERSION_TEXT)
MALLOC_LIBRARIES := $(LIB)/libprony_benchmark_malloc.a $(LIB)/$(MALLOC_SO_FULL)
$(LIB)/libprony_benchmark_malloc.a: $(MALLOC_OBJECT)
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR      $@"
	@$(AR) rcs $@ $^
$(LIB)/$(MALLOC_SO_FULL): $(MALLOC_OBJECT)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(MALLOC_SO_MAJOR) -Wl,-z,defs -o $@ $^
	@ln -sf $(MALLOC_SO_FULL) $(LIB)/$(MALLOC_SO_MAJOR)
	@ln -sf $(MALLOC_SO_MAJOR) $(LIB)/$(MALLOC_SO)
# Sanitizers and coverage are for our own programs.
ifeq ($(filter-out release clang,$(VARIANT)),)
LIBRARIES += $(PUBLIC_LIBRARIES) $(MALLOC_LIBRARIES)
tests: $(PUBLIC_LIBRARIES) $(MALLOC_LIBRARIES)
endif

# The sampler that `prony profile` loads into other people's programs: never with a sanitizer.
SAMPLER_SO      := $(LIB)/libprony_sampler.so
SAMPLER_OBJECTS := $(call obj,$(wildcard harness/probe/preload/*.c))
LIBRARIES += $(SAMPLER_SO)
$(SAMPLER_OBJECTS): ALL_CFLAGS = $(BASE_CFLAGS) -O2 -fPIC -fvisibility=hidden -ftls-model=initial-exec
$(SAMPLER_SO): $(SAMPLER_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) -shared -Wl,-soname,libprony_sampler.so -Wl,-z,defs -o $@ $^ -pthread -ldl

# ---- programs ----
SUITES   := $(patsubst suites/%.c,$(BIN)/%,$(suite_src))
PROGRAMS := $(if $(cli_src),$(BIN)/prony) $(if $(tool_src),$(BIN)/prony-engine) $(SUITES)

$(BIN)/prony: $(call obj,$(cli_src)) $(LIB_HARNESS) $(LIB_BASE)
$(BIN)/prony-engine: $(call obj,$(tool_src)) $(LIB_ENGINES) $(LIB_KERNELS) $(LIB_BASE)
$(SUITES): $(BIN)/%: $(O)/obj/suites/%.o $(call obj,$(suite_common)) $(LIB_ENGINES) $(LIB_KERNELS) $(LIB_BENCHMARK) $(MALLOC_OBJECT)
$(PROGRAMS):
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# ---- objects ----
$(O)/obj/kernels/%.o: kernels/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(ALL_CFLAGS) $(kernel_opt) $(call isa_of,$*) -c -o $@ $<
# prony records what it was compiled with.
$(O)/obj/harness/run/build_info.o: ALL_CFLAGS += -DPRONY_BUILD_FLAGS='"$(strip $(VARIANT): $(opt_$(VARIANT)) $(CFLAGS))"'
$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<
# asset.c includes these files by .incbin, which the compiler's dependency files do not see.
$(O)/obj/reports/asset.o: $(wildcard reports/page.* reports/site.css reports/site.js reports/flame*.css reports/flame.js reports/flame.html reports/charts/*.gp)
$(O)/obj/harness/probe/probe_groups.o: $(wildcard harness/probe/groups/*.group)
ifeq ($(filter-out release clang,$(VARIANT)),)
kernel_opt := -O3
endif

# ---- tests: every tests/*/*_test.c is one cmocka program ----
test_src   := $(wildcard tests/*/*_test.c)
test_extra := $(wildcard tests/support/*.c)
TESTS      := $(patsubst tests/%.c,$(O)/tests/%,$(test_src))
$(TESTS): $(O)/tests/%: $(O)/obj/tests/%.o $(call obj,$(test_extra)) $(LIB_HARNESS) $(LIB_ENGINES) $(LIB_KERNELS) $(LIB_BENCHMARK)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
# All count allocations but those that show what a program without the counting malloc does.
$(filter-out %_plain_test,$(TESTS)): $(MALLOC_OBJECT)

# Studies: what is too slow for a test. tests/study/<name>.c is a program each; `make test-long` runs them.
STUDIES := $(patsubst tests/study/%.c,$(O)/study/%,$(wildcard tests/study/*.c))
$(STUDIES): $(O)/study/%: $(O)/obj/tests/study/%.o $(patsubst %,$(O)/obj/tests/support/%.o,ab_study history_noise) $(LIB_HARNESS)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_BASE) $(LIBS)

# fuzz targets: tests/fuzz/fuzz_<name>.c defines LLVMFuzzerTestOneInput. Without libFuzzer, replay.c feeds it the corpus.
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
REPLAYS  := $(patsubst tests/fuzz/%.c,$(O)/fuzz/replay_%,$(fuzz_src))
$(REPLAYS): $(O)/fuzz/replay_%: $(O)/obj/tests/fuzz/%.o $(O)/obj/tests/fuzz/replay.o $(LIB_HARNESS) $(LIB_ENGINES) $(LIB_KERNELS) $(LIB_BENCHMARK)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(fuzz_src))
ifeq ($(VARIANT),fuzz)
$(FUZZERS): $(O)/fuzz/%: $(O)/obj/tests/fuzz/%.o $(LIB_HARNESS) $(LIB_ENGINES) $(LIB_KERNELS) $(LIB_BENCHMARK)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
endif

# ---- targets for people ----
.PHONY: help build install uninstall programs tests studies fuzzers test test-long bench asan ubsan tsan lint format fuzz coverage golden clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

build: $(LIBRARIES) $(PROGRAMS) ## programs in build/bin, libraries in build/lib

# PREFIX, LIBDIR, INCLUDEDIR, MANDIR say where; DESTDIR is put before all of them (for packages).
PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
INSTALLED  := $(addprefix $(LIBDIR)/,libprony_benchmark.a $(BENCHMARK_SO) $(SO_MAJOR) $(SO_FULL) pkgconfig/prony-benchmark.pc) \
              $(addprefix $(LIBDIR)/,libprony_benchmark_malloc.a $(MALLOC_SO) $(MALLOC_SO_MAJOR) $(MALLOC_SO_FULL)) \
              $(addprefix $(INCLUDEDIR)/prony/,$(notdir $(PUBLIC_HEADERS))) $(MANDIR)/man3/prony-benchmark.3

install: $(PUBLIC_LIBRARIES) $(MALLOC_LIBRARIES) ## libbenchmark for C and C++: PREFIX=/usr/local, DESTDIR, LIBDIR, INCLUDEDIR, MANDIR
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/prony $(DESTDIR)$(MANDIR)/man3
	install -m 644 $(filter %.a,$^) $(DESTDIR)$(LIBDIR)
	install -m 755 $(LIB)/$(SO_FULL) $(LIB)/$(MALLOC_SO_FULL) $(DESTDIR)$(LIBDIR)
	ln -sf $(SO_FULL) $(DESTDIR)$(LIBDIR)/$(SO_MAJOR)
	ln -sf $(SO_MAJOR) $(DESTDIR)$(LIBDIR)/$(BENCHMARK_SO)
	ln -sf $(MALLOC_SO_FULL) $(DESTDIR)$(LIBDIR)/$(MALLOC_SO_MAJOR)
	ln -sf $(MALLOC_SO_MAJOR) $(DESTDIR)$(LIBDIR)/$(MALLOC_SO)
	@# The paths in prony-benchmark.pc are relative to itself: the tree may be moved.
	sed -e 's|@prefix@|$${pcfiledir}/$(shell realpath -ms --relative-to=$(LIBDIR)/pkgconfig $(PREFIX))|' \
	    -e 's|@libdir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' -e 's|@version@|$(VERSION_TEXT)|' \
	    -e 's|@includedir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' -e 's|@libs@|$(BENCHMARK_LIBS)|' \
	    harness/benchmark/prony-benchmark.pc.in | install -m 644 /dev/stdin $(DESTDIR)$(LIBDIR)/pkgconfig/prony-benchmark.pc
	for header in $(notdir $(PUBLIC_HEADERS)); do \
	    sed 's|^#include "harness/benchmark/\(.*\)"|#include <prony/\1>|' harness/benchmark/$$header | \
	        install -m 644 /dev/stdin $(DESTDIR)$(INCLUDEDIR)/prony/$$header || exit 1; \
	done
	install -m 644 harness/benchmark/prony-benchmark.3 $(DESTDIR)$(MANDIR)/man3

uninstall: ## removes what install put there (the same variables)
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(DESTDIR)$(INCLUDEDIR)/prony 2>/dev/null

programs: $(PROGRAMS) $(SAMPLER_SO)
tests: $(TESTS) $(REPLAYS)
fuzzers: $(FUZZERS)

test: ## build and run all unit tests of this variant, sanitizers included (what scripts/test does after installing)
	@scripts/run-tests

studies: $(STUDIES)

test-long: build studies ## studies of the statistics (tables in docs/METHOD.md), a planted slowdown with real clocks, and fuzzing for a while on every target
	@scripts/study
	@tests/study/pull_request.sh
	@scripts/fuzz 120

bench: build ## run the quick plan and print its summary
	@scripts/bench-all.sh

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/run-tests asan
ubsan: ## the tests under UndefinedBehaviorSanitizer alone
	@scripts/run-tests ubsan
tsan: ## the tests under ThreadSanitizer
	@scripts/run-tests tsan

lint: ## include rules, kernel rows, globals, READMEs, formatting
	@scripts/lint

format: ## rewrite sources with clang-format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

fuzz: ## 20 seconds of libFuzzer on every target (clang)
	@scripts/fuzz 20

coverage: ## line coverage of the tests (gcov), summary on stdout
	@scripts/coverage

golden: build ## rewrite the golden files in tests/golden after a look at the difference
	@scripts/golden

clean: ## remove build/
	rm -rf $(BUILD)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
