# SPDX-License-Identifier: BSD-2-Clause
# make             build/viztrace-bpf
# sudo make demo   install what is missing, build, trace the demo: build/demo.json
# sudo make test   install what is missing, build and run every test
#                  (WITH="containers kernels packages fleet": also in containers of Debian 12 and 13, on two other
#                  kernels, and of what is packaged; fleet: rows in ClickHouse's engine, 546 MB from npm)
# make check       the tests that take no root and no network, with what is installed; says what it left out
# make install     PREFIX=/usr/local DESTDIR=; make uninstall takes it away again
# make dist        build/viztrace-bpf-VERSION.tar.gz, the same each time; it builds without clang and bpftool
# sudo make deb    Debian's packages, built in a bare Debian 12 and 13 (DEB_SPACES=12: only this): build/package
#                  sudo make test-packages: also install, trace and purge them there
# make rpm         an RPM of it (RPM_FLAGS=--nodeps where rpm is a guest)
# V=1 shows commands; CLANG, BPFTOOL, CC, PKG_CONFIG may be set.

# One place: VIZTRACE_VERSION of the header.
VERSION := $(shell sed -n 's/^.define VIZTRACE_VERSION [0-9]* .. \([0-9.]*\):.*/\1/p' include/viztrace.h)
PREFIX ?= /usr/local
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
B := build

# What is built is the same wherever it is built.
SAME_PATHS := -ffile-prefix-map=$(CURDIR)=.

# WERROR=1 is for who works on this, and set by `make test`: a newer compiler's new warnings shall not stop a build.
WERROR ?=
FATAL := $(if $(WERROR),-Werror)
WARNINGS := -Wall -Wextra $(FATAL) -Wmissing-prototypes -Wshadow
PACKAGES := libbpf libelf jansson zlib ncursesw
# -ffp-contract: a report has the same digits on each machine. -I alone: which of libc's declarations it sees a file says.
USER_CFLAGS = -std=gnu11 -ffp-contract=off $(WARNINGS) -Iinclude -I$(B) -DTOOL_VERSION='"$(VERSION)"' \
	$(shell $(PKG_CONFIG) --cflags-only-I $(PACKAGES)) $(SAME_PATHS) $(CPPFLAGS) $(CFLAGS)
USER_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -pthread -lm

# The way of an event from ring to file goes through many small functions in several files.
LTO := $(shell echo 'int main(void) { return 0; }' | $(CC) -O2 -flto=auto -x c - -o /dev/null 2>/dev/null && echo -flto=auto)

MACHINE := $(shell uname -m)
BPF_ARCH := $(if $(filter x86_64,$(MACHINE)),x86,$(if $(filter aarch64,$(MACHINE)),arm64,$(MACHINE)))
# What every kernel of 5.8 takes; batches need a newer one anyway, and its atomic operations.
BPF_CPU = v2
$(B)/batch.bpf.o: BPF_CPU = v3
# Not the C library's headers, but those of the kernel that lie beside them.
BPF_CFLAGS = -O2 -g -target bpf -mcpu=$(BPF_CPU) -ffreestanding -D__TARGET_ARCH_$(BPF_ARCH) -Wall $(FATAL) -Iinclude \
	-idirafter /usr/include/$(MACHINE)-linux-gnu $(SAME_PATHS)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$1' '$(subst $(CURDIR)/,,$2)')

# A folder for each stage of an event's way; what is outside of them wires the stages together.
SOURCES := $(wildcard user/*.c user/*/*.c)
OBJECTS := $(SOURCES:user/%.c=$(B)/user/%.o)
# One eBPF object for each of these, and a skeleton of it.
SKELETONS := $(patsubst bpf/%.bpf.c,$(B)/%.skel.h,$(wildcard bpf/*.bpf.c))

.PHONY: all demo check test install clean deps deps-test
.DELETE_ON_ERROR:
all: $(B)/viztrace-bpf

$(B)/viztrace-bpf: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAME_PATHS) $(CFLAGS) $(LTO) $(LDFLAGS) -o $@ $^ $(USER_LIBS)

$(B)/user/%.o: user/%.c | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) $(LTO) -MMD -MP -c -o $@ $<

$(B)/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) include/viztrace.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $(B)/$*.whole.bpf.o $<
	$(Q)$(BPFTOOL) gen object $@ $(B)/$*.whole.bpf.o

# `make dist` puts skeletons into the tarball, and the sums of what they were made from. BPF_FROM_SOURCE=1 ignores them.
SHIPPED := bpf/skeletons
BPF_SOURCES := $(sort $(wildcard bpf/*.c bpf/*.h)) include/viztrace.h
ifeq ($(if $(BPF_FROM_SOURCE),,$(wildcard $(SHIPPED)/$(BPF_ARCH)/*.skel.h)),)
$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@
else
$(B)/%.skel.h: $(SHIPPED)/$(BPF_ARCH)/%.skel.h $(SHIPPED)/sums $(BPF_SOURCES)
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sha256sum $(BPF_SOURCES) | cmp -s - $(SHIPPED)/sums || { echo "the eBPF sources are not those that the" \
		"skeletons in $(SHIPPED) were made from; build with BPF_FROM_SOURCE=1 (which takes clang and bpftool)" >&2; exit 1; }
	$(Q)cp $< $@
endif
.SECONDARY: $(SKELETONS) $(SKELETONS:.skel.h=.bpf.o)

WITH ?=
JOBS := -j$(shell nproc)

# ---- demo, tests: these may install packages, hence sudo ----

demo: deps
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(B)/jobserver
	$(Q)tests/demo/run.sh $(B)
	$(Q)$(give_back)

test: deps-test
	$(Q)$(MAKE) --no-print-directory $(JOBS) WERROR=1 all unit $(B)/jobserver
	$(Q)python3 tests/run.py $(addprefix --with ,$(WITH)); status=$$?; $(give_back); exit $$status

HAS_CRITERION = $(call has_header,criterion/criterion.h,unit)

check:
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(HAS_CRITERION)
	$(Q)python3 tests/run.py --check

deps:
	$(Q)tests/deps.sh build

deps-test:
	$(Q)tests/deps.sh build test

# What root built under sudo belongs to the user whose folder it is.
give_back = if [ -n "$$SUDO_UID" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" $(B); fi

$(B)/jobserver: tests/demo/jobserver.c include/viztrace.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -Iinclude -pthread $(CFLAGS) -o $@ $<

# Unit tests: one program for each file, all of the product under the sanitizers.
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c tests/unit/*/*.c))
UNIT_OBJECTS := $(patsubst user/%.c,$(B)/unit/user/%.o,$(filter-out user/main.c,$(SOURCES)))
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined

.PHONY: unit
unit: $(UNIT)

$(B)/unit/user/%.o: user/%.c | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

$(B)/unit/libproduct.a: $(UNIT_OBJECTS)
	$(Q)rm -f $@ && ar rc $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/unit/libproduct.a $(wildcard tests/unit/*.h tests/unit/*/*.h)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Wmissing-prototypes,$(USER_CFLAGS)) $(SANITIZE) -iquote user -o $@ $< \
		$(B)/unit/libproduct.a -lcriterion $(USER_LIBS)

# ---- install ----

BASH_COMPLETIONS := $(PREFIX)/share/bash-completion/completions
FISH_COMPLETIONS := $(PREFIX)/share/fish/vendor_completions.d
UNIT_FILE := viztrace-bpf@.service
UNITS := $(PREFIX)/lib/systemd/system
MANUALS := $(wildcard user/man/*)
installed_manual = $(PREFIX)/share/man/man$(subst .,,$(suffix $1))/$(notdir $1)
INSTALLED = $(PREFIX)/bin/viztrace-bpf $(PREFIX)/include/viztrace.h $(PREFIX)/include/viztrace.hpp $(PREFIX)/share/pkgconfig/viztrace.pc \
	$(foreach m,$(MANUALS),$(call installed_manual,$m)) $(BASH_COMPLETIONS)/viztrace-bpf \
	$(ZSH_COMPLETIONS)/_viztrace-bpf $(FISH_COMPLETIONS)/viztrace-bpf.fish $(UNITS)/$(UNIT_FILE)

.PHONY: uninstall dist rpm deb test-packages
DEB_SPACES ?=
install: all
	install -D -m 755 $(B)/viztrace-bpf $(DESTDIR)$(PREFIX)/bin/viztrace-bpf
	install -D -m 644 include/viztrace.h $(DESTDIR)$(PREFIX)/include/viztrace.h
	install -D -m 644 include/viztrace.hpp $(DESTDIR)$(PREFIX)/include/viztrace.hpp
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' '' 'Name: viztrace' \
		'Description: USDT probes for counters, objects and methods, one header' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
		> $(DESTDIR)$(PREFIX)/share/pkgconfig/viztrace.pc
	$(foreach m,$(MANUALS),install -D -m 644 $m $(DESTDIR)$(call installed_manual,$m) &&) :
	install -D -m 644 user/completion/viztrace-bpf.bash $(DESTDIR)$(BASH_COMPLETIONS)/viztrace-bpf
	install -D -m 644 user/completion/_viztrace-bpf $(DESTDIR)$(ZSH_COMPLETIONS)/_viztrace-bpf
	install -D -m 644 user/completion/viztrace-bpf.fish $(DESTDIR)$(FISH_COMPLETIONS)/viztrace-bpf.fish
	install -d $(DESTDIR)$(UNITS)
	sed 's,^ExecStart=/usr/bin/,ExecStart=$(PREFIX)/bin/,' user/systemd/$(UNIT_FILE) > $(DESTDIR)$(UNITS)/$(UNIT_FILE)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))

# ---- tarball, packages ----

DIST := viztrace-bpf-$(VERSION)
DIST_TIME = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y Makefile))
DIST_FILES = $(if $(wildcard .git),git ls-files --cached --others --exclude-standard -z -- . ':!$(SHIPPED)',\
	find . -path ./$(B) -prune -o -path ./$(SHIPPED) -prune -o -name __pycache__ -prune -o -type f -print0)

dist: $(SKELETONS)
	$(call say,DIST,$(B)/$(DIST).tar.gz)
	$(Q)rm -rf $(B)/dist && mkdir -p $(B)/dist/$(DIST)
	$(Q)$(DIST_FILES) | tar --null -T - -cf - | tar -xf - -C $(B)/dist/$(DIST)
	$(Q)mkdir -p $(B)/dist/$(DIST)/$(SHIPPED)/$(BPF_ARCH)
	$(Q)cp $(SKELETONS) $(B)/dist/$(DIST)/$(SHIPPED)/$(BPF_ARCH)
	$(Q)sha256sum $(BPF_SOURCES) > $(B)/dist/$(DIST)/$(SHIPPED)/sums
	$(Q)tar -C $(B)/dist --sort=name --mtime=@$(DIST_TIME) --owner=0 --group=0 --numeric-owner --format=gnu \
		--mode=u+rwX,go+rX,go-w -cf - $(DIST) | gzip -9n > $(B)/$(DIST).tar.gz
	$(Q)rm -rf $(B)/dist

deb test-packages:
	$(Q)tests/deps.sh build packages
	$(Q)$(MAKE) --no-print-directory dist
	$(Q)python3 tests/package/run.py --build $(B) --tarball $(B)/$(DIST).tar.gz $(if $(DEB_SPACES),--spaces $(DEB_SPACES)) \
		$(if $(filter deb,$@),build,test); status=$$?; $(give_back); exit $$status

rpm: dist
	$(Q)rpmbuild -ta --define "_topdir $(abspath $(B)/rpm)" $(RPM_FLAGS) $(B)/$(DIST).tar.gz

clean:
	$(Q)rm -rf $(B)

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d)

# ---- bench: tests/bench/README.md ----
# sudo make bench        everything but the soak, as a table (BENCH="--quick", BENCH=writer, ...: see bench.py --help)
# sudo make bench-json   the same, and build/bench.json
# sudo make bench-deps   install what we are compared with

.PHONY: bench bench-json bench-deps bench-build bench-programs
BENCH ?=
BENCH_DIR := tests/bench
BENCH_BUILD := $(B)/bench
BENCH_CFLAGS = -std=gnu11 -O2 -g -Wall -Wextra $(FATAL) -falign-loops=32 -Iinclude -I$(BENCH_DIR) -iquote user -pthread
BENCH_PROGRAMS := app-viz app-none floor writer attach/app
BENCH_OBJECTS := $(filter-out $(B)/user/main.o,$(OBJECTS))
hash := \#
has_header = $(shell echo '$(hash)include <$1>' | $(CC) -E -x c - >/dev/null 2>&1 && echo $2)

bench: bench-build
	$(Q)python3 $(BENCH_DIR)/bench.py --build $(B) $(BENCH); status=$$?; $(give_back); exit $$status

bench-json: bench-build
	$(Q)python3 $(BENCH_DIR)/bench.py --build $(B) --json $(B)/bench.json $(BENCH); status=$$?; $(give_back); exit $$status

bench-deps:
	$(Q)tests/deps.sh build bench

bench-build: all
	$(Q)$(MAKE) --no-print-directory bench-programs BENCH_PROGRAMS="$(BENCH_PROGRAMS) \
		$(call has_header,sys/sdt.h,app-sdt) $(call has_header,lttng/tracepoint.h,app-lttng)"

bench-programs: $(addprefix $(BENCH_BUILD)/,$(BENCH_PROGRAMS))

$(BENCH_BUILD)/app-%: $(BENCH_DIR)/app.c $(wildcard $(BENCH_DIR)/*.h) $(BENCH_DIR)/lttng_events.c include/viztrace.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BENCH_CFLAGS) $(BENCH_APP_$*) -o $@ $< $(BENCH_APP_$*_LIBS)
BENCH_APP_viz := -DEMIT='"emit_viz.h"'
BENCH_APP_none := -DEMIT='"emit_viz.h"' -DVIZ_PROBE_DISABLE
BENCH_APP_sdt := -DEMIT='"emit_sdt.h"' -DVIZ_PROBE_DISABLE
BENCH_APP_lttng := -DEMIT='"emit_lttng.h"' -DVIZ_PROBE_DISABLE
BENCH_APP_lttng_LIBS := $(BENCH_DIR)/lttng_events.c -llttng-ust -ldl

$(BENCH_BUILD)/floor.bpf.o: $(BENCH_DIR)/floor.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BENCH_BUILD)/floor.skel.h: $(BENCH_BUILD)/floor.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name floor_bpf > $@

$(BENCH_BUILD)/floor: $(BENCH_DIR)/floor.c $(BENCH_BUILD)/floor.skel.h $(BENCH_OBJECTS)
	$(call say,CC,$@)
	$(Q)$(CC) $(BENCH_CFLAGS) $(LTO) -I$(BENCH_BUILD) -o $@ $< $(BENCH_OBJECTS) $(USER_LIBS)

$(BENCH_BUILD)/writer: $(BENCH_DIR)/writer.c tests/unit/records.h $(BENCH_OBJECTS)
	$(call say,CC,$@)
	$(Q)$(CC) $(BENCH_CFLAGS) $(LTO) -o $@ $< $(BENCH_OBJECTS) $(USER_LIBS)

$(BENCH_BUILD)/attach/app: $(BENCH_DIR)/attach_sources.py include/viztrace.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)python3 $< $(@D)
	$(Q)for i in 1 2 3; do $(CC) -O1 -Iinclude -shared -fPIC -o $(@D)/lib$$i.so $(@D)/lib$$i.c || exit; done
	$(Q)$(CC) -O1 -Iinclude -o $@ $(@D)/app.c $(@D)/lib1.so $(@D)/lib2.so $(@D)/lib3.so -Wl,-rpath,'$$ORIGIN'
# ---- end of bench ----

# ---- fuzz ----
# sudo make fuzz   records, ELF files, ctl's requests, options and traces at random, FUZZ_SECONDS each (60), under the
#                  sanitizers; what breaks is in build/fuzz
#                  Without sudo it works as well, if clang has its libFuzzer.

.PHONY: fuzz fuzz-programs
FUZZ_SECONDS ?= 60
FUZZ_DIR := tests/fuzz
FUZZ_BUILD := $(B)/fuzz
FUZZ_CFLAGS = $(USER_CFLAGS) $(SANITIZE)
FUZZ_OBJECTS := $(patsubst user/%.c,$(FUZZ_BUILD)/user/%.o,$(filter-out user/main.c,$(SOURCES)))
fuzz_run = cd $(FUZZ_BUILD) && { TMPDIR=. ./$1 -max_total_time=$(FUZZ_SECONDS) -max_len=$2 -artifact_prefix=$1- \
	-print_final_stats=1 corpus/$1 2>$1.log || { cat $1.log; exit 1; }; } && \
	echo "$1: $$(sed -n 's/^stat::number_of_executed_units: *//p' $1.log) inputs, none did harm"

fuzz:
	$(Q)tests/deps.sh build fuzz
	$(Q)$(MAKE) --no-print-directory $(JOBS) all fuzz-programs
	$(Q)mkdir -p $(FUZZ_BUILD)/corpus/records $(addprefix $(FUZZ_BUILD)/corpus/,elf_file requests trace)
	$(Q)$(FUZZ_BUILD)/seeds $(FUZZ_BUILD)/corpus/records $(FUZZ_BUILD)/corpus/trace
	$(Q)$(B)/viztrace-bpf convert --format perfetto $(FUZZ_BUILD)/corpus/trace/states-0 $(FUZZ_BUILD)/corpus/trace/perfetto
	$(Q)strip -o $(FUZZ_BUILD)/corpus/elf_file/jobserver $(B)/jobserver
	$(Q)$(call fuzz_run,records,8192)
	$(Q)printf -- '--clear\0--exclude\0pool.*\0--on-change\0' > $(FUZZ_BUILD)/corpus/requests/ctl
	$(Q)$(call fuzz_run,elf_file,65536)
	$(Q)$(call fuzz_run,requests,2048)
	$(Q)$(call fuzz_run,trace,4096)
	$(Q)$(give_back)

fuzz-programs: $(addprefix $(FUZZ_BUILD)/,records elf_file requests trace seeds) $(B)/jobserver
	@:

$(FUZZ_BUILD)/user/%.o: user/%.c | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_BUILD)/libproduct.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rc $@ $^

$(FUZZ_BUILD)/%: $(FUZZ_DIR)/%.c tests/unit/records.h $(FUZZ_BUILD)/libproduct.a
	$(call say,CC,$@)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -iquote user -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libproduct.a $(USER_LIBS)

$(FUZZ_BUILD)/seeds: $(FUZZ_DIR)/seeds.c tests/unit/records.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -o $@ $<

-include $(FUZZ_OBJECTS:.o=.d)
# ---- end of fuzz ----

# ---- coverage ----
# sudo make coverage     what of user/ the unit and end-to-end tests run: a table by file, and the lines that none enters
# What a process does that is killed, or that ends without exit(), is not counted: the child that reads ELF files.

.PHONY: coverage
COVERAGE_BUILD := $(B)/coverage

coverage:
	$(Q)tests/deps.sh build test coverage
	$(Q)$(MAKE) --no-print-directory $(JOBS) B=$(COVERAGE_BUILD) SAME_PATHS= LTO= CFLAGS='-O0 -g --coverage' SANITIZE='$(SANITIZE) -O0 --coverage' \
		all unit $(COVERAGE_BUILD)/jobserver
	$(Q)find $(COVERAGE_BUILD) -name '*.gcda' -delete
	$(Q)tests/coverage.sh $(COVERAGE_BUILD); status=$$?; $(give_back); exit $$status

# ---- kernels: tests/kernels/run.py ----
# sudo make test-kernels   trace on Debian's kernels, each in a virtual machine (KERNELS=5.10,newest: only these;
#                          KERNELS=arm64: on those for aarch64)
# Without sudo it works as well, if qemu-system-x86 and busybox-static are installed.

.PHONY: test-kernels
KERNELS ?=

test-kernels:
	$(Q)tests/deps.sh kernels $(if $(findstring arm64,$(KERNELS)),kernels-arm64)
	$(Q)$(MAKE) --no-print-directory all
	$(Q)python3 tests/kernels/run.py --build $(B) $(if $(KERNELS),--kernels $(KERNELS)); status=$$?; \
		$(give_back); exit $$status
# ---- end of kernels ----

# ---- containers: tests/container/README.md ----
# sudo make test-container   the tool beside containers of Debian 12 and 13, and every test in those that this machine is not
# CONTAINER_SPACES=12,13: in these; CONTAINER_SUITES="unit e2e": only these of the suites inside

.PHONY: test-container
CONTAINER_SPACES ?=
CONTAINER_SUITES ?=

test-container:
	$(Q)tests/deps.sh build containers
	$(Q)$(MAKE) --no-print-directory $(JOBS) all
	$(Q)python3 tests/container/run.py --build $(B) $(if $(CONTAINER_SPACES),--spaces $(CONTAINER_SPACES)) \
		$(if $(CONTAINER_SUITES),--suites "$(CONTAINER_SUITES)"); status=$$?; $(give_back); exit $$status
# ---- end of containers ----
