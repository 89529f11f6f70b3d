# SPDX-License-Identifier: BSD-2-Clause
# make             build/viztrace-bpf
# sudo make demo   install what is missing, build, trace the demo: build/demo.json
# sudo make test   install what is missing, build and run every test
# make install     PREFIX=/usr/local DESTDIR=
# V=1 shows commands; CLANG, BPFTOOL, CC, PKG_CONFIG may be set.

VERSION := 0.1.0
PREFIX ?= /usr/local
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
B := build

WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wshadow
PACKAGES := libbpf libelf jansson
USER_CFLAGS = -std=gnu11 $(WARNINGS) -Iinclude -I$(B) -DVIZTRACE_VERSION='"$(VERSION)"' \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CFLAGS)
USER_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES))

MACHINE := $(shell uname -m)
BPF_ARCH := $(if $(filter x86_64,$(MACHINE)),x86,$(if $(filter aarch64,$(MACHINE)),arm64,$(MACHINE)))
# Not the C library's headers, but those of the kernel that lie beside them.
BPF_CFLAGS = -O2 -g -target bpf -mcpu=v2 -ffreestanding -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Werror -Iinclude \
	-idirafter /usr/include/$(MACHINE)-linux-gnu

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$1' '$(subst $(CURDIR)/,,$2)')

SOURCES := $(wildcard user/*.c)
OBJECTS := $(SOURCES:user/%.c=$(B)/user/%.o)

.PHONY: all demo test install clean deps
.DELETE_ON_ERROR:
all: $(B)/viztrace-bpf

$(B)/viztrace-bpf: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)

$(B)/user/%.o: user/%.c | $(B)/viztrace.skel.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/viztrace.bpf.o: bpf/viztrace.bpf.c bpf/record.h include/viztrace.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $(B)/viztrace.whole.bpf.o $<
	$(Q)$(BPFTOOL) gen object $@ $(B)/viztrace.whole.bpf.o

$(B)/viztrace.skel.h: $(B)/viztrace.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name viztrace_bpf > $@

clean:
	$(Q)rm -rf $(B)

-include $(OBJECTS:.o=.d)
