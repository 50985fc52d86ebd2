# pop3d - make, make install, make check; see INSTALL and HACKING

NAME      = pop3d
VERSION   = 0.1
PREFIX    = /usr/local
SBINDIR   = $(PREFIX)/sbin
MANDIR    = $(PREFIX)/share/man
SYSCONFDIR = /etc
STATEDIR  = /var/lib/$(NAME)

CC        = cc
CFLAGS    = -O2 -g
CPPFLAGS  =
LDFLAGS   =
WARN      = -Wall -Wextra -Wconversion -Wshadow -Wformat=2 \
            -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual
HARDEN    = -fPIE -fstack-protector-strong -fstack-clash-protection \
            -ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK      = -pie -Wl,-z,relro,-z,now,-z,noexecstack
ALL_FLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DNAME='"$(NAME)"' -DVERSION='"$(VERSION)"' \
            $(WARN) $(HARDEN) $(CPPFLAGS) $(CFLAGS)
LIBS      = -lpam -lcrypt -lnettle

SRC  = apop.c auth.c check.c dotlock.c from.c index.c jail.c journal.c line.c \
       log.c login.c mbox.c maildrop.c message.c monitor.c pam.c pop3d.c \
       privsep.c proto.c reply.c secrets.c session.c walk.c
OBJ  = $(SRC:.c=.o)
HDR  = $(wildcard *.h)

all: $(NAME)

$(NAME): $(OBJ)
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $(OBJ) $(LIBS)

$(OBJ): $(HDR) Makefile

.c.o:
	$(CC) $(ALL_FLAGS) -c -o $@ $<

clean:
	rm -f $(NAME) *.o
.PHONY: all clean
