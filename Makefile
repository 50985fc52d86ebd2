# make, make install, make check; INSTALL and HACKING say more

NAME       = pop3d
VERSION    = 0.1
PREFIX     = /usr/local
SBINDIR    = $(PREFIX)/sbin
MANDIR     = $(PREFIX)/share/man
STATEDIR   = /var/lib/$(NAME)

CC         = cc
CFLAGS     = -O2 -g
HOSTCC     = cc # for a program that is run while building
HOSTCFLAGS = -O2
MACHINE    = $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
WARN       = -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wcast-qual \
             -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Flags that not every compiler or machine has:
try        = $(shell $(CC) $(1) -S -x c -o /dev/null /dev/null 2>/dev/null && echo $(1))
ZERO      := $(call try,-ftrivial-auto-var-init=zero)
CET       := $(call try,-fcf-protection=full)
FORTIFY    = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN     = -fPIE -fstack-protector-strong -fstack-clash-protection $(ZERO) \
             $(CET) $(FORTIFY)
LINK       = -pie -Wl,-z,relro,-z,now,-z,noexecstack
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
             -DNAME='"$(NAME)"' -DVERSION='"$(VERSION)"' \
             $(WARN) $(HARDEN) $(CPPFLAGS) $(CFLAGS)
# A shared library costs each connection some 100 us at its start: they are
# linked in, where there are archives of them. INSTALL says how not to.
archive    = $(or $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
LIBS      := $(foreach l,crypt nettle unistring,$(call archive,$(l)))

ROOMS = account apop auth boxlock bytes check checkpassword client dotlock filter from \
        index jail journal lang line log login maildrop mbox message monitor \
        options pam plan prep privsep proto proxy recall recover reply sasl scan \
        scram secrets session state trace uidl walk
OBJ   = $(ROOMS:=.o)
SECRET = pop3d-secret.o apop.o log.o prep.o scram.o secrets.o
UNITS = $(patsubst tests/unit/%.c,tests/unit/bin/%,$(wildcard tests/unit/*.c)) \
        $(HOSTILES) tests/bin/pop3d-slow-clock tests/bin/pop3d-no-wipe \
        tests/bin/pop3d-leaky-names tests/bin/prepare \
        tests/bin/pop3d-long-floor tests/bin/pop3d-oom \
        tests/bin/deny tests/bin/pam_says.so

# A program whose processes turn on the others: see tests/hostile.c
wrap      = $(addprefix -Wl$(,)--wrap=,$(1))
,        := ,
HOSTILE   = $(call wrap,proto_verb privsep_log_to maildrop_size)
FREE      = $(call wrap,jail_basics jail_wait jail_login jail_session)
HOSTILES  = tests/bin/hostile tests/bin/hostile-no-filter tests/bin/hostile-free
OOM       = $(call wrap,fork getpwnam getgrnam getgrouplist dlopen)
NO_FILTER = $(call wrap,filter_has_seccomp)

all: $(NAME) $(NAME)-secret

$(NAME): pop3d.o $(OBJ)
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ pop3d.o $(OBJ) $(LIBS)

$(NAME)-secret: $(SECRET)
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $(SECRET) $(LIBS)

pop3d.o pop3d-secret.o $(OBJ): $(wildcard *.h) Makefile

# libseccomp writes the filters, here and not in every connection.
filter.o: filter.bpf

filter.bpf: filter_write.c Makefile
	$(HOSTCC) -std=c11 -D_GNU_SOURCE $(WARN) $(HOSTCFLAGS) \
	    -o filter_write filter_write.c -lseccomp
	./filter_write $(MACHINE) >$@.new
	mv $@.new $@

.c.o:
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

tests/unit/bin/%: tests/unit/%.c $(OBJ) $(wildcard tests/unit/*.h)
	@mkdir -p tests/unit/bin
	$(CC) $(ALL_CFLAGS) -Wno-unused-result $(LINK) $(LDFLAGS) $(UNIT) -o $@ $< $(OBJ) -lcmocka $(LIBS)

# Its service files are in the test's own directory.
tests/unit/bin/pam: tests/bin/pam_says.so
tests/unit/bin/pam: private UNIT = $(call wrap,dlsym)

# Loaded by programs that count what they reach; it does not count.
tests/bin/pam_says.so: tests/pam_says.c
	@mkdir -p tests/bin
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared -o $@ $< -lpam

tests/bin/pop3d-slow-clock: tests/slow_clock.c pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) $(call wrap,clock_gettime) \
	    -o $@ $^ $(LIBS)

tests/bin/prepare: tests/prepare.c prep.o log.o
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

tests/bin/pop3d-no-wipe: tests/no_wipe.c pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) \
	    $(call wrap,explicit_bzero __explicit_bzero_chk) -o $@ $^ $(LIBS)

tests/bin/pop3d-leaky-names: tests/leaky_names.c pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) $(call wrap,getgrnam) \
	    -o $@ $^ $(LIBS)

tests/bin/deny: tests/deny.c
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) -o $@ $< -lseccomp

# One that takes ten minutes to refuse: who waits for that is seen. And PAM has
# a second to close a session.
tests/bin/pop3d-long-floor: pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) -DREFUSAL_MS=600000 -DCLOSE_S=1 $(LINK) $(LDFLAGS) \
	    -o $@ monitor.c $(filter-out monitor.o,$^) $(LIBS)

tests/bin/pop3d-oom: tests/oom.c pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) $(OOM) -o $@ $^ $(LIBS)

$(HOSTILES): tests/hostile.c pop3d.o $(OBJ)
	@mkdir -p tests/bin
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) $(HOSTILE) -o $@ $^ $(LIBS)
tests/bin/hostile-free: HOSTILE += $(FREE)
tests/bin/hostile-no-filter: HOSTILE += $(NO_FILTER)

units: $(UNITS)

# What tests/fault.py runs: a program that spoils system calls, and pop3d with
# a journal so small that an update takes many steps.
FAULT = tests/fault/bin/inject tests/fault/bin/pop3d

faults: $(NAME) $(FAULT)

tests/fault/bin/calls.h:
	@mkdir -p tests/fault/bin
	echo '#include <asm/unistd.h>' | $(CC) -E -dM - | sed -n \
	    's/^#define __NR_\([a-z0-9_]*\) .*/{"\1", __NR_\1},/p' >$@

tests/fault/bin/inject: tests/fault/inject.c tests/fault/bin/calls.h
	$(CC) $(ALL_CFLAGS) -Itests/fault/bin $(LDFLAGS) -o $@ $<

tests/fault/bin/pop3d: pop3d.o $(OBJ)
	@mkdir -p tests/fault/bin
	$(CC) $(ALL_CFLAGS) -DPLAN_DATA='((off_t)1024)' $(LINK) $(LDFLAGS) \
	    -o $@ journal.c plan.c $(filter-out journal.o plan.o,$^) $(LIBS)

check: all units faults
	tests/run fence docs lang prepare unit dialog secret

# Longer than ./check takes: every fault; a crowd; a model; every state after a loss of
# power; mistakes.
fault-all: faults
	tests/fault.py --all

crowd: $(NAME)
	tests/crowd.py --deliveries 100000

model:
	tests/model.sh all

power-all:
	tests/power.py --all

seeded: faults fuzz-targets
	tests/seeded.sh

# Which lines and branches the suite reaches; the suite under sanitizers and
# valgrind. Both build a copy of the tree.
coverage:
	tests/coverage.py

sanitize:
	tests/sanitize.py all

timing: $(NAME)
	tests/timing.py

# tests/fuzz.sh runs them: each with all rooms, but for one that it includes.
FUZZ_SANITIZE = address,undefined
FUZZ_FLAGS = -std=c11 -D_GNU_SOURCE -DNAME='"$(NAME)"' -DVERSION='"$(VERSION)"' \
    -O1 -g -DJAIL_FOR_SANITIZERS -fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE) \
    -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_ZERO  = -ftrivial-auto-var-init=zero \
    -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
FUZZ_WRAP  = $(call wrap,_exit exit read jail_login jail_session jail_wait \
    jail_assume_user jail_lock_memory)
FUZZ       = tests/fuzz/bin/$(subst $(,),-,$(FUZZ_SANITIZE))
TARGETS    = $(patsubst tests/fuzz/%.c,$(FUZZ)/%,$(wildcard tests/fuzz/*.c))

fuzz:
	tests/fuzz.sh

fuzz-targets: $(TARGETS)

$(FUZZ)/%.o: %.c $(wildcard *.h) filter.bpf
	@mkdir -p $(FUZZ)
	clang $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ)/login: private FUZZ_FLAGS += $(FUZZ_ZERO)
$(FUZZ)/login: private LDFLAGS += $(FUZZ_WRAP)
$(FUZZ)/session: private FUZZ_FLAGS += $(FUZZ_ZERO)
$(FUZZ)/session: private LDFLAGS += $(FUZZ_WRAP) \
    $(call wrap,privsep_receive privsep_send privsep_send_summary)

# Of the libraries it does not see what they write; and only where nothing is
# zeroed for us does it see what is used before it is written.
ifneq ($(findstring memory,$(FUZZ_SANITIZE)),)
FUZZ_KNOWN = $(FUZZ)/known.o
$(FUZZ)/%: private LDFLAGS += $(call wrap,$(addprefix nettle_,md5_digest \
    sha1_digest sha256_digest umac64_digest hmac_md5_digest hmac_sha1_digest \
    hmac_sha256_digest pbkdf2_hmac_sha1 pbkdf2_hmac_sha256 base64_encode_raw \
    base64_decode_update base64_decode_single) crypt_r u8_mbtouc_aux \
    u8_uctomb_aux uc_decomposition bytes_stat)
endif

$(FUZZ)/known.o: tests/known.c
	@mkdir -p $(FUZZ)
	clang $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ)/%: tests/fuzz/%.c tests/fuzz/fuzz.h tests/fuzz/machine.h tests/fuzz/oracle.h \
    $(wildcard tests/unit/*.h) \
    $(addprefix $(FUZZ)/,$(OBJ)) $(FUZZ_KNOWN)
	clang $(FUZZ_FLAGS) -Itests/fuzz -fsanitize=fuzzer $(LDFLAGS) -o $@ $< \
	    $(filter-out $(FUZZ)/$(if $(filter login monitor session,$*),$*).o,$(filter %.o,$^)) \
	    -lcmocka $(LIBS)

.SECONDARY: $(addprefix $(FUZZ)/,$(OBJ))

# Code that can run as root: not comments, empty lines, and lone braces.
ROOT = pop3d recover options client check monitor state auth account pam secrets \
       scram checkpassword dotlock apop privsep jail filter log bytes

root-lines:
	@for f in $(ROOT); do \
	    $(CC) -fpreprocessed -dD -E -P $$f.c | grep -v '^#' | \
	    grep -cv '^[[:space:]{};]*$$' | sed "s/$$/ $$f/"; \
	done | awk '{n += $$1; print} END {print n, "in all"}'

install: $(NAME) $(NAME)-secret
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(MANDIR)/man5
	install -m 755 $(NAME) $(NAME)-secret $(DESTDIR)$(SBINDIR)
	sed 's/pop3d/$(NAME)/g' pop3d.8 >$(DESTDIR)$(MANDIR)/man8/$(NAME).8
	sed 's/pop3d/$(NAME)/g' pop3d-secret.8 \
	    >$(DESTDIR)$(MANDIR)/man8/$(NAME)-secret.8
	sed 's/pop3d/$(NAME)/g' pop3d.secrets.5 \
	    >$(DESTDIR)$(MANDIR)/man5/$(NAME).secrets.5
	install -d -m 711 $(DESTDIR)$(STATEDIR)
	install -d -m 555 $(DESTDIR)$(STATEDIR)/empty

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/$(NAME) $(DESTDIR)$(SBINDIR)/$(NAME)-secret \
	    $(DESTDIR)$(MANDIR)/man8/$(NAME).8 \
	    $(DESTDIR)$(MANDIR)/man8/$(NAME)-secret.8 \
	    $(DESTDIR)$(MANDIR)/man5/$(NAME).secrets.5

# bench/README says how to read what they print
bench: $(NAME)
	bench/run

bench-peers: $(NAME)
	bench/run --out bench peers

TEST_C  = $(wildcard bench/*.c tests/*.c tests/*/*.c)
VARIANT = -DCOUNTERS='"/"' -DREPORTS='"/"' -Itests/fault/bin

style:
	clang-format --dry-run -Werror *.c *.h \
	    $(wildcard bench/*.c tests/*.c tests/*/*.[ch])

lint:
	$(MAKE) clean
	$(MAKE) CC=gcc HOSTCC=gcc CFLAGS='-O2 -Werror -fanalyzer' \
	    HOSTCFLAGS='-O2 -Werror -fanalyzer' all
	$(MAKE) clean
	$(MAKE) CC=clang HOSTCC=clang CFLAGS='-O2 -Werror' \
	    HOSTCFLAGS='-O2 -Werror' all units faults
	$(MAKE) $(patsubst %.c,%.tidy,$(wildcard *.c) $(TEST_C))
	cppcheck --quiet --std=c11 --error-exitcode=1 -D_GNU_SOURCE \
	    --enable=warning,performance,portability *.c $(filter-out \
	    tests/unit/%,$(TEST_C))
	$(MAKE) clean

%.tidy: %.c
	clang-tidy --quiet $< -- $(filter-out $(ZERO),$(ALL_CFLAGS)) $(VARIANT) -w

dist:
	git archive --prefix=$(NAME)-$(VERSION)/ HEAD | gzip -n \
	    >$(NAME)-$(VERSION).tar.gz

clean:
	rm -rf $(NAME) $(NAME)-secret *.o filter_write filter.bpf \
	    tests/unit/bin tests/fault/bin tests/fuzz/bin tests/bin

.PHONY: crowd all units faults check fault-all model power-all seeded bench \
    root-lines fuzz fuzz-targets coverage sanitize timing bench-peers install uninstall style lint dist clean
