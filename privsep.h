/*
 * privsep.h - what the three processes say to one another
 *
 * One datagram of a SOCK_SEQPACKET pair is one message: a type and its
 * fields, in a fixed order, integers little-endian, texts with their length
 * before them and a NUL behind. No pointers, no padding. A message that is
 * too long, too short, of an unknown type or not wholly consumed is bad,
 * and whoever receives one ends the session.
 */
#ifndef PRIVSEP_H
#define PRIVSEP_H

#include "log.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PRIVSEP_ADDRESS 45    /* bytes of an address as text */
#define PRIVSEP_NAME    255   /* bytes of a user name, without its NUL */
#define PRIVSEP_SECRET  255   /* bytes of a password or digest */
#define PRIVSEP_PATH    1023  /* bytes of a path */
#define PRIVSEP_DIGEST  32    /* bytes of a digest, at most */
#define PRIVSEP_SALT    48    /* bytes of a salt, at most */
#define PRIVSEP_NONCE   24    /* digits of our part of a nonce */
#define PRIVSEP_SIGNED  2047  /* bytes of what a SCRAM proof is about */
#define PRIVSEP_REST    4096  /* client bytes read but not yet used */
#define PRIVSEP_GROUPS  256   /* those of directory servers are many */
#define PRIVSEP_WIRE    10240 /* bytes of any message */

enum message_type {
	MSG_NONE = 0,    /* the other side has closed */
	MSG_BAD,         /* not a message of ours */
	MSG_ORIGIN,      /* login to monitor: a PROXY header, or STLS */
	MSG_SWITCHED,    /* login to monitor: STLS is done */
	MSG_METHODS,     /* monitor to login: what is possible now */
	MSG_CREDENTIALS, /* login to monitor */
	MSG_BEGIN,       /* login to monitor: of SCRAM */
	MSG_SALT,        /* monitor to login: the answer */
	MSG_PROOF,       /* login to monitor: of SCRAM */
	MSG_SIGNATURE,   /* monitor to login: it is right, and so are we */
	MSG_VERDICT,     /* monitor to login */
	MSG_GRANT,       /* monitor to session */
	MSG_LOCK,        /* session to monitor: make the dot-lock */
	MSG_LOCKED,      /* monitor to session: the answer */
	MSG_UNLOCK,      /* session to monitor: remove it */
	MSG_LOG,         /* either child to monitor */
	MSG_SUMMARY      /* session to monitor: its last message */
};

enum method {
	METHOD_PASS,
	METHOD_APOP,
	METHOD_PLAIN,
	METHOD_LOGIN,
	METHOD_CRAM_MD5,
	METHOD_SCRAM_SHA_1,
	METHOD_SCRAM_SHA_256,
	METHOD_EXTERNAL, /* the user may be empty: who the certificate says */
	METHOD_COUNT
};

enum verdict {
	GRANTED,
	REFUSED,      /* [AUTH]: whatever the reason */
	TOO_SOON,     /* [LOGIN-DELAY] */
	TRY_LATER,    /* [SYS/TEMP] */
	MISCONFIGURED /* [SYS/PERM] */
};

enum end {
	END_QUIT,    /* the client said QUIT */
	END_GONE,    /* the client left without QUIT */
	END_IDLE,    /* the client was silent for too long */
	END_TAKEN,   /* it was silent, and a newer session wants the mailbox */
	END_CHANGED, /* another program changed the mailbox */
	END_REFUSED, /* the maildrop could not be opened */
	END_MONITOR, /* the monitor went away */
	END_FOREIGN  /* the journal is not this mailbox's: put it aside */
};

/* A message on its way; the texts of a received one stay in it. */
struct wire {
	size_t len; /* bytes of the message */
	size_t at;  /* bytes of it that have been read */
	int bad;    /* something did not fit */
	unsigned char bytes[PRIVSEP_WIRE + 1];
};

/* Texts are borrowed: from the sender, or from the wire they came by. */
struct origin {
	const char *address; /* the client's; empty: as it was */
	uint32_t tls;        /* it speaks TLS, to the proxy or by STLS */
};

struct credentials {
	enum method method;
	const char *user;
	const char *secret; /* password, or digest of APOP or CRAM-MD5; empty
			       for SCRAM: the proof has come before */
	const char *typed;  /* the password for stores that are not ours, as
			       passwd(1) knows it; NULL to send: the secret */
	uint32_t lang;      /* enum lang, for the session */
	const char *rest;   /* opaque to the monitor; may hold NULs */
	size_t rest_len;
};

/* Who begins an exchange of SCRAM, and what he is to be told. */
struct begin {
	enum method method;
	const char *user;
};

struct salt {
	const unsigned char *salt;
	size_t salt_len;
	uint32_t iterations;
	const char *nonce; /* PRIVSEP_NONCE digits of base64 */
};

/* RFC 5802 s. 3: AuthMessage, which has the nonce in it, and ClientProof. */
struct proof {
	const char *message;
	size_t message_len;
	const unsigned char *proof;
	size_t proof_len;
};

struct signature {
	const unsigned char *bytes;
	size_t len;
};

struct grant {
	const char *user;
	const char *mailbox; /* paths are absolute */
	const char *index;
	const char *journal;
	uint32_t uid;
	uint32_t gid;
	uint32_t groups[PRIVSEP_GROUPS];
	uint32_t group_count;
	uint32_t lang; /* enum lang */
	uint32_t stls; /* the client is to be spoken to through UCSPI-TLS */
	const char *rest;
	size_t rest_len;
};

struct locked {
	enum trouble trouble; /* FINE: the dot-lock is made, or not wanted */
	uint32_t exists;      /* the mailbox's name exists, as: */
	uint64_t dev;
	uint64_t ino;
};

struct summary {
	enum end end;
	uint64_t messages; /* at login */
	uint64_t retrieved;
	uint64_t tops;
	uint64_t deleted; /* and gone from the mailbox */
	uint64_t left;
	uint64_t in; /* octets */
	uint64_t out;
};

/* Has it an exchange of its own, before the credentials? */
int privsep_is_scram(enum method method);

/* A child and our end of the channel to it. */
struct child {
	pid_t pid;
	int fd; /* does not block; -1 once closed */
};

/*
 * Forks a child that has a channel to us, and calls run() in it with its end;
 * run() must not return. False, with errno, if that cannot be done.
 */
int privsep_start(
    struct child *child, void (*run)(void *arg, int monitor), void *arg);

/*
 * Each sends one message. Returns 0 if the other side is gone or does not
 * read; then the session is over.
 */
int privsep_send(int fd, enum message_type bare);
int privsep_send_origin(int fd, const struct origin *o);
int privsep_send_methods(int fd, unsigned methods); /* 1 << enum method */
int privsep_send_credentials(int fd, const struct credentials *c);
int privsep_send_verdict(int fd, enum verdict v);
int privsep_send_begin(int fd, const struct begin *b);
int privsep_send_salt(int fd, const struct salt *s);
int privsep_send_proof(int fd, const struct proof *p);
int privsep_send_signature(int fd, const struct signature *s);
int privsep_send_grant(int fd, const struct grant *g);
int privsep_send_locked(int fd, const struct locked *l);
int privsep_send_log(int fd, int level, const char *text);
int privsep_send_summary(int fd, const struct summary *s);

/* A child's log lines go to the monitor on that descriptor from now on. */
void privsep_log_to(int fd);

/* Receives one message, waiting for it where fd blocks. */
enum message_type privsep_receive(int fd, struct wire *w);

/*
 * Each reads the fields of a message that privsep_receive() returned the
 * type of. Returns 0 if it is malformed; then the session is over.
 */
int privsep_read_bare(struct wire *w);
int privsep_read_origin(struct wire *w, struct origin *o);
int privsep_read_methods(struct wire *w, unsigned *methods);
int privsep_read_credentials(struct wire *w, struct credentials *c);
int privsep_read_verdict(struct wire *w, enum verdict *v);
int privsep_read_begin(struct wire *w, struct begin *b);
int privsep_read_salt(struct wire *w, struct salt *s);
int privsep_read_proof(struct wire *w, struct proof *p);
int privsep_read_signature(struct wire *w, struct signature *s);
int privsep_read_grant(struct wire *w, struct grant *g);
int privsep_read_locked(struct wire *w, struct locked *l);
int privsep_read_log(struct wire *w, int *level, const char **text);
int privsep_read_summary(struct wire *w, struct summary *s);

/* Wipes both secrets of credentials that are in the wire. */
void privsep_wipe_secret(struct wire *w, const struct credentials *c);

/* Wipes what the wire held. */
void privsep_wipe(struct wire *w);

#endif
