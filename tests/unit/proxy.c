/*
 * Tests of proxy.c: how the network splits a header must not matter, what is
 * behind it is not touched, and no bytes whatever lead astray.
 */
#include "../../proxy.h"

#include "test.h"

#include <arpa/inet.h>

#define BYTES(text) text, sizeof(text) - 1

/* Version 2, in pieces. */
#define SIG       "\r\n\r\n\0\r\nQUIT\n"
#define LOCAL     SIG "\x20"
#define PROXY     SIG "\x21"
#define INET      "\xc0\x00\x02\x07\xc6\x33\x64\x01\x30\x39\x00\x6e"
#define TCP4      SIG "\x21\x11\x00\x0c" INET
#define NET6      "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define INET6     NET6 "\x07" NET6 "\x01\x30\x39\x00\x6e"
#define MAPPED    MAPPED_IN NET6 "\x01\x30\x39\x00\x6e"
#define MAPPED_IN "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"
#define ZERO27    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define UNIX      ZERO27 ZERO27 ZERO27 ZERO27 ZERO27 ZERO27 ZERO27 ZERO27
#define NOOP      "\x04\x00\x03xyz"
#define SSL       "\x20\x00\x05\x01\0\0\0\0"
#define SSL_CERT  "\x20\x00\x0f\x07\0\0\0\0\x21\x00\x07TLSv1.3"
#define SSL_NONE  "\x20\x00\x05\x00\0\0\0\1"
#define SSL_OTHER "\x20\x00\x05\xfe\0\0\0\0"
#define FULL      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define X30       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X90       X30 X30 X30

/* Version 1, without its "PROXY " and its CRLF. */
static const struct {
	const char *line;
	const char *address;
} good_lines[] = {
    {"TCP4 192.168.0.1 192.168.0.11 56324 443",          "192.168.0.1"    },
    {"TCP4 192.0.2.7 198.51.100.1 12345 110",            "192.0.2.7"      },
    {"TCP4 255.255.255.255 255.255.255.255 65535 65535", "255.255.255.255"},
    {"TCP4 0.0.0.0 0.0.0.0 0 0",                         "0.0.0.0"        },
    {"TCP4 192.0.2.7 198.51.100.1 9999 7",               "192.0.2.7"      },
    {"TCP6 2001:db8::7 2001:db8::1 12345 110",           "2001:db8::7"    },
    {"TCP6 2001:0DB8:0:0:0:0:0:0007 ::1 1 110",          "2001:db8::7"    },
    {"TCP6 " FULL " " FULL " 65535 65535",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"                            },
    {"TCP6 :: :: 0 0",				   "::"             },
    {"TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 1 110",  "192.0.2.7"      },
    {"TCP6 ::ffff:c000:207 ::1 1 110",                   "192.0.2.7"      },
    {"TCP6 ::fffe:c000:207 ::1 1 110",                   "::fffe:c000:207"},
};

static const struct {
	const char *what;
	const char *line;
} bad_lines[] = {
    {"CR CR LF",             "TCP4 192.0.2.7 198.51.100.1 1 110\r"  },
    {"no port",              "TCP4 192.0.2.7 198.51.100.1"          },
    {"one port",             "TCP4 192.0.2.7 198.51.100.1 1"        },
    {"a word more",          "TCP4 192.0.2.7 198.51.100.1 1 110 x"  },
    {"a space at the end",   "TCP4 192.0.2.7 198.51.100.1 1 110 "   },
    {"two spaces",           "TCP4 192.0.2.7  198.51.100.1 1 110"   },
    {"two spaces, one port", "TCP4 192.0.2.7 198.51.100.1  110"     },
    {"a space first",        "TCP4  192.0.2.7 198.51.100.1 1 110"   },
    {"a tab",		"TCP4 192.0.2.7\t198.51.100.1 1 110"   },
    {"nothing but a space",  "TCP4 "                                },
    {"nothing",              "TCP4"				 },
    {"UDP4",		 "UDP4 192.0.2.7 198.51.100.1 1 110"    },
    {"TCP",		  "TCP 192.0.2.7 198.51.100.1 1 110"     },
    {"TCP44",		"TCP44 192.0.2.7 198.51.100.1 1 110"   },
    {"TCP, IPv6",            "TCP 2001:db8::7 ::1 1 110"            },
    {"TCP5",		 "TCP5 2001:db8::7 ::1 1 110"           },
    {"tcp4",		 "tcp4 192.0.2.7 198.51.100.1 1 110"    },
    {"IPv6 in it",           "TCP4 2001:db8::7 2001:db8::1 1 110"   },
    {"one of each",          "TCP4 192.0.2.7 2001:db8::1 1 110"     },
    {"the other of each",    "TCP4 2001:db8::7 192.0.2.7 1 110"     },
    {"leading zero",         "TCP4 192.0.2.07 198.51.100.1 1 110"   },
    {"leading zero behind",  "TCP4 192.0.2.7 198.051.100.1 1 110"   },
    {"256",		  "TCP4 192.0.2.256 198.51.100.1 1 110"  },
    {"three parts",          "TCP4 192.0.2 198.51.100.1 1 110"      },
    {"five parts",           "TCP4 192.0.2.7.1 198.51.100.1 1 110"  },
    {"a dot more",           "TCP4 192.0.2.7. 198.51.100.1 1 110"   },
    {"empty part",           "TCP4 192..2.7 198.51.100.1 1 110"     },
    {"hexadecimal",          "TCP4 0xc0.0.2.7 198.51.100.1 1 110"   },
    {"a plain number",       "TCP4 3221225991 198.51.100.1 1 110"   },
    {"a name",	       "TCP4 localhost 198.51.100.1 1 110"    },
    {"minus",		"TCP4 -1.0.2.7 198.51.100.1 1 110"     },
    {"port 65536",           "TCP4 192.0.2.7 198.51.100.1 65536 110"},
    {"port 99999",           "TCP4 192.0.2.7 198.51.100.1 99999 110"},
    {"port 100000",          "TCP4 192.0.2.7 198.51.100.1 1 100000" },
    {"port 65536 behind",    "TCP4 192.0.2.7 198.51.100.1 1 65536"  },
    {"port with zero",       "TCP4 192.0.2.7 198.51.100.1 01 110"   },
    {"port 00",              "TCP4 192.0.2.7 198.51.100.1 1 00"     },
    {"port -1",              "TCP4 192.0.2.7 198.51.100.1 -1 110"   },
    {"port +1",              "TCP4 192.0.2.7 198.51.100.1 1 +1"     },
    {"port x",	       "TCP4 192.0.2.7 198.51.100.1 x 110"    },
    {"port 1x",              "TCP4 192.0.2.7 198.51.100.1 1 1x"     },
    {"IPv4 in it",           "TCP6 192.0.2.7 198.51.100.1 1 110"    },
    {"one of each",          "TCP6 2001:db8::7 192.0.2.7 1 110"     },
    {"five digits",          "TCP6 2001:db8::00007 ::1 1 110"       },
    {"two gaps",             "TCP6 2001::7::1 ::1 1 110"            },
    {"nine groups",          "TCP6 1:2:3:4:5:6:7:8:9 ::1 1 110"     },
    {"seven groups",         "TCP6 1:2:3:4:5:6:7 ::1 1 110"         },
    {"a colon more",         "TCP6 2001:db8::7: ::1 1 110"          },
    {"a zone",	       "TCP6 fe80::7%eth0 ::1 1 110"          },
    {"brackets",             "TCP6 [2001:db8::7] ::1 1 110"         },
    {"leading zero inside",  "TCP6 ::ffff:192.0.2.07 ::1 1 110"     },
    {"no hex",	       "TCP6 2001:db8::g ::1 1 110"           },
    {"a bad other end",      "TCP6 2001:db8::7 ::g 1 110"           },
    {"port with zero",       "TCP6 2001:db8::7 ::1 1 0110"          },
};

/* Version 2, without its signature. The result is "BAD", "MORE", "LOCAL",
   "UNKNOWN" or an address, and "+tls". */
static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *result;
} blocks[] = {
    {"LOCAL",          BYTES("\x20\x00\x00\x00"),             "LOCAL"          },
    {"and an address", BYTES("\x20\x11\x00\x0c" INET),        "LOCAL"          },
    {"and anything",   BYTES("\x20\xff\x00\x01x"),            "LOCAL"          },
    {"and TLS",        BYTES("\x20\x11\x00\x14" INET SSL),    "LOCAL"          },
    {"LOCAL, cut",     BYTES("\x20\x00\x00\x01"),             "MORE"           },
    {"INET",           BYTES("\x21\x11\x00\x0c" INET),        "192.0.2.7"      },
    {"INET6",          BYTES("\x21\x21\x00\x24" INET6),       "2001:db8::7"    },
    {"IPv4 in it",     BYTES("\x21\x21\x00\x24" MAPPED),      "192.0.2.7"      },
    {"and TLS",        BYTES("\x21\x21\x00\x2c" INET6 SSL),   "2001:db8::7+tls"},
    {"UNIX",           BYTES("\x21\x31\x00\xd8" UNIX),        "UNKNOWN"        },
    {"and TLS",        BYTES("\x21\x31\x00\xe0" UNIX SSL),    "UNKNOWN+tls"    },
    {"UNSPEC",         BYTES("\x21\x00\x00\x00"),             "UNKNOWN"        },
    {"and TLS",        BYTES("\x21\x00\x00\x08" SSL),         "UNKNOWN"        },
    {"UNSPEC, STREAM", BYTES("\x21\x01\x00\x02xx"),           "UNKNOWN"        },
    {"INET, UNSPEC",   BYTES("\x21\x10\x00\x0c" INET),        "UNKNOWN"        },
    {"INET, DGRAM",    BYTES("\x21\x12\x00\x0c" INET),        "UNKNOWN"        },
    {"INET6, DGRAM",   BYTES("\x21\x22\x00\x24" INET6),       "UNKNOWN"        },
    {"UNIX, DGRAM",    BYTES("\x21\x32\x00\x00"),             "UNKNOWN"        },
    {"INET, cut",      BYTES("\x21\x11\x00\x0c\xc0\x00\x02"), "MORE"           },
    {"fixed, cut",     BYTES("\x21\x11\x00"),                 "MORE"           },
    {"no more",        BYTES(""),			     "MORE"           },
    {"INET of 0",      BYTES("\x21\x11\x00\x00"),             "BAD"            },
    {"INET of 11",     BYTES("\x21\x11\x00\x0b"),             "BAD"            },
    {"INET6 of 12",    BYTES("\x21\x21\x00\x0c"),             "BAD"            },
    {"INET6 of 35",    BYTES("\x21\x21\x00\x23"),             "BAD"            },
    {"UNIX of 215",    BYTES("\x21\x31\x00\xd7"),             "BAD"            },
    {"version 0",      BYTES("\x01\x11\x00\x0c"),             "BAD"            },
    {"version 1",      BYTES("\x11\x11\x00\x0c"),             "BAD"            },
    {"version 3",      BYTES("\x31\x11\x00\x0c"),             "BAD"            },
    {"and LOCAL",      BYTES("\x30\x00\x00\x00"),             "BAD"            },
    {"command 2",      BYTES("\x22\x11\x00\x0c"),             "BAD"            },
    {"command 15",     BYTES("\x2f\x00\x00\x00"),             "BAD"            },
    {"family 4",       BYTES("\x21\x41\x00\x24" INET6),       "BAD"            },
    {"family 15",      BYTES("\x21\xf1\x00\x24" INET6),       "BAD"            },
    {"transport 3",    BYTES("\x21\x13\x00\x0c"),             "BAD"            },
    {"and UNSPEC",     BYTES("\x21\x03\x00\x00"),             "BAD"            },
};

/* What stands behind the addresses of an INET header. */
static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *result;
} tlvs[] = {
    {"TLS",		BYTES(SSL),			      "192.0.2.7+tls"},
    {"and what is inside", BYTES(SSL_CERT),                         "192.0.2.7+tls"},
    {"behind another",     BYTES(NOOP SSL),                         "192.0.2.7+tls"},
    {"before another",     BYTES(SSL_CERT NOOP),                    "192.0.2.7+tls"},
    {"it says no",         BYTES(SSL_NONE),                         "192.0.2.7"    },
    {"it has other bits",  BYTES(SSL_OTHER),                        "192.0.2.7"    },
    {"no, then yes",       BYTES(SSL_NONE SSL),                     "192.0.2.7+tls"},
    {"yes, then no",       BYTES(SSL SSL_NONE),                     "192.0.2.7+tls"},
    {"yes, in another",    BYTES("\x01\x00\x08" SSL),               "192.0.2.7"    },
    {"yes, in a no",       BYTES("\x20\x00\x0d\0\0\0\0\1" SSL),     "192.0.2.7"    },
    {"TLVs inside, cut",   BYTES("\x20\x00\x07\1\0\0\0\0\x21\xff"),
     "192.0.2.7+tls"							       },
    {"an unknown one",     BYTES("\xea\x00\x01x"),                  "192.0.2.7"    },
    {"an empty one",       BYTES("\x04\x00\x00"),                   "192.0.2.7"    },
    {"two empty ones",     BYTES("\x04\x00\x00\xff\x00\x00"),       "192.0.2.7"    },
    {"no value",           BYTES("\x04\x00\x01"),                   "BAD"          },
    {"a value one short",  BYTES("\x04\x00\x03xy"),                 "BAD"          },
    {"of 65535",           BYTES("\x04\xff\xff"),                   "BAD"          },
    {"of 256",             BYTES("\x04\x01\x00xyz"),                "BAD"          },
    {"one octet",          BYTES("\x04"),                           "BAD"          },
    {"two octets",         BYTES("\x04\x00"),                       "BAD"          },
    {"one behind another", BYTES(NOOP "x"),                         "BAD"          },
    {"one behind TLS",     BYTES(SSL "x"),                          "BAD"          },
    {"TLS, empty",         BYTES("\x20\x00\x00"),                   "BAD"          },
    {"TLS, of 1",          BYTES("\x20\x00\x01\1"),                 "BAD"          },
    {"TLS, of 4",          BYTES("\x20\x00\x04\1\0\0\0"),           "BAD"          },
    {"TLS, cut",           BYTES("\x20\x00\x05\1\0\0\0"),           "BAD"          },
    {"TLS, no value",      BYTES("\x20\x00\x05"),                   "BAD"          },
    {"TLS, of 65535",      BYTES("\x20\xff\xff\1\0\0\0\0"),         "BAD"          },
    {"TLS, of 261",        BYTES("\x20\x01\x05\1\0\0\0\0"),         "BAD"          },
};

/* Whole inputs. */
static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *result;
} inputs[] = {
    {"UNKNOWN",               BYTES("PROXY UNKNOWN\r\n"),                          "UNKNOWN"},
    {"a space",               BYTES("PROXY UNKNOWN \r\n"),                         "UNKNOWN"},
    {"anything",              BYTES("PROXY UNKNOWN \r  \0 TCP4 \377\r\n"),         "UNKNOWN"},
    {"the longest of s. 2.1",
     BYTES("PROXY UNKNOWN " FULL " " FULL " 65535 65535\r\n"),                     "UNKNOWN"},
    {"107 octets",            BYTES("PROXY UNKNOWN " X90 "x\r\n"),                 "UNKNOWN"},
    {"108 octets",            BYTES("PROXY UNKNOWN " X90 "xx\r\n"),                "BAD"    },
    {"CR is the 107th",       BYTES("PROXY UNKNOWN " X90 "xx\r"),                  "BAD"    },
    {"107, no end",           BYTES("PROXY UNKNOWN " X90 "xxx"),                   "BAD"    },
    {"106, no end",           BYTES("PROXY UNKNOWN " X90 "xx"),                    "MORE"   },
    {"LF alone",              BYTES("PROXY UNKNOWN\n"),                            "BAD"    },
    {"LF in the rest",        BYTES("PROXY UNKNOWN a\nb\r\n"),                     "BAD"    },
    {"CR alone",              BYTES("PROXY UNKNOWN\r"),                            "MORE"   },
    {"no space",              BYTES("PROXY UNKNOWNS\r\n"),                         "BAD"    },
    {"a NUL for it",          BYTES("PROXY UNKNOWN\0 x\r\n"),                      "BAD"    },
    {"lower case",            BYTES("PROXY unknown\r\n"),                          "BAD"    },
    {"cut",		   BYTES("PROXY UNKNOW\r\n"),                           "BAD"    },
    {"two spaces",            BYTES("PROXY  UNKNOWN\r\n"),                         "BAD"    },
    {"nothing",               BYTES(""),					   "MORE"   },
    {"one byte",              BYTES("P"),					  "MORE"   },
    {"PROXY",		 BYTES("PROXY"),				      "MORE"   },
    {"and LF",		BYTES("PROXY\n"),				    "BAD"    },
    {"and CRLF",              BYTES("PROXY\r\n"),                                  "BAD"    },
    {"space, LF",             BYTES("PROXY \n"),                                   "BAD"    },
    {"space, CRLF",           BYTES("PROXY \r\n"),                                 "BAD"    },
    {"lower case",            BYTES("proxy UNKNOWN\r\n"),                          "BAD"    },
    {"space before",          BYTES(" PROXY UNKNOWN\r\n"),                         "BAD"    },
    {"no proxy",              BYTES("QUIT\r\n"),                                   "BAD"    },
    {"no proxy, P",           BYTES("PASS x\r\n"),                                 "BAD"    },
    {"TLS",		   BYTES("\x16\x03\x01\x02\x00\x01\x00"),               "BAD"    },
    {"an empty line",         BYTES("\r\n"),				       "MORE"   },
    {"a NUL",		 BYTES("\0"),					 "BAD"    },
    {"LF alone",              BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 110\n"),     "BAD"    },
    {"no LF",		 BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 110\r"),     "MORE"   },
    {"a NUL",		 BYTES("PROXY TCP4 192.0.2.7\0 192.0.2.8 1 110\r\n"), "BAD"    },
    {"at the end",            BYTES("PROXY TCP4 192.0.2.7 192.0.2.8 1 110\0\r\n"), "BAD"    },
    {"wrong signature",       BYTES("\r\n\r\n\0\r\nQUIT\r"),                       "BAD"    },
    {"without its NUL",       BYTES("\r\n\r\n\r\nQUIT\n"),                         "BAD"    },
};

/* All of these, put together. */
struct input {
	const char *what;
	char bytes[300];
	size_t n;
	const char *result;
};

static struct input cases[COUNT(good_lines) + COUNT(bad_lines) + COUNT(blocks) +
    COUNT(tlvs) + COUNT(inputs)];
static size_t case_count;

static void
append(struct input *c, const char *bytes, size_t n)
{
	assert_true(n <= sizeof c->bytes - c->n);
	memcpy(c->bytes + c->n, bytes, n);
	c->n += n;
}

static struct input *
add(const char *what, const char *bytes, size_t n, const char *result)
{
	struct input *c = &cases[case_count++];

	c->what = what;
	c->result = result;
	append(c, bytes, n);
	return c;
}

static void
add_line(const char *what, const char *line, const char *result)
{
	struct input *c = add(what, BYTES("PROXY "), result);

	append(c, line, strlen(line));
	append(c, BYTES("\r\n"));
}

static int
gather(void **state)
{
	struct input *c;

	(void)state;
	for (size_t i = 0; i < COUNT(good_lines); i++)
		add_line(good_lines[i].line, good_lines[i].line,
		    good_lines[i].address);
	for (size_t i = 0; i < COUNT(bad_lines); i++)
		add_line(bad_lines[i].what, bad_lines[i].line, "BAD");
	for (size_t i = 0; i < COUNT(blocks); i++) {
		c = add(blocks[i].what, BYTES(SIG), blocks[i].result);
		append(c, blocks[i].bytes, blocks[i].n);
	}
	for (size_t i = 0; i < COUNT(tlvs); i++) {
		c = add(tlvs[i].what, BYTES(TCP4), tlvs[i].result);
		c->bytes[15] = (char)(12 + tlvs[i].n);
		append(c, tlvs[i].bytes, tlvs[i].n);
	}
	for (size_t i = 0; i < COUNT(inputs); i++)
		add(inputs[i].what, inputs[i].bytes, inputs[i].n,
		    inputs[i].result);
	return case_count != COUNT(cases);
}

/* What the parser makes of the bytes when the first piece has "first" of them
   and all others "step". */
static void
parse(const char *bytes, size_t n, size_t first, size_t step, char got[64],
    size_t *taken)
{
	static const char *const kinds[] = {"LOCAL", "UNKNOWN", ""};
	enum proxy_status status = PROXY_MORE;
	struct proxy p;
	size_t used;

	*taken = 0;
	proxy_init(&p);
	for (size_t at = 0, some = first; at < n; at += some, some = step) {
		if (some > n - at)
			some = n - at;
		status = proxy_feed(&p, bytes + at, some, &used);
		*taken += used;
		assert_true(used <= some);
		if (status == PROXY_MORE)
			assert_int_equal(used, some);
	}
	assert_int_equal(proxy_feed(&p, "", 0, &used), status);
	assert_int_equal(used, 0);
	assert_int_equal(status == PROXY_BAD, p.wrong != NULL);
	snprintf(got, 64, "%s", status == PROXY_MORE ? "MORE" : "BAD");
	if (status == PROXY_DONE)
		snprintf(got, 64, "%s%s%s", kinds[p.kind], p.address,
		    p.tls ? "+tls" : "");
}

/* A copy of its own, so that a read behind the end is seen. */
static char *
copy(const char *bytes, size_t n)
{
	char *own = malloc(n == 0 ? 1 : n);

	assert_non_null(own);
	memcpy(own, bytes, n);
	return own;
}

static void
every_header_is_read_or_refused(void **state)
{
	char got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *own = copy(cases[i].bytes, cases[i].n);

		parse(own, cases[i].n, cases[i].n, 1, got, &taken);
		check_text(got, cases[i].result, cases[i].what);
		free(own);
	}
}

static void
every_cut_gives_the_same(void **state)
{
	char got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t cut = 0; cut <= cases[i].n; cut++) {
			parse(cases[i].bytes, cases[i].n, cut, cases[i].n, got,
			    &taken);
			check_text(got, cases[i].result, cases[i].what);
		}
}

static void
every_step_gives_the_same(void **state)
{
	char got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step <= cases[i].n; step++) {
			parse(cases[i].bytes, cases[i].n, step, step, got,
			    &taken);
			check_text(got, cases[i].result, cases[i].what);
		}
}

static int
is_whole(size_t i)
{
	return strcmp(cases[i].result, "MORE") != 0 &&
	    strcmp(cases[i].result, "BAD") != 0;
}

/* Neither read early nor refused early, and never known without its end. */
static void
a_cut_header_waits(void **state)
{
	char got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t n = 0; is_whole(i) && n < cases[i].n; n++) {
			parse(cases[i].bytes, n, n, 1, got, &taken);
			check_text(got, "MORE", cases[i].what);
			check(taken == n, "%s, %zu bytes", cases[i].what, n);
		}
}

static void
what_is_behind_is_not_taken(void **state)
{
	static const char behind[] = "PROXY UNKNOWN\r\nUSER joe\r\n";
	char bytes[512], got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = cases[i].n + sizeof behind - 1;

		if (!is_whole(i))
			continue;
		memcpy(bytes, cases[i].bytes, cases[i].n);
		memcpy(bytes + cases[i].n, behind, sizeof behind - 1);
		for (size_t step = 1; step <= n; step++) {
			parse(bytes, n, step, step, got, &taken);
			check_text(got, cases[i].result, cases[i].what);
			check(taken == cases[i].n, "%s, step %zu",
			    cases[i].what, step);
		}
	}
}

static void
a_bad_header_stays_bad(void **state)
{
	static const char good[] = "PROXY UNKNOWN\r\n";
	struct proxy p;
	size_t used;

	(void)state;
	proxy_init(&p);
	assert_int_equal(proxy_feed(&p, "QUIT\r\n", 6, &used), PROXY_BAD);
	assert_int_equal(used, 1);
	assert_int_equal(
	    proxy_feed(&p, good, sizeof good - 1, &used), PROXY_BAD);
	assert_int_equal(used, 0);
}

static void
a_parser_starts_afresh(void **state)
{
	static const char first[] = PROXY "\x11\x00\x14" INET SSL;
	struct proxy p;
	size_t used;

	(void)state;
	memset(&p, 0xff, sizeof p);
	proxy_init(&p);
	assert_int_equal(
	    proxy_feed(&p, first, sizeof first - 1, &used), PROXY_DONE);
	proxy_init(&p);
	assert_int_equal(
	    proxy_feed(&p, "PROXY UNKNOWN\r\n", 15, &used), PROXY_DONE);
	assert_int_equal(p.kind, PROXY_UNKNOWN);
	assert_string_equal(p.address, "");
	assert_int_equal(p.tls, 0);
}

/* The byte that is wrong is the last one taken. */
static void
a_stranger_is_known_by_the_first_wrong_byte(void **state)
{
	static const char *const starts[] = {"PROXY ", SIG};
	static const size_t lens[] = {6, 12};
	char bytes[12], got[64];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++)
		for (size_t at = 0; at < lens[i]; at++) {
			memcpy(bytes, starts[i], lens[i]);
			bytes[at] ^= 0x10;
			parse(bytes, lens[i], 1, 1, got, &taken);
			check(strcmp(got, "BAD") == 0 && taken == at + 1,
			    "start %zu, byte %zu: %s", i, at, got);
		}
}

/* One TLV of "len" octets, and what is behind it, in a header as large. */
static size_t
make_large(char *bytes, size_t len, const char *last, size_t last_len)
{
	static const char start[] = TCP4;
	size_t total = 12 + 3 + len + last_len;

	memcpy(bytes, start, 28);
	bytes[14] = (char)(total >> 8);
	bytes[15] = (char)total;
	bytes[28] = 0x01;
	bytes[29] = (char)(len >> 8);
	bytes[30] = (char)len;
	/* Were it read as TLVs, each would be too long. */
	memset(bytes + 31, 0x20, len);
	memcpy(bytes + 31 + len, last, last_len);
	return 16 + total;
}

static void
large_headers_are_skipped(void **state)
{
	static const size_t steps[] = {1, 3, 107, 4096, 65551};
	static char bytes[16 + 65535];
	char got[64];
	size_t n, taken;

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		n = make_large(bytes, 65520, "", 0);
		assert_int_equal(n, sizeof bytes);
		parse(bytes, n, steps[i], steps[i], got, &taken);
		check_text(got, "192.0.2.7", "one TLV of 65520 octets");
		n = make_large(bytes, 65512, SSL, 8);
		assert_int_equal(n, sizeof bytes);
		parse(bytes, n, steps[i], steps[i], got, &taken);
		check_text(got, "192.0.2.7+tls", "and TLS behind it");
		parse(bytes, n - 1, steps[i], steps[i], got, &taken);
		check_text(got, "MORE", "and its last octet missing");
	}
}

/* TLVs drawn at random; every one counts its own length. */
static size_t
draw_header(uint64_t *seed, char *bytes, int *tls)
{
	static const char start[] = TCP4;
	size_t n = 28;

	*tls = 0;
	memcpy(bytes, start, n);
	for (uint32_t left = draw(seed, 8); left > 0; left--) {
		int is_ssl = draw(seed, 4) == 0;
		size_t len = draw(seed, 40) + (is_ssl ? 5 : 0);

		bytes[n] = (char)(is_ssl ? 0x20 : draw(seed, 0x20));
		bytes[n + 1] = 0;
		bytes[n + 2] = (char)len;
		for (size_t i = 0; i < len; i++)
			bytes[n + 3 + i] = (char)draw(seed, 256);
		*tls |= is_ssl && (bytes[n + 3] & 1) != 0;
		n += 3 + len;
	}
	bytes[14] = (char)((n - 16) >> 8);
	bytes[15] = (char)(n - 16);
	return n;
}

static void
drawn_headers_are_read(void **state)
{
	uint64_t seed = 20241123;
	char bytes[512], got[64];
	size_t taken;
	int tls;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t n = draw_header(&seed, bytes, &tls);
		size_t step = draw(&seed, 60) + 1;

		parse(bytes, n, step, step, got, &taken);
		check(taken == n, "header %u", i);
		check_text(got, tls ? "192.0.2.7+tls" : "192.0.2.7", "drawn");
		/* One octet less is announced: the last TLV is cut. */
		bytes[14] = (char)((n - 17) >> 8);
		bytes[15] = (char)(n - 17);
		parse(bytes, n, step, step, got, &taken);
		check_text(got, "BAD", "drawn, one octet short");
	}
}

/* Any answer will do, if it is the same however the bytes come, and if an
   address is one. */
static void
must_hold(const char *bytes, size_t n, size_t step)
{
	char *own = copy(bytes, n), whole[64], pieces[64];
	unsigned char address[16];
	size_t taken, again;

	parse(own, n, n, n, whole, &taken);
	parse(own, n, step, step, pieces, &again);
	free(own);
	assert_string_equal(whole, pieces);
	assert_int_equal(taken, again);
	whole[strcspn(whole, "+")] = '\0';
	if (strchr(whole, '.') != NULL)
		assert_int_equal(inet_pton(AF_INET, whole, address), 1);
	else if (strchr(whole, ':') != NULL)
		assert_int_equal(inet_pton(AF_INET6, whole, address), 1);
}

static void
a_flipped_bit_is_no_danger(void **state)
{
	char bytes[512];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t bit = 0; bit < 8 * cases[i].n; bit++) {
			memcpy(bytes, cases[i].bytes, cases[i].n);
			bytes[bit / 8] ^= (char)(1 << bit % 8);
			must_hold(bytes, cases[i].n, 1);
		}
}

/* Bytes at random, behind a start that leads somewhere. */
static void
random_bytes_are_no_danger(void **state)
{
	static const struct {
		const char *start;
		size_t len;
	} starts[] = {
	    {BYTES("")},
	    {BYTES("PROXY ")},
	    {BYTES("PROXY UNKNOWN ")},
	    {BYTES("PROXY TCP4 ")},
	    {BYTES("PROXY TCP6 ::")},
	    {BYTES(SIG)},
	    {BYTES(PROXY)},
	    {BYTES(LOCAL)},
	    {BYTES(PROXY "\x11\x00\x30" INET)},
	    {BYTES(PROXY "\x21\x00\x40" INET6)},
	    {BYTES(PROXY "\x31\x01\x00" UNIX)},
	    {BYTES(PROXY "\x11\x00\x20" INET "\x20\x00")},
	};
	/* Few different bytes, so that they mean something now and then. */
	static const char likely[] = "\0\0\0\x01\x02\x03\x05\x20\r\n 0159.:f";
	uint64_t seed = 5;
	char bytes[512];

	(void)state;
	for (unsigned i = 0; i < 240000; i++) {
		size_t which = i % COUNT(starts);
		size_t n = starts[which].len, more = draw(&seed, 120);

		memcpy(bytes, starts[which].start, n);
		for (; more > 0; more--)
			bytes[n++] = draw(&seed, 4) == 0
			    ? (char)draw(&seed, 256)
			    : likely[draw(&seed, sizeof likely - 1)];
		must_hold(bytes, n, draw(&seed, 20) + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_header_is_read_or_refused),
	    cmocka_unit_test(every_cut_gives_the_same),
	    cmocka_unit_test(every_step_gives_the_same),
	    cmocka_unit_test(a_cut_header_waits),
	    cmocka_unit_test(what_is_behind_is_not_taken),
	    cmocka_unit_test(a_bad_header_stays_bad),
	    cmocka_unit_test(a_parser_starts_afresh),
	    cmocka_unit_test(a_stranger_is_known_by_the_first_wrong_byte),
	    cmocka_unit_test(large_headers_are_skipped),
	    cmocka_unit_test(drawn_headers_are_read),
	    cmocka_unit_test(a_flipped_bit_is_no_danger),
	    cmocka_unit_test(random_bytes_are_no_danger),
	};

	return cmocka_run_group_tests_name("proxy", tests, gather, NULL);
}
