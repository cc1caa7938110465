# nsiso: isolated logins.  `make help` lists the targets.  GNU make, not recursive within one build:
# everything that is built lies in $(BUILD), so that builds of different kinds do not collide.

VERSION := 0.1.0

# Where things go.  PREFIX is /usr and not /usr/local, because PAM looks for modules in one system folder
# alone and /etc/passwd, /etc/shells and /etc/pam.d name the parts by their full path.
PREFIX     ?= /usr
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/nsiso
DATADIR    ?= $(PREFIX)/share/nsiso
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/vendor-completions
CONFDIR    ?= /etc/nsiso
RUNDIR     ?= /run/nsiso
MULTIARCH  := $(shell $(CC) -print-multiarch 2>/dev/null)
SECUREDIR  ?= $(or $(firstword $(patsubst %/pam_unix.so,%,$(wildcard \
	$(if $(MULTIARCH),/usr/lib/$(MULTIARCH)/security/pam_unix.so /lib/$(MULTIARCH)/security/pam_unix.so) \
	/usr/lib64/security/pam_unix.so /usr/lib/security/pam_unix.so /lib/security/pam_unix.so))),\
	/usr/lib$(if $(MULTIARCH),/$(MULTIARCH))/security)

# How things are built.  INIT_CC makes the static image of supervisor and init: musl where it is at hand.
BUILD      ?= build
INIT_CC    ?= $(or $(shell command -v musl-gcc),$(CC))
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CLANG      ?= clang
CLANG_FORMAT ?= $(or $(shell command -v clang-format-14),clang-format)
CLANG_TIDY ?= $(or $(shell command -v clang-tidy-14),clang-tidy)
CFLAGS     ?= -O2 -g
INIT_CFLAGS ?= -Os -g
FUZZ_SECONDS ?= 30
TEST_JOBS  ?= $(shell nproc 2>/dev/null || echo 1)
# WERROR=1: warnings are errors.  SAN=1: address and undefined behaviour sanitizers.  V=1: whole commands.

# Loaded at run time by what talks to a host's systemd, so only its name is built in; SYSTEMD= leaves it out.
SYSTEMD := $(if $(wildcard /usr/include/systemd/sd-bus.h),$(shell readelf -d \
	"$$($(CC) -print-file-name=libsystemd.so)" 2>/dev/null | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'))

# ---------------------------------------------------------------------------------------------------------
# Sources

LIB_SRC  := $(wildcard libnsiso/*.c)
PAM_SRC  := $(wildcard pam_nsiso/*.c)
CTL_SRC  := $(wildcard nsisoctl/*.c)
# What of a login nsisoctl trial does itself, and the reader of events for nsisoctl status.
TRIAL_SRC := $(wildcard pam_nsiso/opener*.c pam_nsiso/spawn.c nsshell/login.c nsshell/login_user.c nsshell/status.c)
LOGIN_SRC := $(wildcard nsshell/login.c nsshell/login_user.c nsshell/exempt.c)
SHELL_SRC := $(wildcard nsshell/nsshell.c nsshell/status.c nsshell/status_print.c) $(LOGIN_SRC)
MANAGER_SRC := $(wildcard nsshell/nsshell_manager.c)
SCOPE_SRC := $(if $(SYSTEMD),$(wildcard nsshell/nsshell_scope.c))
INIT_OWN := $(wildcard nsshell/nsshell_init.c nsshell/supervisor*.c nsshell/init*.c)
# The part of libnsiso that goes into nsshell-init: no parser, no library but libc.
INIT_LIB := errmsg.c plan_apply.c wire.c mnt.c process.c instance.c instance_end.c state_uid.c cgroup_end.c outside.c cgroup_use.c
INIT_SRC := $(INIT_OWN) $(wildcard $(addprefix libnsiso/,$(INIT_LIB)))

OUT := $(if $(LIB_SRC),$(BUILD)/libnsiso.a) $(if $(PAM_SRC),$(BUILD)/pam_nsiso.so) \
	$(if $(SHELL_SRC),$(BUILD)/nsshell) $(if $(INIT_OWN),$(BUILD)/nsshell-init) \
	$(if $(MANAGER_SRC),$(BUILD)/nsshell-manager) $(if $(CTL_SRC),$(BUILD)/nsisoctl) \
	$(if $(SCOPE_SRC),$(BUILD)/nsshell-scope)

# Tests: a C file is a program of its own, a script is run as it is; what several of them share lies in
# tests/lib (C, headers) or is called lib.sh.
TEST_KINDS := unit golden module faults build
TEST_C     := $(wildcard $(TEST_KINDS:%=tests/%/*.c))
TEST_BIN   := $(TEST_C:%.c=$(BUILD)/%)
TEST_SH    := $(filter-out %/lib.sh,$(wildcard $(TEST_KINDS:%=tests/%/*.sh)))
TEST_BATS  := $(wildcard tests/system/*.bats)
TEST_LIB   := $(wildcard tests/lib/*.c)
FUZZ_C     := $(wildcard tests/fuzz/*.c)
FUZZ_BIN   := $(FUZZ_C:%.c=$(BUILD)/%)
ALL_C      := $(LIB_SRC) $(PAM_SRC) $(CTL_SRC) $(SHELL_SRC) $(MANAGER_SRC) $(SCOPE_SRC) $(INIT_OWN)
FORMATTED  := $(wildcard $(foreach d,libnsiso pam_nsiso nsshell nsisoctl tests/*,$(d)/*.c $(d)/*.h))
MAN        := $(wildcard */*.[1-8])
of         = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# ---------------------------------------------------------------------------------------------------------
# Flags: ours first, those of the environment last, so that the latter win

MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wformat=2 \
	-Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-align -Wnested-externs -Wredundant-decls \
	-Wimplicit-fallthrough $(if $(IS_CLANG),,-Wlogical-op -Wduplicated-cond) \
	$(if $(WERROR),-Werror)
# Loaded at run time by the few logins that need it, so only its name is built in; SUBID= leaves it out.
SUBID := $(if $(wildcard /usr/include/shadow/subid.h),$(shell readelf -d \
	"$$($(CC) -print-file-name=libsubid.so)" 2>/dev/null | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'))
DEFS := -D_GNU_SOURCE -DNSISO_VERSION='"$(VERSION)"' -DNSISO_CONFDIR='"$(CONFDIR)"' \
	-DNSISO_RUNDIR='"$(RUNDIR)"' -DNSISO_LIBEXECDIR='"$(LIBEXECDIR)/nsiso"' \
	-DNSISO_DATADIR='"$(DATADIR)"' -DNSISO_BINDIR='"$(BINDIR)"' -DNSISO_SBINDIR='"$(SBINDIR)"' $(if $(SUBID),-DNSISO_SUBID='"$(SUBID)"') \
	$(if $(SYSTEMD),-DNSISO_SYSTEMD='"$(SYSTEMD)"')
# -iquote, never -I: a header of ours must not stand in for one of the system.
QUOTE = -iquote libnsiso -iquote $(patsubst %/,%,$(dir $<)) \
	$(if $(filter nsisoctl/%,$<),-iquote pam_nsiso -iquote nsshell) \
	$(if $(filter tests/%,$<),-iquote tests/lib -iquote nsshell -iquote pam_nsiso -iquote nsisoctl)
COMMON := -std=gnu11 $(DEFS) $(WARN) -MMD -MP -ffile-prefix-map=$(CURDIR)=.

SAN_1    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANFLAGS := $(SAN_$(SAN))
FORTIFY  := $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN   := -fstack-protector-strong -fstack-clash-protection \
	$(if $(filter x86_64% i%86%,$(MACHINE)),-fcf-protection) \
	$(if $(filter aarch64%,$(MACHINE)),-mbranch-protection=standard)
LINK_HARDEN := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed

CAPNG_LIBS := $(or $(shell $(PKG_CONFIG) --libs libcap-ng 2>/dev/null),-lcap-ng)
PAM_LIBS   := $(or $(shell $(PKG_CONFIG) --libs pam 2>/dev/null),-lpam)
INI_LIBS   := -liniparser
CMOCKA_LIBS := $(or $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null),-lcmocka)

# The module's own functions are visible up to its version script, which picks the entry points.
VISIBILITY = -fvisibility=hidden
$(BUILD)/obj/pam_nsiso/%.o: VISIBILITY =
COMPILE = $(CC) $(COMMON) -fPIC $(VISIBILITY) $(HARDEN) $(FORTIFY) $(SANFLAGS) $(QUOTE) \
	$(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(SANFLAGS) $(LINK_HARDEN) $(CFLAGS) $(LDFLAGS)
# Undefined behaviour traps in the static image: the sanitizers' libraries cannot be linked into it.
INIT_COMPILE = $(INIT_CC) $(COMMON) -fno-pie -ffunction-sections -fdata-sections -fstack-protector-strong \
	-fno-asynchronous-unwind-tables -fno-unwind-tables \
	$(if $(SAN),-fsanitize=undefined -fsanitize-undefined-trap-on-error) $(QUOTE) $(CPPFLAGS) $(INIT_CFLAGS)
# Sorted, so that the supervisor's large variable comes last: see supervisor_run().
INIT_LINK = $(INIT_CC) -static -no-pie -Wl,--gc-sections -Wl,--sort-section=name \
	-Wl,-z,relro,-z,now,-z,noexecstack \
	$(INIT_CFLAGS) $(INIT_LDFLAGS)

quiet = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$@';)

# ---------------------------------------------------------------------------------------------------------
# Build

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

all: $(OUT) ## Build the module, the login shell, its init and the admin tool

# Objects depend on this file, which changes when the flags do.
flags_text = $(subst ','\'',$(COMPILE) | $(LINK) | $(INIT_COMPILE) | $(INIT_LINK) | $(PAM_LIBS) $(CAPNG_LIBS))
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(flags_text)' | cmp -s - $@ || printf '%s\n' '$(flags_text)' >$@

$(BUILD)/obj/init/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,INITCC)$(INIT_COMPILE) -c -o $@ $<

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(COMPILE) -c -o $@ $<

$(BUILD)/libnsiso.a: $(call of,$(LIB_SRC))
$(BUILD)/parts.a: $(call of,$(filter-out nsshell/nsshell.c nsshell/nsshell_init.c nsisoctl/nsisoctl.c,\
	$(PAM_SRC) $(SHELL_SRC) $(INIT_OWN) $(CTL_SRC)) $(TEST_LIB))
$(BUILD)/%.a:
	@mkdir -p $(@D); rm -f $@
	$(call quiet,AR)$(AR) rcsD $@ $^

$(BUILD)/pam_nsiso.so: $(call of,$(PAM_SRC)) pam_nsiso/pam_nsiso.map $(BUILD)/libnsiso.a
	$(call quiet,LD)$(LINK) -shared $(if $(SAN),,-Wl,-z,defs) -Wl,--version-script=pam_nsiso/pam_nsiso.map \
		-o $@ $(filter %.o %.a,$^) $(PAM_LIBS) $(CAPNG_LIBS) $(INI_LIBS) $(LDLIBS)

$(BUILD)/nsshell: $(call of,$(SHELL_SRC)) $(BUILD)/libnsiso.a
$(BUILD)/nsisoctl: $(call of,$(CTL_SRC) $(TRIAL_SRC)) $(BUILD)/libnsiso.a
$(BUILD)/nsshell-scope: $(call of,$(SCOPE_SRC)) $(BUILD)/libnsiso.a
$(BUILD)/nsshell $(BUILD)/nsisoctl $(BUILD)/nsshell-scope:
	$(call quiet,LD)$(LINK) -pie -o $@ $^ $(CAPNG_LIBS) $(INI_LIBS) $(LDLIBS)

$(BUILD)/nsshell-manager: $(call of,$(MANAGER_SRC) $(LOGIN_SRC)) $(BUILD)/libnsiso.a
	$(call quiet,LD)$(LINK) -pie -o $@ $^ $(PAM_LIBS) $(CAPNG_LIBS) $(INI_LIBS) $(LDLIBS)

$(BUILD)/nsshell-init: $(INIT_SRC:%.c=$(BUILD)/obj/init/%.o)
	$(call quiet,INITLD)$(INIT_LINK) -o $@ $^

# A function __wrap_NAME in a test takes the place of NAME in all that the test links.
wraps = $(addprefix -Wl$(comma)--wrap=,$(patsubst __wrap_%,%,$(shell grep -o '__wrap_[A-Za-z0-9_]*' $(1) | sort -u)))
comma := ,
$(TEST_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/parts.a $(BUILD)/libnsiso.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(LINK) -pie $(call wraps,$*.c) -o $@ $^ \
		$(PAM_LIBS) -lpam_misc $(CAPNG_LIBS) $(INI_LIBS) $(CMOCKA_LIBS) -ldl -lpthread $(LDLIBS)

$(FUZZ_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libnsiso.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(LINK) -fsanitize=fuzzer -o $@ $^ $(CAPNG_LIBS) $(INI_LIBS) $(LDLIBS)

test-programs: $(TEST_BIN)

-include $(shell find $(BUILD)/obj -name "*.d" 2>/dev/null)

# ---------------------------------------------------------------------------------------------------------
# Tests

# NSISO_SAN is set when the programs are built with sanitizers; NSISO_PRELOAD is what another program needs as
# LD_PRELOAD then, to load the module.
RUN := NSISO_BUILD=$(abspath $(BUILD)) NSISO_SAN=$(SAN) \
	NSISO_PRELOAD=$(if $(SAN),$(shell $(CC) -print-file-name=libasan.so)) \
	tests/run -j $(TEST_JOBS) $(if $(COUNTS),-c $(COUNTS))
SAN_BUILD := build-san
SUITE ?= bookworm trixie
# Asked for again by a second make, which sees what deps installed.
AGAIN := +@$(MAKE) --no-print-directory

check: deps ## Install what the tests need, build, and run all tests (as root)
	$(AGAIN) check-run
check-run: all $(TEST_BIN)
	@$(RUN) $(TEST_BIN) $(TEST_SH) $(TEST_BATS)

check-san: deps ## The same unit, golden, module and fault tests under ASan and UBSan, in build-san/
	$(AGAIN) check-san-run BUILD=$(SAN_BUILD) SAN=1
check-san-run: all $(TEST_BIN)
	@$(RUN) $(TEST_BIN) $(filter-out tests/build/%,$(TEST_SH))

check-vm: ## Real logins in virtual machines, Debian 12 and 13; SUITE=trixie: one; SYSTEM="login limits": these of tests/system, too
	$(AGAIN) deps-vm || :
	$(AGAIN) check-vm-run BUILD=build-vm
check-vm-run:
	@NSISO_TEST_SECONDS=15000 $(RUN) $(SUITE:%=tests/vm/%.sh)

fuzz: deps ## Fuzz the readers of foreign text, FUZZ_SECONDS=30 for each
	$(AGAIN) fuzz-run BUILD=build-fuzz SAN=fuzz CC=$(CLANG)
fuzz-run: $(FUZZ_BIN)
	@for fuzzer in $(FUZZ_BIN); do \
		mkdir -p "$$fuzzer.corpus"; echo "== $$fuzzer"; \
		(cd $(BUILD) && "$(CURDIR)/$$fuzzer" -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-print_final_stats=1 -verbosity=0 "$(CURDIR)/$$fuzzer.corpus" "$(CURDIR)/tests/golden") \
			|| exit 1; \
	done

bench: deps ## Measure against the bare kernel and other tools
	$(AGAIN) all
	@NSISO_BUILD=$(abspath $(BUILD)) CC='$(CC)' tests/bench/run.sh

demo: deps-demo ## Show a whole isolated login
	$(AGAIN) all
	@NSISO_BUILD=$(abspath $(BUILD)) tests/demo/run.sh

# ---------------------------------------------------------------------------------------------------------
# Lint and format

LINT := build-lint
C_OPTIONS = $(DEFS) -iquote libnsiso -iquote pam_nsiso -iquote nsshell -iquote nsisoctl -iquote tests/lib
TIDY := $(ALL_C:%=$(LINT)/tidy/%.ok)
SCRIPTS = $(shell grep -rlE '^\#!.*(sh|bats)$$' .ci tests conf 2>/dev/null; \
	ls tests/*/*.bats tests/*/*.bash nsisoctl/completions/*.bash 2>/dev/null)

lint: lint-gcc lint-clang lint-tidy lint-cppcheck lint-shell lint-man ## Compilers with -Werror, clang-tidy, cppcheck, shellcheck, mandoc
lint-gcc:
	$(AGAIN) BUILD=$(LINT)/gcc CC=gcc WERROR=1 all test-programs
lint-clang:
	$(AGAIN) BUILD=$(LINT)/clang CC=$(CLANG) WERROR=1 all test-programs $(FUZZ_C:%.c=$(LINT)/clang/obj/%.o)
lint-tidy: $(TIDY)
$(LINT)/tidy/%.ok: % .clang-tidy $(wildcard libnsiso/*.h pam_nsiso/*.h nsshell/*.h nsisoctl/*.h)
	@mkdir -p $(@D)
	$(call quiet,TIDY)$(CLANG_TIDY) --quiet $< -- -std=gnu11 $(C_OPTIONS) >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }
	@touch $@
lint-cppcheck:
	$(if $(V),,@echo '  CPPCHECK';)cppcheck -q --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=ctuuninitvar --suppress=memleak --error-exitcode=1 \
		-D__$(firstword $(subst -, ,$(MACHINE)))__ $(C_OPTIONS:-iquote=-I) $(ALL_C) $(TEST_C)
lint-shell:
	$(if $(V),,@echo '  SHELL';)shellcheck -x -P SCRIPTDIR $(sort $(SCRIPTS))
lint-man:
	$(if $(V),,@echo '  MANDOC';)$(if $(MAN),mandoc -Tlint -Wwarning $(MAN))

format: ## Format all C files
	$(CLANG_FORMAT) -i $(FORMATTED)
format-check: ## Fail when `make format` would change a file
	$(if $(V),,@echo '  FORMAT';)$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

# ---------------------------------------------------------------------------------------------------------
# Install

D = $(DESTDIR)
install: all ## Install under DESTDIR; policies that exist are left alone
	$(INSTALL) -d -m 755 $(D)$(SECUREDIR) $(D)$(BINDIR) $(D)$(SBINDIR) $(D)$(LIBEXECDIR)/nsiso \
		$(D)$(SYSUSERSDIR) $(D)$(CONFDIR) $(D)$(CONFDIR)/conf.d $(D)$(CONFDIR)/users.d
	$(INSTALL) -m 644 $(BUILD)/pam_nsiso.so $(D)$(SECUREDIR)/
	$(INSTALL) -m 755 $(BUILD)/nsshell $(D)$(BINDIR)/
	$(INSTALL) -m 755 $(BUILD)/nsisoctl $(D)$(SBINDIR)/
	$(INSTALL) -m 755 $(BUILD)/nsshell-init $(BUILD)/nsshell-manager $(D)$(LIBEXECDIR)/nsiso/
	$(if $(SCOPE_SRC),$(INSTALL) -m 755 $(BUILD)/nsshell-scope $(D)$(LIBEXECDIR)/nsiso/)
	$(INSTALL) -m 644 conf/nsiso.sysusers $(D)$(SYSUSERSDIR)/nsiso.conf
	for page in $(MAN); do \
		$(INSTALL) -D -m 644 $$page $(D)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	$(INSTALL) -D -m 644 nsisoctl/completions/nsisoctl.bash $(D)$(BASHCOMPDIR)/nsisoctl
	$(INSTALL) -D -m 644 nsisoctl/completions/_nsisoctl $(D)$(ZSHCOMPDIR)/_nsisoctl
	$(INSTALL) -d -m 755 $(D)$(DATADIR)/presets
	$(INSTALL) -m 644 conf/presets/*.conf $(D)$(DATADIR)/presets/
	cd conf && find examples pam.d systemd -type f -exec $(INSTALL) -D -m 644 '{}' '$(abspath $(D)$(DOCDIR))/{}' ';'
	for file in $(notdir $(wildcard conf/*.conf)); do [ -e $(D)$(CONFDIR)/$$file ] || \
		$(INSTALL) -m 644 conf/$$file $(D)$(CONFDIR)/$$file || exit 1; \
	done
	$(if $(DESTDIR),,$(MAKE) --no-print-directory install-host)
install-host:
	getent passwd nsiso >/dev/null || systemd-sysusers $(SYSUSERSDIR)/nsiso.conf || \
		useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin nsiso
	grep -qxF $(BINDIR)/nsshell /etc/shells || add-shell $(BINDIR)/nsshell || \
		echo $(BINDIR)/nsshell >>/etc/shells

uninstall: ## Remove what install put in place; policies and the account stay
	rm -f $(D)$(SECUREDIR)/pam_nsiso.so $(D)$(BINDIR)/nsshell $(D)$(SBINDIR)/nsisoctl \
		$(addprefix $(D)$(LIBEXECDIR)/nsiso/,nsshell-init nsshell-manager nsshell-scope) $(D)$(SYSUSERSDIR)/nsiso.conf \
		$(foreach page,$(MAN),$(D)$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(D)$(BASHCOMPDIR)/nsisoctl $(D)$(ZSHCOMPDIR)/_nsisoctl
	rm -rf $(D)$(DOCDIR) $(D)$(DATADIR)
	[ ! -d $(D)$(LIBEXECDIR)/nsiso ] || rmdir $(D)$(LIBEXECDIR)/nsiso
	$(if $(DESTDIR),,! command -v remove-shell >/dev/null || remove-shell $(BINDIR)/nsshell)

NAME := nsiso-$(VERSION)
dist: ## Make dist/nsiso-VERSION.tar.gz of the last commit
	mkdir -p dist
	git archive --prefix=$(NAME)/ HEAD | gzip -9n >dist/$(NAME).tar.gz

# ---------------------------------------------------------------------------------------------------------
# The rest

DEPS_BUILD := gcc binutils libsubid-dev libsystemd-dev libc6-dev make pkg-config musl-tools libpam0g-dev libcap-ng-dev libiniparser-dev
DEPS_LINT  := clang clang-format clang-tidy cppcheck shellcheck mandoc libclang-rt-dev
DEPS_TEST  := gdb strace libcap2-bin libcmocka-dev bats pamtester openssh-server openssh-client cron at sudo login passwd \
	util-linux procps iproute2 python3 socat rsync tmux screen mosh sshfs git ansible-core xauth xvfb x11-utils \
	ed nano vim-tiny zsh bash-completion
# Daemons that would start where they are installed: the tests unpack what they need of them.
DEPS_FETCH := vsftpd exim4-daemon-light
DEPS_VM    := qemu-system-x86 mmdebstrap busybox-static cpio kmod e2fsprogs xz-utils zstd openssh-client
DEPS_DEMO  := openssh-server openssh-client procps python3

deps: PACKAGES = $(DEPS_BUILD) $(DEPS_LINT) $(DEPS_TEST)
deps: ## Install everything that builds and tests need (Debian)
	$(install_packages)
	$(fetch_packages)
deps-vm: PACKAGES = $(DEPS_VM)
deps-vm:
	$(install_packages)
deps-demo: PACKAGES = $(DEPS_BUILD) $(DEPS_DEMO)
deps-demo:
	$(install_packages)
# Asks for nothing over the network when all is there.
define install_packages
@missing=; for package in $(sort $(PACKAGES)); do \
	dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed || \
		missing="$$missing $$package"; \
done; \
if [ -z "$$missing" ]; then :; \
elif ! command -v apt-get >/dev/null; then \
	echo "no apt-get: install by hand what is missing of$$missing"; \
else \
	apt-get -q update && \
	DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $$missing </dev/null; \
fi
endef

# With what they need and is not installed; without them some tests are skipped.
PACKAGES_DIR := $(BUILD)/packages
FETCH := apt-get -qy --no-install-recommends --download-only -o APT::Sandbox::User=root \
	-o Dir::Cache::archives=$(abspath $(PACKAGES_DIR)) install
define fetch_packages
@missing=; for package in $(DEPS_FETCH); do \
	ls $(PACKAGES_DIR)/$${package}_*.deb >/dev/null 2>&1 || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	mkdir -p $(PACKAGES_DIR)/partial && \
	{ $(FETCH) $$missing || { apt-get -q update && $(FETCH) $$missing; }; } || echo "cannot fetch$$missing"; \
fi
endef

clean: ## Remove all that was built
	rm -rf build build-* dist

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

FORCE:
.PHONY: all check check-run check-san check-san-run check-vm check-vm-run fuzz fuzz-run bench demo \
	lint lint-gcc lint-clang lint-tidy lint-cppcheck lint-shell lint-man format format-check \
	install install-host uninstall dist deps deps-vm deps-demo clean help test-programs FORCE
