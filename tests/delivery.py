#!/usr/bin/env python3
"""Delivery agents write the mailbox while a session is under way. TAP.

usage: tests/delivery.py [--form user|root]

procmail and maildrop deliver numbered messages, with their own locks, while a
session reads or is idle. It does not keep them waiting, does not show what
came, and does not lose it. Many of all kinds at once are in crowd.py.

Two forms, as in clients.py: "user" runs without root (if we are root, all that
is started has given it up); in "root" the mailbox is in /var/mail of a mount
namespace, the agents run as its user with their group mail, and pop3d has its
full separation.
"""
import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
import clients  # noqa: E402

LIMIT = 60  # seconds, for any wait
USER, UID = 'joe', 62500


def content(n):
    lines = b''.join(b'line %d of message %d\n' % (i, n) for i in range(n % 97 * 8))
    return (b'From: Ada <ada@example.org>\nSubject: number %d\nMessage-ID: <%d@example.org>\n\n' % (n, n)
            + b'.\n' + lines + b'end of %d\n' % n)


class Place:
    """A mailbox, the agents that write it, the program that reads it, and
    what has become of each message."""

    def __init__(self, form, directory):
        self.form, self.dir = form, directory
        self.ids = clients.as_user(UID) if form == 'root' else clients.give_up_root()
        os.chmod(self.dir, 0o755)
        self.program = [shutil.copy(os.path.join(clients.TREE, 'pop3d'), self.dir), '--stderr',
                        f'--state={self.dir}/state', f'--secrets={self.dir}/secrets']
        for name in ('home', 'state', 'mail'):
            os.mkdir(f'{self.dir}/{name}', 0o711)
        # LOCKSLEEP: both agents wait eight and five seconds by themselves.
        self.procmail = ['procmail']
        self.maildrop = ['maildrop', '-f', 'ada@example.org']
        self.mailbox = f'/var/mail/{USER}'
        if form == 'root':
            self.procmail += ['-d', USER]  # only root may add -f to that
            self.give(self.write('home/.procmailrc', 'LOCKSLEEP=1\n'))
            self.give(self.write('home/.mailfilter', 'LOCKSLEEP=1\n'))
        else:
            self.mailbox = f'{self.dir}/mail/{USER}'
            self.program += ['--no-pam', f'--mailbox={self.dir}/mail/%u']
            self.procmail += ['-f', 'ada@example.org', '-m', self.write('procmailrc', f'PATH=/usr/bin:/bin\nLOCKSLEEP=1\n:0:\n{self.mailbox}\n')]
            self.maildrop += [self.write('mailfilter', f'LOCKSLEEP=1\nto "{self.mailbox}"\n')]
            for name in ('procmailrc', 'mailfilter', 'state', 'mail'):
                self.give(f'{self.dir}/{name}')
            self.give(self.write('secrets', f'{USER}:{{PLAIN}}{clients.SECRET}\n'))
        self.give(f'{self.dir}/home')
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        """Begins a scene."""
        if os.path.exists(self.mailbox):
            os.unlink(self.mailbox)
        self.file = None  # the mailbox's identity since the first delivery
        self.faults = []
        self.delivered, self.deleted = set(), set()
        self.doubtful = set()  # nobody waited for QUIT's answer: one or the other
        self.ends = {}  # how many sessions ended in which way

    def write(self, name, text):
        with open(f'{self.dir}/{name}', 'w', encoding='ascii') as f:
            f.write(text)
        os.chmod(f'{self.dir}/{name}', 0o600)
        return f'{self.dir}/{name}'

    def give(self, path):
        """To the mailbox's user."""
        if os.geteuid() == 0:
            os.chown(path, self.ids['user'], self.ids['group'])

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def count(self, end):
        with self.lock:
            self.ends[end] = self.ends.get(end, 0) + 1

    def deliver(self, agent, n):
        env = {'PATH': os.environ['PATH'], 'HOME': f'{self.dir}/home', 'LOGNAME': USER, 'USER': USER}
        argv = self.procmail if agent == 'procmail' else self.maildrop
        try:
            p = subprocess.run(argv, input=content(n), capture_output=True, timeout=LIMIT, check=False,
                               cwd=f'{self.dir}/home', env=env, **self.ids)
        except subprocess.TimeoutExpired:
            self.fault(f'{agent} does not end with message {n}')
            return
        if p.returncode != 0:
            self.fault(f'{agent} cannot deliver {n}: {p.returncode}, {p.stderr[-300:]!r}')
        with self.lock:
            self.delivered.add(n)
            self.file = self.file or self.identity()

    def quit(self, s, marked):
        """Says QUIT and waits for the answer: is what was marked deleted?"""
        answer = s.ask('QUIT')
        if not answer.startswith(b'+OK'):
            return answer
        with self.lock:
            if marked & self.deleted:
                self.faults.append(f'deleted twice: {marked & self.deleted}')
            self.deleted |= marked
        return answer

    def logged(self, fault):
        """The log's lines of the session that is to blame, else the last."""
        with open(f'{self.dir}/log', encoding='ascii', errors='replace') as f:
            lines = f.read().splitlines()
        pid = re.match(r'pop3d\[\d+\]', fault)
        return [line for line in lines if line.startswith(pid[0])] if pid else lines[-10:]

    def identity(self):
        st = os.stat(self.mailbox)
        return st.st_ino, oct(st.st_mode), st.st_uid, st.st_gid

    def session(self):
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        with theirs, open(f'{self.dir}/log', 'ab') as log:
            return Session(ours, subprocess.Popen(self.program, stdin=theirs, stdout=theirs, stderr=log, cwd='/',
                                                  **({} if self.form == 'root' else self.ids)))


class Session:
    def __init__(self, sock, server):
        self.sock, self.server = sock, server
        self.file = sock.makefile('rb')
        self.last = 'connected', self.file.readline()

    def send(self, text):
        self.last += (text,)
        self.sock.sendall(text.encode())

    def ask(self, command):
        self.last = ()
        self.send(command + '\r\n')
        self.last += (self.file.readline(),)
        return self.last[-1]

    def login(self):
        self.ask(f'USER {USER}')
        return self.ask(f'PASS {clients.SECRET}')

    def lines(self):
        while (line := self.file.readline()) not in (b'.\r\n', b''):
            yield line[1:] if line.startswith(b'.') else line

    def message(self, i):
        """As it was delivered; None if it was refused."""
        if not self.ask(f'RETR {i}').startswith(b'+OK'):
            return None
        return bare(b''.join(self.lines()).replace(b'\r\n', b'\n'))

    def end(self):
        """As a client that is gone; the server has to end by itself."""
        self.file.close()
        self.sock.close()
        try:
            self.server.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
            raise


def bare(message):
    """Without what agents and readers put into the header."""
    header, blank, body = message.partition(b'\n\n')
    added = rb'^(?:Return-Path|Delivered-To|Status|X-Status|Content-Length|Lines):.*(?:\n|\Z)'
    return re.sub(added, b'', header, flags=re.M).rstrip(b'\n') + blank + body


def number_of(message):
    found = re.search(rb'^Message-ID: <(\d+)@', message, re.M)
    return int(found[1]) if found else -1


def judge(place, delivered):
    """Each message is there once, or was deleted; nothing else is there."""
    with open(place.mailbox, 'rb') as f:
        data = f.read()
    there = [bare(m) for m in re.split(rb'(?:\A|(?<=\n\n))From \S+ .*\n', data)[1:]]
    numbers = [number_of(m) for m in there]
    for n in set(numbers):
        if numbers.count(n) > 1:
            place.fault(f'message {n} is there {numbers.count(n)} times')
    for n, m in zip(numbers, there):
        if m != content(n) + b'\n':
            place.fault(f'message {n} has changed')
    for n in sorted(set(numbers) & place.deleted):
        place.fault(f'message {n} is there and was deleted')
    for n in sorted(delivered - set(numbers) - place.deleted - place.doubtful):
        place.fault(f'message {n} is lost')
    for n in sorted(set(numbers) - delivered):
        place.fault(f'message {n} was never delivered')
    if place.identity() != place.file:
        place.fault(f'inode, mode, owner, group: {place.identity()}, and were {place.file}')
    left = sorted(os.listdir(os.path.dirname(place.mailbox)))
    if left != [USER]:
        place.fault(f'beside the mailbox there is {left}')
    return numbers


def idle(place, agent, quits):
    """Mail that comes while a session sits in TRANSACTION: not kept waiting,
    not shown, not lost, whether the session ends by QUIT or without."""
    place.clear()
    for n in (1, 2):
        place.deliver(agent, n)
    s = place.session()
    try:
        if not s.login().startswith(b'+OK'):
            place.fault('no login')
        s.ask('DELE 1')
        for n in (3, 4):
            place.deliver(agent, n)
        if s.ask('STAT').split()[1] != b'1' or s.message(2) != content(2):
            place.fault('the session does not show what it showed at first')
        if quits:
            place.quit(s, {1})
    finally:
        s.end()
    numbers = judge(place, place.delivered)
    if numbers != ([2, 3, 4] if quits else [1, 2, 3, 4]):
        place.fault(f'what is there: {numbers}')
    return f'delivery: {agent} is not kept waiting, {"QUIT" if quits else "no QUIT"}'


def append_by_octets(path, numbers):
    with open(path, 'ab', buffering=0) as f:
        for n in numbers:
            for octet in b'From ada@example.org Mon Mar  4 09:12:44 2024\n' + content(n) + b'\n':
                f.write(bytes([octet]))


def by_octets(place):
    """Mail that comes octet by octet while a session fetches: the kernel
    changes a file's times a moment before its size, and both may be seen."""
    place.clear()
    place.deliver('procmail', 1)
    late = range(2, 60)
    s = place.session()
    try:
        if not s.login().startswith(b'+OK'):
            place.fault('no login')
        with subprocess.Popen([sys.executable, os.path.abspath(__file__), '--append', place.mailbox, str(late.stop)],
                              stdin=subprocess.DEVNULL) as writer:
            while writer.poll() is None and not place.faults:
                if s.message(1) != content(1):
                    place.fault(f'the message was refused or changed, the last answer was {s.last}')
        place.delivered.update(late)
        if not place.faults:
            s.ask('DELE 1')
            place.quit(s, {1})
    finally:
        s.end()
    judge(place, place.delivered)
    return 'delivery: a session goes on while mail comes octet by octet'


def run(form, scenes):
    os.umask(0o022)
    failed = False
    with tempfile.TemporaryDirectory(prefix='pop3d-delivery-') as directory:
        if form == 'root':
            clients.enter_namespace({USER: (UID, f'{directory}/home')})
        place = Place(form, directory)
        for scene, *args in scenes:
            try:
                what = scene(place, *args)
            except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as e:
                what = scene.__name__
                place.fault(f'{type(e).__name__}: {e}')
            if place.faults:
                place.faults = place.faults[:20] + place.logged(place.faults[0])
            print(('not ok' if place.faults else 'ok') + f' - {what}, {form} form',
                  *place.faults, sep='\n# ', flush=True)
            failed |= bool(place.faults)
    return failed


def run_in_both(script, scenes):
    """For main(): the scenes in each form that can be had here."""
    options = argparse.ArgumentParser()
    options.add_argument('--form', choices=('user', 'root'))
    options.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    given, rest = options.parse_known_args()
    if given.inside:
        return run('root', scenes)
    name = os.path.basename(script)[:-3]
    missing = [a for a in ('procmail', 'maildrop') if not shutil.which(a)]
    if missing:
        print(f'ok - {name} # SKIP not installed: {" ".join(missing)}')
        return False
    failed = False
    if given.form != 'root':
        failed |= run('user', scenes)
    if given.form != 'user':
        status = clients.in_namespace(script, *rest)
        if status is None:
            print(f'ok - {name}: root form # SKIP not root, or no mount namespace')
        failed |= bool(status)
    return failed


def main():
    if sys.argv[1:2] == ['--append']:
        append_by_octets(sys.argv[2], range(2, int(sys.argv[3])))
        return False
    scenes = [(idle, agent, quits) for agent in ('procmail', 'maildrop') for quits in (True, False)]
    return run_in_both(os.path.abspath(__file__), scenes + [(by_octets,)])


if __name__ == '__main__':
    sys.exit(main())
