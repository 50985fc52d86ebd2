#!/usr/bin/env python3
"""Cuts the power at every point of an update, and recovers. TAP.

usage: tests/power.py [--all] [--tree DIR] [--seed N] [--case NAME [--path PATH]]

Sessions of the real program delete messages, with tests/power/recorder.c
preloaded, which notes every call on the mailbox and on its journal. From that,
tests/power/replay.c makes the states in which a disk may be after a loss of
power, and recovers from each with the journal's own code; some are also given
to the program itself, on real files, by a login. Every sync is made to fail as
well, once and for good, and what it should have written is lost.

The sample is drawn by the seed; --all takes every state. A failure prints what
repeats it.
"""
import argparse
import collections
import concurrent.futures as futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from pattern import Failure  # noqa: E402
from scene import Scene  # noqa: E402
from wire import LIMIT, Wire  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = 5000  # bytes of a step in the second program

# name, sizes of the messages, which are deleted, mail that comes during the
# session, bytes of a step (0: the program's own)
Pattern = collections.namedtuple('Pattern', 'name sizes deleted arrival step')
EVEN = (700, 1300, 450, 2100, 900, 620, 1800, 300)
PATTERNS = (
    Pattern('first', EVEN, (1,), 0, 0),
    Pattern('first-many-steps', (700,) + (2500,) * 8, (1,), 0, SMALL),
    Pattern('every-second', EVEN, (2, 4, 6, 8), 0, 0),
    Pattern('every-second-many-steps', EVEN * 3, tuple(range(1, 25, 2)), 0, SMALL),
    Pattern('all-but-last', EVEN, (1, 2, 3, 4, 5, 6, 7), 0, 0),
    Pattern('large-gap', (9000,) + (1100,) * 30, (1,), 0, SMALL),
    Pattern('large-gaps', (6000, 4000, 7000) + (900,) * 12, (1, 3), 0, SMALL),
    Pattern('tiny-gap', (70,) + (600,) * 9, (1,), 0, 0),
    Pattern('middle-pair', EVEN, (4, 5), 0, 0),
    Pattern('newest', EVEN, (7, 8), 0, 0),
    Pattern('all', EVEN, (1, 2, 3, 4, 5, 6, 7, 8), 0, 0),
    Pattern('all-and-arrival', EVEN, (1, 2, 3, 4, 5, 6, 7, 8), 1500, 0),
    Pattern('arrival', EVEN, (2, 3), 700, 0),
    Pattern('arrival-many-steps', (3000,) * 6, (1,), 4000, SMALL),
    Pattern('large-message', (400, 300000, 500), (1,), 0, 0),
)


def message(number, size):
    head = b'From a@example.org Mon Jan  1 10:00:00 2024\nSubject: %d\n\n' % number
    lines = b''.join(b'%d of %d\n' % (i, number) for i in range(size // 8 + 1))
    return head + lines[:max(size - len(head) - 2, 1)] + b'\n\n'


class Case:
    """One session, recorded."""

    def __init__(self, place, pattern, fail='', soft=False):
        self.place, self.pattern, self.fail, self.soft = place, pattern, fail, soft
        self.name = pattern.name + (f'.fail{fail}' if fail else '') + ('.soft' if soft else '')
        parts = [message(i + 1, n) for i, n in enumerate(pattern.sizes)]
        arrival = message(99, pattern.arrival) if pattern.arrival else b''
        self.given, self.arrival = b''.join(parts), arrival
        self.old = self.given + arrival
        self.new = b''.join(p for i, p in enumerate(parts) if i + 1 not in pattern.deleted) + arrival
        self.tail = (len(arrival) or len(parts[-1])) if soft else 0
        if soft and not arrival and len(parts) in pattern.deleted:
            self.tail = 0
        self.scene = None
        self.syncs = 0

    def file(self, name):
        return f'{self.scene.dir}/{name}'

    def record(self):
        program = self.place.program(self.pattern.step)
        env = [f'LD_PRELOAD={self.place.dir}/recorder.so']
        self.scene = Scene(program, [('env', e) for e in env], 'user')
        self.scene.build()
        self.scene.write_mailbox(self.given)
        self.inodes = None
        self.answer = self.run_session('trace', 1, self.fail)
        self.journal = glob.glob(f'{self.scene.state}/*.journal')[0]
        for name, data in (('old', self.old), ('new', self.new)):
            with open(self.file(name), 'wb') as f:
                f.write(data)

    def run_session(self, trace, seed, fail):
        path = self.file(trace)
        with open(path, 'wb') as f:
            f.truncate((64 << 20) + 4096)
        self.scene.give(path)
        os.chmod(path, 0o666)
        fixed = self.scene.steps
        self.scene.steps = fixed + [('env', f'POWER_TRACE={path}'), ('env', f'POWER_SEED={seed}')] \
            + ([('env', f'POWER_FAIL={fail}')] if fail else [])
        try:
            answer = self.talk()
        finally:
            self.scene.steps = fixed
        with open(path, 'r+b') as f:
            used, syncs = (int.from_bytes(f.read(8), sys.byteorder) for _ in range(2))
            f.truncate(used + 24)
        if trace == 'trace':
            self.syncs = syncs
        return answer

    def talk(self):
        """A session that deletes; what QUIT was answered."""
        server, wire = connect(self.scene)
        try:
            login(wire)
            if self.arrival:
                with open(self.scene.mailbox, 'ab') as f:
                    f.write(self.arrival)
            for n in self.pattern.deleted:
                say(wire, b'DELE %d' % n)
            wire.send(b'QUIT\r\n')
            answer = wire.line()
            wire.end()
        finally:
            wire.close()
            server.wait(LIMIT)
        return answer

    def replay(self, *options):
        args = [self.place.replay(self.pattern.step), '-m', self.scene.mailbox, '-t', str(self.tail),
                '-f', str(os.statvfs(self.scene.mailbox).f_fsid)]
        args += [*options, self.file('trace'), self.file('old'), self.file('new'),
                 str(os.stat(self.scene.mailbox).st_ino), str(os.stat(self.journal).st_ino)]
        done = subprocess.run(['nice'] + args, capture_output=True, text=True, check=False)
        kinds, faults = collections.Counter(), []
        for line in done.stdout.splitlines():
            if line.startswith('FAIL'):
                faults.append(line[5:])
            else:
                kind, n = line.split()
                kinds[kind] += int(n)
        if done.returncode not in (0, 1):
            faults.append(f'replay ended with {done.returncode}: {done.stderr[-300:]}')
        return kinds, faults

    def remove(self):
        if self.scene:
            self.scene.remove()


def connect(scene):
    import socket
    ours, theirs = socket.socketpair()
    server = scene.start(theirs, theirs)
    theirs.close()
    return server, Wire(ours, ours)


def say(wire, line):
    wire.send(line + b'\r\n')
    answer = wire.line()
    if not answer.startswith(b'+OK'):
        raise Failure(f'{line!r} was answered {answer!r}')


def login(wire):
    wire.line()
    say(wire, b'USER joe')
    say(wire, b'PASS secret')


class Place:
    """A directory with all programs."""

    def __init__(self, tree):
        self.tree = tree
        self.dir = tempfile.mkdtemp(prefix='pop3d-power-')
        os.chmod(self.dir, 0o755)
        cc = ['cc', '-std=c11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-O2', '-g']
        here = f'{HERE}/power'
        run(cc + ['-fPIC', '-shared', '-o', f'{self.dir}/recorder.so', f'{here}/recorder.c'])
        for step in {p.step for p in PATTERNS}:
            d = f'{self.dir}/{step}'
            os.mkdir(d)
            for path in glob.glob(f'{tree}/*.[ch]') + [f'{tree}/Makefile']:
                shutil.copy(path, d)
            run(['nice', 'make', '-s', '-j2', '-C', d, 'pop3d', 'CFLAGS=-O2']
                + ([f'CPPFLAGS=-DPLAN_DATA={step}'] if step else []))
            run(cc + ['-I', d, '-o', f'{d}/replay', f'{here}/replay.c', f'{here}/disk.c']
                + [f'{d}/{room}.o' for room in ('journal', 'plan', 'bytes', 'log')] + ['-lnettle'])

    def program(self, step):
        return f'{self.dir}/{step}/pop3d'

    def replay(self, step):
        return f'{self.dir}/{step}/replay'

    def remove(self):
        shutil.rmtree(self.dir)


def run(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f'{argv}: {done.stdout}{done.stderr}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--tree', default=os.path.dirname(HERE))
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--every', type=int, default=20)
    parser.add_argument('--case')
    parser.add_argument('--path')
    args = parser.parse_args()
    place = Place(args.tree)
    total, failed = collections.Counter(), False
    try:
        for pattern in PATTERNS:
            faults_of, kinds_of = [], collections.Counter()
            base = Case(place, pattern)
            base.record()
            cases = [base]
            fails = [str(i + 1) for i in range(base.syncs)] + [f'{i + 1}+' for i in range(base.syncs)]
            for f in fails:
                cases.append(Case(place, pattern, f))
            cases.append(Case(place, pattern, '', True))
            for case in cases:
                if args.case and case.name != args.case:
                    continue
                if case is not base:
                    case.record()
                every = args.every if not case.fail else args.every * base.syncs
                opts = ['-p', args.path] if args.path else ['-e', str(1 if args.all else every), '-s', str(args.seed)]
                kinds, faults = case.replay(*opts)
                kinds_of += kinds
                faults_of += [f'{case.name} {f}' for f in faults]
                if case is not base:
                    case.remove()
            base.remove()
            total += kinds_of
            print(('not ' if faults_of else '') + f'ok - power/{pattern.name}: {sum(kinds_of.values())} states')
            for f in faults_of[:8]:
                print('# ' + f)
            sys.stdout.flush()
            failed |= bool(faults_of)
    finally:
        place.remove()
    print('# ' + ', '.join(f'{k} {n}' for k, n in total.items()), '=', sum(total.values()))
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
