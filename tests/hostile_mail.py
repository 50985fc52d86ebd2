#!/usr/bin/env python3
"""Mailboxes made to hurt (hurtful.py), and what is served of them; prints TAP.

Each kind, at a modest size: STAT, LIST, UIDL, TOP and RETR say what a model
says that knows nothing of the program, in a session that reads the mailbox and
in one that knows it; ids are unique and stay; nothing of the mail gets into
the log; half is deleted, and what is left is as it should be. As root the
session's own memory is looked at: at most 64 bytes for each of many messages,
and what a small mailbox needs.

usage: tests/hostile_mail.py [BYTES [KIND...]]
"""
import concurrent.futures as futures
import os
import re
import shutil
import signal
import socket
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from hurtful import KINDS
from pattern import Failure
from scene import Scene
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
MANY = 200000  # messages, to see what each needs
EACH, FIXED = 64, 2 << 20  # bytes a message; of buffers, and what the kernel's count may be off by
DAY = rb'(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +'
MONTH = rb'(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +'
CLOCK = rb'\d{1,2}:\d\d(?::\d\d)?(?= |\Z)'
DATE = re.compile(DAY + MONTH + rb'\d{1,2} +' + CLOCK + rb'(?: +[^ ]+){0,2} +\d{4}(?= |\Z)'
                  rb'|(?:[^\n]{3}, +)?\d{1,2} +' + MONTH + rb'\d{4} +' + CLOCK)


# -- the model

def is_from(line):
    """from.h, in other words."""
    if not line.startswith(b'From ') or len(line) > 1000:
        return False
    line = line.rstrip(b'\r\n')
    return any(DATE.match(line, word.start()) for word in re.finditer(rb'(?<= )[^ ]', line))


def is_blank(line):
    return line in (b'\n', b'\r\n')


def as_sent(line):
    """Without the dot that may be put before it."""
    end = 2 if line.endswith(b'\r\n') else 1 if line.endswith(b'\n') else 0
    return line[:len(line) - end] + b'\r\n'


class Message:
    def __init__(self, start):
        self.start, self.header, self.body, self.in_header = start, [], [], True

    def take(self, line):
        (self.header if self.in_header else self.body).append(line)
        self.in_header &= not is_blank(line)

    def end(self):
        """The blank line before the next one is no part of it."""
        if self.body and is_blank(self.body[-1]):
            self.body.pop()
        return self

    def is_data(self):
        """Of c-client's own."""
        def has(*names):
            return any(line.lower().startswith(names) for line in self.header)
        return any(line.startswith(b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA") for line in self.header) \
            and any(line.startswith(b'X-IMAP') for line in self.header) and not has(b'received:', b'return-path:')

    def lines(self, count=None):
        return [as_sent(line) for line in self.header + self.body[:count]]


def model(data):
    """The messages that are shown, and the places in the file where they begin, with its end."""
    found, at, blank, first = [], 0, True, True
    for line in re.findall(rb'[^\n]*\n|[^\n]+', data):
        if first and is_blank(line):
            pass  # belongs to the first message
        elif blank and is_from(line):
            found.append(Message(0 if first else at))
            first = False
        else:
            found[-1].take(line)
        blank = is_blank(line)
        at += len(line)
    found = [m.end() for m in found]
    if found[0].is_data():
        found.pop(0)
    return found, [m.start for m in found] + [len(data)]


def stuffed(lines):
    return b''.join(b'.' + line if line.startswith(b'.') else line for line in lines) + b'.\r\n'


# -- the program

class Talk:
    """A session by joe; what is asked all at once."""

    def __init__(self, scene):
        ours, theirs = socket.socketpair()
        self.server = scene.start(theirs, theirs)
        theirs.close()
        self.wire = Wire(ours, ours)

    def ask(self, text, size):
        """That many bytes of answers."""
        wire, parts, got = self.wire, [], 0
        data = text.encode()
        while got < size or data:
            if wire.ended:
                break
            data = wire.exchange(data)
            parts.append(wire.input)
            got += len(wire.input)
            wire.input = b''
        return b''.join(parts)

    def log_in(self):
        for line in ('', 'USER joe\r\n', 'PASS secret\r\n'):
            self.wire.send(line.encode())
            if not self.wire.line().startswith(b'+OK'):
                raise Failure('no login')

    def memory(self):
        """Bytes that only the session has, and the most that it has had."""
        pid = self.server.pid
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
            child = f.read().split()[0]
        with open(f'/proc/{child}/smaps_rollup', encoding='ascii') as f:
            private = 1024 * sum(int(n) for n in re.findall(r'^Private_\w+: +(\d+) kB', f.read(), re.MULTILINE))
        with open(f'/proc/{child}/status', encoding='ascii') as f:
            return private, 1024 * int(re.search(r'^VmHWM:\s+(\d+) kB', f.read(), re.MULTILINE)[1])

    def close(self):
        self.wire.close()
        try:
            if self.server.wait(30) != 0:
                raise Failure(f'exit status {self.server.returncode}')
        finally:
            if self.server.poll() is None:
                self.server.kill()
                self.server.wait()


def expect(what, is_, should):
    if is_ != should:
        at = next((i for i, (a, b) in enumerate(zip(is_, should)) if a != b), min(len(is_), len(should)))
        raise Failure(f'{what}: at {at} of {len(is_)}, {is_[at - 20:at + 60]!r}, not {should[at - 20:at + 60]!r}')


def compare(scene, messages, ids=None):
    """One session; returns the ids."""
    sizes = [sum(map(len, m.lines())) for m in messages]
    talk = Talk(scene)
    try:
        talk.log_in()
        said = f'{len(messages)} messages ({sum(sizes)} octets)'.encode()
        want = f'+OK {len(messages)} {sum(sizes)}\r\n'.encode() + b'+OK ' + said + b'\r\n' + \
            b''.join(b'%d %d\r\n' % pair for pair in enumerate(sizes, 1)) + b'.\r\n'
        expect('STAT and LIST', talk.ask('STAT\r\nLIST\r\n', len(want)), want)
        talk.wire.send(b'UIDL\r\n')
        expect('UIDL', talk.wire.line(), b'+OK unique ids follow')
        listed = []
        while (line := talk.wire.line()) != b'.':
            listed.append(line)
        if len(listed) != len(messages) or len({line.split()[1] for line in listed}) != len(messages) or \
                not all(re.fullmatch(b'%d [0-9a-f]{16,40}(-[0-9]+)?' % i, line) for i, line in enumerate(listed, 1)):
            raise Failure(f'UIDL: {listed[:5]}')
        if ids is not None:
            expect('the ids', listed, ids)
        some = sorted({1, 2, len(messages) // 2 + 1, len(messages)} & set(range(1, len(messages) + 1)))
        want = b''.join(b'+OK top of message follows\r\n' + stuffed(messages[n - 1].lines(3)) for n in some)
        expect('TOP', talk.ask(''.join(f'TOP {n} 3\r\n' for n in some), len(want)), want)
        want = b''.join(b'+OK %d octets\r\n' % size + stuffed(m.lines()) for m, size in zip(messages, sizes))
        expect('RETR', talk.ask(''.join(f'RETR {n}\r\n' for n in range(1, len(messages) + 1)), len(want)), want)
        talk.wire.send(b'QUIT\r\n')
        expect('QUIT', talk.wire.line(), b'+OK %d messages left' % len(messages))
    finally:
        talk.close()
    return listed


def delete(scene, data, starts):
    """Every second message; what lies before the first that is shown stays."""
    count = len(starts) - 1
    talk = Talk(scene)
    try:
        talk.log_in()
        asked = ''.join(f'DELE {n}\r\n' for n in range(1, count + 1, 2)) + 'QUIT\r\n'
        want = b''.join(b'+OK message %d deleted\r\n' % n for n in range(1, count + 1, 2)) + b'+OK %d messages left\r\n' % (count // 2)
        expect('DELE and QUIT', talk.ask(asked, len(want)), want)
    finally:
        talk.close()
    with open(scene.mailbox, 'rb') as f:
        expect('what is left', f.read(), data[:starts[0]] + b''.join(data[starts[i]:starts[i + 1]] for i in range(1, count, 2)))


def look_at_log(scene):
    """Who came and went, and nothing of the mail."""
    lines = scene.log().split(b'\n')
    if len(lines) != 2 * 3 + 1 or not all(re.fullmatch(rb'pop3d\[\d+\]: LOG(?:IN|OUT), [ -~]*', line) for line in lines[:-1]):
        raise Failure(f'logged: {lines}')


def build(program, data):
    scene = Scene(program, [], 'user')
    scene.build()
    scene.write_mailbox(data)
    return scene


def one_kind(program, kind, size):
    data = b''.join(KINDS[kind](size))
    messages, starts = model(data)
    scene = build(program, data)
    try:
        ids = compare(scene, messages)
        compare(scene, messages, ids)
        delete(scene, data, starts)
        look_at_log(scene)
    finally:
        scene.remove()
    return None


def memory_of(program, data):
    """Bytes of a session that has told all of a mailbox's sizes and ids: when it has found them, and when it knows them."""
    scene = build(program, data)
    used = []
    try:
        for _ in range(2):
            talk = Talk(scene)
            try:
                talk.log_in()
                talk.wire.send(b'LIST\r\nUIDL\r\nRETR 1\r\nNOOP\r\n')
                while talk.wire.input[-11:] != b'still here\r\n'[-11:] and not talk.wire.ended:
                    talk.wire.input = talk.wire.input[-100:]
                    talk.wire.exchange()
                used += talk.memory()
                talk.wire.input = b''
                talk.wire.send(b'QUIT\r\n')
                talk.wire.line()
            finally:
                talk.close()
    finally:
        scene.remove()
    return used


def many_messages(program, kind, _size):
    one = b''.join(KINDS[kind](1000))
    count = len(model(one)[0])
    data = b''.join(KINDS[kind](MANY * (len(one) // count + 3)))
    messages = data.count(b'\nFrom ') + 1
    least = memory_of(program, one)
    most = memory_of(program, data)
    for a, b in zip(least, most):
        if b > a + EACH * messages + FIXED:
            raise Failure(f'{messages} messages: {b} bytes, {a} for a few: {(b - a) / messages:.1f} for each')
    return f'{messages} messages, ' + ', '.join(f'{(b - a) / messages:.1f}' for a, b in zip(least, most)) + ' bytes for each'


def one_message(program, kind, size):
    """Its memory does not depend on its size."""
    least, most = (memory_of(program, b''.join(KINDS[kind](n))) for n in (100, 20 * size))
    for a, b in zip(least, most):
        if b > a + FIXED:
            raise Failure(f'{b} bytes, {a} where it is small')
    return None


FEW = ('one line', 'one header line', 'header lines that count', 'a folded header line', 'NULs', 'From_ lines', 'lines of a dot')
MANY_KINDS = ('messages of nothing, shortest', 'messages that are all the same', 'messages that differ in a number')


def perform(place, number, deed, kind, size):
    program = f'{place}/kind-{number}'
    os.link(f'{place}/pop3d', program)
    title = {one_kind: 'is served as it is', many_messages: 'memory for many', one_message: 'memory for one'}[deed]
    try:
        told = deed(program, kind, size)
    except (Failure, OSError, LookupError) as e:
        return f'not ok - hostile_mail: {kind}: {title}\n# ' + repr(e).replace('\n', '\n# ')
    finally:
        os.unlink(program)
    return f'ok - hostile_mail: {kind}: {title}' + (f', {told}' if told else '')


def run(place, size, kinds):
    os.chmod(place, 0o755)
    shutil.copy(f'{HERE}/../pop3d', place)  # while nobody forks
    jobs = [(one_kind, kind) for kind in kinds]
    if os.geteuid() == 0:
        jobs += [(many_messages, kind) for kind in MANY_KINDS if kind in kinds]
        jobs += [(one_message, kind) for kind in FEW if kind in kinds]
    else:
        print('ok - hostile_mail: memory of a session # SKIP not root')
    failed = False
    with futures.ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda job: perform(place, job[0], *job[1], size), enumerate(jobs)):
            print(line, flush=True)
            failed |= line.startswith('not')
    return int(failed)


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    size, kinds = int(argv[0]) if argv else 200000, argv[1:] or list(KINDS)
    with tempfile.TemporaryDirectory(prefix='pop3d-hostile-mail-') as place:
        return run(place, size, kinds)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
