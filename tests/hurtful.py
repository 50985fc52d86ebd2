"""Mailboxes made to hurt: each kind, in any size, the same on each machine.

tests/hurtful.py KIND BYTES >MAILBOX   writes one of about that size
tests/hurtful.py                       lists the kinds
"""
import itertools
import random
import sys

FROM = b'From a@b Mon Jan  1 10:00:00 2024\n'
SHORT = b'From 1 Jan 2024 1:00\n'
HEAD = FROM + b'From: a@b\nSubject: hurtful\n\n'
ODD = (b'From ', b'From a@b ', b'Mon Jan  1 10:00:00 2024', b'1 Jan 2024 10:00', b'\n', b'\n', b'\n\n', b'\r\n', b'\r\n\r\n', b'\r',
       b'\0', b'.', b'..', b'.\r\n', b'>From ', b'F', b'\xff\xfe', b'%s%n', b'\x1b[2J', b' ', b'\t', b':', b'Subject: x\n',
       b'Received: y\n', FROM, b'\n\n' + FROM, b'\n\n' + SHORT)


def repeated(start, piece):
    """The piece behind the start, as often as there is room."""
    def pieces(size):
        yield start
        many = piece * (65536 // len(piece) + 1)
        left = max(0, size - len(start)) // len(piece)
        while left > 0:
            count = min(left, len(many) // len(piece))
            yield many[:count * len(piece)]
            left -= count
    return pieces


def numbered(start, piece):
    """The same, with a number in each piece."""
    def pieces(size):
        yield start
        size -= len(start)
        for i in itertools.count():
            some = piece % i
            if size < len(some):
                return
            size -= len(some)
            yield some
    return pieces


def noise(size):
    rnd = random.Random(1)
    yield FROM
    while size > 0:
        some = b''.join(rnd.choices(ODD, k=1000))
        size -= len(some)
        yield some


KINDS = {
    'messages of nothing': repeated(b'', FROM + b'\n'),
    'messages of nothing, shortest': repeated(b'', SHORT + b'\n'),
    'messages of nothing, CRLF': repeated(b'', FROM[:-1] + b'\r\n\r\n'),
    'messages that are all the same': repeated(b'', HEAD + b'body\n\n'),
    'messages that differ in a number': numbered(b'', HEAD + b'%d\n\n'),
    'messages in CRLF': numbered(b'', FROM[:-1] + b'\r\nSubject: %d\r\n\r\nbody\r\n.\r\n1\r\n2\r\n\r\n'),
    'messages with a header only': numbered(b'', FROM + b'Subject: %d\n\n'),
    'one line': repeated(HEAD, b'x'),
    'one line of spaces': repeated(HEAD, b' '),
    'one header line': repeated(FROM + b'Subject: ', b'x'),
    'header lines': repeated(FROM, b'X: y\n'),
    'header lines that count': repeated(FROM, b'Received: y\n'),
    'header lines without a colon': repeated(FROM, b'x\n'),
    'a folded header line': repeated(FROM + b'Subject: x\n', b' y\n'),
    'folded lines, CRLF': repeated(FROM + b'Subject: x\r\n', b'\ty\r\n'),
    'From_ lines': repeated(b'', FROM),
    'From_ lines behind blank lines, no message but the first': repeated(HEAD, b'\nFrom a@b Mon Jan  1 10:00:00 202\n'),
    'nearly From_ lines': repeated(HEAD, b'\nFrom ' + b'Mon Jan 1 1:00:00 x y z ' * 41 + b'\n'),
    'nearly From_ lines of numbers': repeated(HEAD, b'\nFrom ' + b'1 Jan 2024 ' * 90 + b'\n'),
    'From_ lines that are too long': repeated(HEAD, b'\n' + FROM[:-1].ljust(1000) + b'\n'),
    'From_ lines of the greatest length': repeated(b'', b'From ' + b'a ' * 483 + FROM[5:] + b'\n'),
    'lines that begin with F': repeated(HEAD, b'F\n'),
    'Fs behind blank lines': repeated(HEAD, b'\nF\n\nFr\n\nFrom\n\nFrom \n'),
    '>From chains': repeated(HEAD, b'>>>>>>>>>>>>>>>>' + FROM + b'\n>' + FROM),
    'nothing but line ends': repeated(HEAD, b'\n'),
    'nothing but CRLFs': repeated(HEAD, b'\r\n'),
    'nothing but CRs': repeated(HEAD, b'\r'),
    'CRs before line ends': repeated(HEAD, b'\r\r\n'),
    'CRs in headers': repeated(FROM, b'X: y\r\rz\r\r\n'),
    'NULs': repeated(HEAD, b'\0'),
    'lines of NULs': repeated(HEAD, b'\0\n'),
    'NULs in headers': repeated(FROM, b'X\0: y\0\n'),
    'lines of a dot': repeated(HEAD, b'.\n'),
    'lines of dots': repeated(HEAD, b'..\n.\r\n...\n'),
    'a line of dots': repeated(HEAD, b'.'),
    'format strings': repeated(b'', FROM[:5] + b'%n%s%s%n ' + FROM[9:] + b'Subject: %n%s%999999d\nMessage-ID: <%n@%s>\n\n%n%s%p\n\n'),
    'escape sequences': repeated(b'', FROM[:5] + b'\x1b[2J\x07\x9b1m ' + FROM[9:] + b'Subject: \x1b]0;x\x07\x1b[31m\n\n\x1b[2J\x1b(0\n\n'),
    'data of c-client, again and again': repeated(
        b'', FROM + b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\n"),
    'blank lines first': repeated(b'\n' * 60000 + b'\r\n' * 1000, HEAD + b'body\n\n'),
    'noise': noise,
}


def main(argv):
    if len(argv) != 2 or argv[0] not in KINDS:
        sys.exit('\n'.join(KINDS))
    for piece in KINDS[argv[0]](int(argv[1])):
        sys.stdout.buffer.write(piece)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
