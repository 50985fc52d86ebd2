#!/usr/bin/env python3
"""tests/timing.py [SAMPLES [PROGRAM]]   is a refusal's time the same for all?

Asks to be refused for each reason, 1000 times in random order, in hundreds of
sessions at once that mostly wait, and compares the times of each reason with
those of each other by the test of Kolmogorov and Smirnov, at a hundredth in
all. As root, in a mount namespace with users and PAM files of its own. It
takes a few minutes, and a machine that does little else: "make timing".
"""
import base64
import gc
import hashlib
import math
import os
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from answers import Scram, cram_md5, encode
from scene import Scene, enter_namespace

HERE = os.path.dirname(os.path.abspath(__file__))
UNIX = "anna's unix password"
TRIES = 50  # in a session
SURE = 0.01  # that all are the same, and one is found to differ


def scram_entry(secret):
    salt = b'0123456789ab'
    salted = hashlib.pbkdf2_hmac('sha256', secret, salt, 4096)
    client, server = (Scram('SCRAM-SHA-256').hmac(salted, key) for key in (b'Client Key', b'Server Key'))
    parts = (salt, hashlib.sha256(client).digest(), server)
    salt, stored, server = (base64.b64encode(p).decode() for p in parts)
    return f'{{SCRAM-SHA-256}}4096,{salt},{stored},{server}'


SECRETS = ('keys:' + scram_entry(b'secret'), 'crypt:{CRYPT}$6$salt$' + 'x' * 86, 'barred:{NONE}',
           'virtual@example.org:{PLAIN}secret:joe')

# what is asked: (reason, how, name, password)
REASONS = (
    ('PASS, unknown user', 'PASS', 'nobody-of-that-name', UNIX),
    ('PASS, wrong password, PAM', 'PASS', 'anna', 'wrong'),
    ('PASS, locked account', 'PASS', 'locked', UNIX),
    ('PASS, expired account', 'PASS', 'gone', UNIX),
    ('PASS, wrong password, secret in the clear', 'PASS', 'joe', 'wrong'),
    ('PASS, wrong password, hash', 'PASS', 'crypt', 'wrong'),
    ('PASS, barred user', 'PASS', 'barred', 'wrong'),
    ('PASS, wrong password, virtual user', 'PASS', 'virtual@example.org', 'wrong'),
    ('PASS, unknown virtual user', 'PASS', 'nobody@example.org', 'wrong'),
    ('APOP, wrong digest', 'APOP', 'joe', ''),
    ('APOP, user without a secret', 'APOP', 'anna', ''),
    ('APOP, unknown user', 'APOP', 'nobody-of-that-name', ''),
    ('SCRAM, wrong proof, secret in the clear', 'SCRAM', 'joe', ''),
    ('SCRAM, wrong proof, keys', 'SCRAM', 'keys', ''),
    ('SCRAM, user without a secret', 'SCRAM', 'anna', ''),
    ('SCRAM, unknown user', 'SCRAM', 'nobody-of-that-name', ''),
    ('CRAM-MD5, wrong answer', 'CRAM', 'joe', ''),
    ('CRAM-MD5, unknown user', 'CRAM', 'nobody-of-that-name', ''),
)


class Client:
    """One session, that says its lines one by one; the last of each try is timed."""

    def __init__(self, scene, reasons, started):
        self.ours, theirs = socket.socketpair()
        self.server = scene.start(theirs, theirs)
        theirs.close()
        self.reasons, self.started = reasons, started
        self.stamp, self.left, self.at, self.input = None, [], 0, b''

    def lines(self, how, user, password):
        if how == 'PASS':
            return [f'USER {user}', f'PASS {password}']
        if how == 'APOP':
            return ['UTF8', f'APOP {user} ' + '0' * 32]  # two lines, as of the others: the server is awake at the second
        if how == 'CRAM':
            return ['AUTH CRAM-MD5', cram_md5(self.stamp, user, 'wrong')]
        self.scram = Scram('SCRAM-SHA-256')
        return ['AUTH SCRAM-SHA-256 ' + self.scram.first(user), None]

    def next_line(self, answer):
        line = self.left.pop(0)
        if line is None:
            nonce = self.scram.challenge(answer[2:])
            line = encode(f'c=biws,r={nonce},p={encode(os.urandom(32))}'.encode())
        self.began = time.perf_counter_ns()
        self.ours.send(line.encode() + b'\r\n')

    def hear(self, now):
        """Returns (reason, nanoseconds, answer) when one has come, and when to go on, if that is not at once."""
        self.input += self.ours.recv(4096)
        if not self.input.endswith(b'\r\n'):
            return None, None
        answer, self.input = self.input[:-2], b''
        if self.stamp is None:
            self.stamp = re.search(rb'<.*>$', answer)[0]
            return None, self.started
        if self.left:
            self.next_line(answer)
            return None, None
        self.at += 1
        return (self.reasons[self.at - 1][0], now - self.began, answer), now + random.randrange(200_000_000)

    def go_on(self):
        """False if there is no more to ask."""
        if self.at == len(self.reasons):
            return False
        self.left = self.lines(*self.reasons[self.at][1:])
        self.next_line(b'')
        return True


def converse(clients):
    """{reason: nanoseconds}, and the answers that came."""
    times, answers, due = {r[0]: [] for r in REASONS}, set(), []
    by_fd = {c.ours.fileno(): c for c in clients}
    while by_fd:
        now = time.perf_counter_ns()
        while due and due[-1][0] <= now:
            client = due.pop()[1]
            if not client.go_on():
                del by_fd[client.ours.fileno()]
                client.ours.close()
        # Not poll(): its milliseconds would set the pace.
        for fd in select.select(list(by_fd), [], [], max(0, due[-1][0] - now) / 1e9 if due else 30)[0]:
            client = by_fd[fd]
            done, then = client.hear(time.perf_counter_ns())
            if done:
                times[done[0]].append(done[1])
                answers.add(done[2])
            if then is not None:
                due.append((then, client))
                due.sort(key=lambda d: -d[0])
    return times, answers


# -- the test

def distance(a, b):
    """The largest between the two distribution functions."""
    a, b = sorted(a), sorted(b)
    i = j = 0
    most = 0
    while i < len(a) and j < len(b):
        x = min(a[i], b[j])
        while i < len(a) and a[i] == x:
            i += 1
        while j < len(b) and b[j] == x:
            j += 1
        most = max(most, abs(i / len(a) - j / len(b)))
    return most


def chance(a, b):
    """That two samples of one distribution are so far apart, or farther."""
    n = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (n + 0.12 + 0.11 / n) * distance(a, b)
    return 1 if x < 0.2 else min(1, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101)))


def resolution(a, b, level):
    """The least shift of one against the other that would have been found, in microseconds."""
    for shift in range(1, 5001):
        if chance([x + shift * 1000 for x in a], b) < level:
            return shift
    return math.inf


def quantile(sample, part):
    return sorted(sample)[int(part * (len(sample) - 1))] / 1e6


def judge(times, answers):
    names = list(times)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1:]]
    level = SURE / len(pairs)
    for name in names:
        print(f'# {name}: {len(times[name])} times, ms: '
              + ', '.join(f'{quantile(times[name], p):.3f}' for p in (0, 0.05, 0.5, 0.95, 1)))
    chances = {(a, b): chance(times[a], times[b]) for a, b in pairs}
    found = [pair for pair in pairs if chances[pair] < level]
    worst = min(pairs, key=lambda pair: chances[pair])
    for a, b in found:
        print(f'# {a} differs from {b}: p = {chances[a, b]:.2g}')
    print(f'# least p = {chances[worst]:.2g} of {len(pairs)} pairs, {worst}; refused below {level:.2g}')
    print(f'# a shift of {max(resolution(times[a], times[b], level) for a, b in pairs[:len(names)])} us would have been found')
    print('not ' * (len(answers) != 1) + f'ok - timing: all refusals have the same text: {answers}')
    print('not ' * bool(found) + f'ok - timing: all {len(names)} reasons take the same time')
    return bool(found) or len(answers) != 1


def measure(place, samples, program):
    os.chmod(place, 0o755)
    scene = Scene(shutil.copy(program, place), [('options', f'--tries={TRIES} --login-timeout=3600')]
                  + [('secrets', line) for line in SECRETS], 'root')
    scene.build()
    scene.write_mailbox(b'')
    asked = [r for r in REASONS for _ in range(samples)]
    random.shuffle(asked)
    clients = []
    try:
        for at in range(0, len(asked), TRIES - 1):
            started = time.perf_counter_ns() + 5_000_000_000 + random.randrange(2_000_000_000)
            clients.append(Client(scene, asked[at:at + TRIES - 1], started))
        gc.collect()
        gc.disable()
        return judge(*converse(clients))
    finally:
        for client in clients:
            client.ours.close()
        for client in clients:
            client.server.wait(60)


def main(argv):
    os.umask(0o022)
    if os.geteuid() != 0:
        sys.exit('timing: only root has accounts to be refused')
    if argv[:1] != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'] + argv, check=False).returncode
    enter_namespace()
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # others that want to run do not disturb, if there are any
    samples, program = (argv[1:] + ['1000', f'{HERE}/../pop3d'][len(argv) - 1:])[:2]
    with tempfile.TemporaryDirectory(prefix='pop3d-timing-') as place:
        return int(measure(place, int(samples), program))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
