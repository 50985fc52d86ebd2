#!/usr/bin/env python3
"""Delivery agents write the mailbox while sessions read and delete. TAP.

usage: tests/delivery.py [--deliveries N]

procmail and maildrop deliver numbered messages, with their own locks, while
sessions log in, fetch, delete and leave, with QUIT or without. At the end
every message that was delivered is in the mailbox once and unchanged, or was
deleted by a session that was told +OK. Without root: if we are root, all that
is started has given it up.
"""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 60
NOBODY = 65534
SESSIONS = 3


def content(n):
    lines = b''.join(b'line %d of message %d\n' % (i, n) for i in range(n % 97 * 8))
    return (b'From: Ada <ada@example.org>\nSubject: number %d\nMessage-ID: <%d@example.org>\n\n' % (n, n)
            + b'.\n' + lines + b'end of %d\n' % n)


def ids():
    return {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}


class Place:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='pop3d-delivery-')
        os.chmod(self.dir, 0o755)
        self.program = shutil.copy(os.path.join(TREE, 'pop3d'), self.dir)
        for d in ('mail', 'state', 'home'):
            os.mkdir(f'{self.dir}/{d}', 0o711)
        self.mailbox = f'{self.dir}/mail/joe'
        self.write('secrets', 'joe:{PLAIN}secret\n')
        self.write('procmailrc', f'PATH=/usr/bin:/bin\nLOCKSLEEP=1\nLOCKTIMEOUT=60\n:0:\n{self.mailbox}\n')
        self.write('mailfilter', f'to "{self.mailbox}"\n')
        for d in ('mail', 'state', 'home'):
            self.give(d)
        self.deleted, self.faults, self.kept_open = set(), [], 0

    def give(self, name):
        if os.geteuid() == 0:
            os.chown(f'{self.dir}/{name}', NOBODY, NOBODY)

    def write(self, name, text):
        with open(f'{self.dir}/{name}', 'w', encoding='ascii') as f:
            f.write(text)
        os.chmod(f'{self.dir}/{name}', 0o600)
        self.give(name)

    def deliver(self, agent, n):
        argv = {'procmail': ['procmail', '-f', 'ada@example.org', '-m', f'{self.dir}/procmailrc'],
                'maildrop': ['maildrop', '-f', 'ada@example.org', f'{self.dir}/mailfilter']}[agent]
        env = {'PATH': os.environ['PATH'], 'HOME': f'{self.dir}/home', 'LOGNAME': 'nobody', 'USER': 'nobody'}
        for _ in range(20):  # a mail system tries again, too
            p = subprocess.run(argv, input=content(n), capture_output=True, timeout=LIMIT, check=False,
                               cwd=f'{self.dir}/home', env=env, **ids())
            if p.returncode == 0:
                return
            time.sleep(0.1)
        self.faults.append(f'{agent} cannot deliver {n}: {p.stderr[-300:]!r}')

    def session(self):
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        with open(f'{self.dir}/log', 'ab') as log:
            server = subprocess.Popen(
                [self.program, '--no-pam', '--stderr', f'--secrets={self.dir}/secrets', f'--state={self.dir}/state',
                 f'--mailbox={self.dir}/mail/%u'], stdin=theirs, stdout=theirs, stderr=log, **ids())
        theirs.close()
        return Session(ours, server)


class Session:
    def __init__(self, sock, server):
        self.sock, self.server = sock, server
        self.file = sock.makefile('rb')
        self.line()

    def line(self):
        return self.file.readline()

    def ask(self, command):
        self.sock.sendall(command.encode() + b'\r\n')
        return self.line()

    def login(self):
        self.ask('USER joe')
        return self.ask('PASS secret')

    def message(self, i):
        if not self.ask(f'RETR {i}').startswith(b'+OK'):
            return None
        lines = []
        while (line := self.line()) != b'.\r\n':
            if not line:
                return None
            lines.append(line[1:] if line.startswith(b'.') else line)
        return b''.join(lines).replace(b'\r\n', b'\n')

    def end(self):
        self.file.close()
        self.sock.close()
        self.server.wait(LIMIT)


def number_of(message):
    return int(re.search(rb'^Message-ID: <(\d+)@', message, re.M)[1])


def bare(message):
    """Without what agents put before the header."""
    return re.sub(rb'\A(?:(?:Return-Path|Delivered-To): .*\n)*', b'', message)


def visit(place, rng):
    """One session: fetches some, deletes some, leaves in one of two ways."""
    s = place.session()
    try:
        if not s.login().startswith(b'+OK'):
            return
        count = int(s.ask('STAT').split()[1])
        marked = set()
        for i in rng.sample(range(1, count + 1), min(count, 6)):
            message = s.message(i)
            if message is None:
                return
            n = number_of(message)
            if bare(message) != content(n):
                place.faults.append(f'message {n} was fetched changed')
            if rng.random() < 0.2 and s.ask(f'DELE {i}').startswith(b'+OK'):
                marked.add(n)
        if rng.random() < 0.7 and s.ask('QUIT').startswith(b'+OK'):
            if marked & place.deleted:
                place.faults.append(f'deleted twice: {marked & place.deleted}')
            place.deleted |= marked
    finally:
        s.end()


def crowd(place, deliveries):
    agents = [a for a in ('procmail', 'maildrop') if shutil.which(a)]
    left = list(range(deliveries))
    lock = threading.Lock()

    def deliver(agent):
        while True:
            with lock:
                if not left:
                    return
                n = left.pop(0)
            place.deliver(agent, n)

    def read(seed):
        rng = random.Random(seed)
        while any(t.is_alive() for t in writers):
            visit(place, rng)
            time.sleep(rng.random() / 5)

    writers = [threading.Thread(target=deliver, args=(a,)) for a in agents for _ in range(2)]
    readers = [threading.Thread(target=read, args=(i,)) for i in range(SESSIONS)]
    for t in writers + readers:
        t.start()
    for t in writers + readers:
        t.join()


def judge(place, deliveries):
    with open(place.mailbox, 'rb') as f:
        data = f.read()
    there = [bare(m) for m in re.split(rb'(?:\A|(?<=\n\n))From \S+ .*\n', data)[1:]]
    numbers = [number_of(m) for m in there]
    faults = place.faults
    faults += [f'message {n} is there twice' for n in set(numbers) if numbers.count(n) > 1]
    faults += [f'message {n} has changed' for n, m in zip(numbers, there) if m != content(n) + b'\n']
    faults += [f'message {n} is there and was deleted' for n in set(numbers) & place.deleted]
    faults += [f'message {n} is lost' for n in range(deliveries) if n not in numbers and n not in place.deleted]
    if os.path.exists(place.mailbox + '.lock'):
        faults.append('a lock file was left')
    return len(numbers), faults


def report(name, faults):
    print(f'ok - {name}' if not faults else f'not ok - {name}\n# ' + '\n# '.join(faults[:20]), flush=True)
    return bool(faults)


def idle_session(place):
    """An open session does not keep delivery waiting, nor loses what came."""
    place.deliver('procmail', 1)
    place.deliver('procmail', 2)
    s = place.session()
    s.login()
    s.ask('DELE 1')
    place.deliver('maildrop', 3)
    place.deliver('procmail', 4)
    if s.ask('STAT').split()[1] != b'1':
        place.faults.append('new mail is shown')
    if not s.ask('QUIT').startswith(b'+OK'):
        place.faults.append('QUIT was refused')
    s.end()
    place.deleted.add(1)
    place.deleted.add(0)


def main(argv):
    deliveries = int(argv[argv.index('--deliveries') + 1]) if '--deliveries' in argv else 150
    missing = [a for a in ('procmail', 'maildrop') if not shutil.which(a)]
    if missing:
        print(f'ok - delivery # SKIP not installed: {" ".join(missing)}')
        return 0
    os.umask(0o022)
    failed = 0
    for scene in ('idle', 'crowd'):
        place = Place()
        try:
            if scene == 'idle':
                idle_session(place)
                _, faults = judge(place, 5)
                failed |= report('delivery: an open session keeps nobody waiting', faults)
            else:
                crowd(place, deliveries)
                left, faults = judge(place, deliveries)
                failed |= report(f'delivery: {deliveries} delivered, {len(place.deleted)} deleted, {left} left, none lost', faults)
        finally:
            shutil.rmtree(place.dir)
    return failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
