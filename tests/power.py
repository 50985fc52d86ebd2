#!/usr/bin/env python3
"""Cuts the power at every point of an update, and recovers. TAP.

usage: tests/power.py [--all] [--seed N] [--tree DIR] [--until-red]
       tests/power.py --case NAME --path PATH [--seed N] [--tree DIR]

Sessions of the real program delete messages, with tests/power/recorder.c
preloaded, which notes every call on the mailbox and on its journal. From that,
tests/power/replay.c makes the states in which a disk may be after a loss of
power, and recovers from each with the journal's own code; some are given to
the program itself, on real files, by a login or by --recover. Each session is
recorded again for every sync, which fails then, once or for good; and with
mail whose deliverer has not synced it.

The seed draws a sample. --all takes every state (not of the one large mailbox),
and samples only what happens next. A failure says which case and which path it
was, which repeats that very state.
"""
import argparse
import collections
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from pattern import Failure  # noqa: E402
from scene import Scene, read_untouched  # noqa: E402
from wire import LIMIT, Wire  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = 5000  # bytes of a step, in a program built for that
HEAD = 24  # bytes of a trace's head
BETWEEN = 800  # bytes of the mail that comes between two sessions

# The messages' sizes, which of them are deleted, how many bytes of mail come
# during the session, the bytes of a step (0: the program's own); if there is
# one more session, what is deleted in that: it is the one that is looked at.
Pattern = collections.namedtuple('Pattern', 'name sizes deleted arrival step again', defaults=((),))
EVEN = (700, 1300, 450, 2100, 900, 620, 1800, 300)
PATTERNS = (
    Pattern('first', EVEN, (1,), 0, 0),
    Pattern('every-second', EVEN, (2, 4, 6, 8), 0, 0),
    Pattern('all-but-last', EVEN, (1, 2, 3, 4, 5, 6, 7), 0, 0),
    Pattern('pair', EVEN, (4, 5), 0, 0),
    Pattern('tiny-gap', (70,) + (600,) * 9, (1,), 0, 0),
    Pattern('newest', EVEN, (7, 8), 0, 0),
    Pattern('all', EVEN, (1, 2, 3, 4, 5, 6, 7, 8), 0, 0),
    Pattern('all-and-arrival', EVEN, (1, 2, 3, 4, 5, 6, 7, 8), 1500, 0),
    Pattern('arrival', EVEN, (2, 3), 700, 0),
    Pattern('large-message', (400, 300000, 500), (1,), 0, 0),
    Pattern('steps', (700,) + (2500,) * 8, (1,), 0, SMALL),
    Pattern('steps-every-second', EVEN * 3, tuple(range(1, 25, 2)), 0, SMALL),
    Pattern('steps-large-gap', (9000,) + (1100,) * 30, (1,), 0, SMALL),
    Pattern('steps-large-gaps', (6000, 4000, 7000) + (900,) * 12, (1, 3), 0, SMALL),
    Pattern('steps-arrival', (3000,) * 6, (1,), 4000, SMALL),
    Pattern('again', EVEN, (1,), 0, 0, (2, 3)),
    Pattern('again-newest', EVEN, (2, 3), 0, 0, (6, 7)),
    Pattern('steps-again', (2500,) * 8, (1,), 0, SMALL, (1, 4)),
)


def message(number, size):
    head = b'From a@example.org Mon Jan  1 10:00:00 2024\nSubject: %d\n\n' % number
    lines = b''.join(b'%d of %d\n' % (i, number) for i in range(size // 8 + 1))
    return head + lines[:max(size - len(head) - 2, 1)] + b'\n\n'


def without(parts, deleted):
    return [p for i, p in enumerate(parts) if i + 1 not in deleted]


class Case:
    """A pattern, one of its syncs to fail or none; its sessions, recorded."""

    def __init__(self, place, pattern, fail='', soft=False):
        self.place, self.pattern, self.fail = place, pattern, fail
        self.name = pattern.name + (f'.fail{fail}' if fail else '') + ('.soft' if soft else '')
        parts = [message(i + 1, n) for i, n in enumerate(pattern.sizes)]
        self.given = b''.join(parts)
        self.deleted = pattern.deleted
        self.earlier = None  # what the first of two sessions leaves
        if pattern.again:
            parts = without(parts, pattern.deleted)
            self.earlier = b''.join(parts)
            parts.append(message(98, BETWEEN))
            self.deleted = pattern.again
        self.before = b''.join(parts)
        arrival = [message(99, pattern.arrival)] if pattern.arrival else []
        self.old = b''.join(parts + arrival)
        self.new = b''.join(without(parts, self.deleted) + arrival)
        self.tail = len((parts + arrival)[-1]) if soft else 0
        self.scene, self.first, self.syncs = None, 0, 0

    def file(self, name):
        return f'{self.scene.dir}/{name}'

    def record(self):
        """All that replay() needs; remove() removes it."""
        program = self.place.program(self.pattern.step)
        self.scene = Scene(program, [('env', f'LD_PRELOAD={self.place.dir}/recorder.so')], 'user')
        self.scene.build()
        self.scene.write_mailbox(self.given)
        with open(self.file('trace'), 'wb') as f:
            f.truncate((64 << 20) + HEAD)
        os.chmod(self.file('trace'), 0o666)
        if self.earlier is not None:
            self.first = self.run_session(self.pattern.deleted, '')
            if read_untouched(self.scene.mailbox) != self.earlier:
                raise Failure('the first session has not deleted')
        put_in_place(self.scene.mailbox, self.before)
        used = self.run_session(self.deleted, self.fail)
        os.truncate(self.file('trace'), used + HEAD)
        for name in ('given', 'old', 'new'):
            with open(self.file(name), 'wb') as f:
                f.write(getattr(self, name))
        self.journal = glob.glob(f'{self.scene.state}/*.journal')[0]
        os.mkdir(self.file('states'))

    def run_session(self, deleted, fail):
        """Returns how many bytes the trace has then."""
        fixed = self.scene.steps
        with open(self.file('trace'), 'r+b') as f:  # syncs are counted anew
            f.seek(8)
            f.write(bytes(8))
        self.scene.steps = fixed + [('env', f'POWER_TRACE={self.file("trace")}'),
                                    ('env', f'POWER_SEED={self.first + 1}')]
        if fail:
            self.scene.steps.append(('env', f'POWER_FAIL={fail}'))
        try:
            self.talk(deleted)
        finally:
            self.scene.steps = fixed
        with open(self.file('trace'), 'rb') as f:
            used, self.syncs = (int.from_bytes(f.read(8), sys.byteorder) for _ in range(2))
        return used

    def talk(self, deleted=(), program=None):
        """A session; the arrival comes when it has logged in."""
        ours, theirs = socket.socketpair()
        server = self.scene.start(theirs, theirs)
        theirs.close()
        wire = Wire(ours, ours)
        try:
            wire.line()
            for line in [b'USER joe', b'PASS secret'] + [b'DELE %d' % n for n in deleted]:
                wire.send(line + b'\r\n')
                answer = wire.line()
                if not answer.startswith(b'+OK'):
                    raise Failure(f'{line!r} was answered {answer!r}')
            if deleted == self.deleted:
                with open(self.scene.mailbox, 'ab') as f:
                    f.write(self.old[len(self.before):])
            wire.send(b'QUIT\r\n')
            wire.line()
            wire.end()
        finally:
            wire.close()
            server.wait(LIMIT)

    def replay(self, *options):
        """How many states of each kind, and what was wrong."""
        argv = ['nice', self.place.replay(self.pattern.step), '-b', str(self.first), '-t', str(self.tail),
                '-f', str(os.statvfs(self.scene.mailbox).f_fsid), *options, self.file('trace'),
                self.file('given'), self.file('old'), self.file('new'), self.scene.mailbox,
                str(os.stat(self.scene.mailbox).st_ino), str(os.stat(self.journal).st_ino)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        kinds, faults = collections.Counter(), []
        for line in done.stdout.splitlines():
            word, rest = line.split(' ', 1)
            if word == 'FAIL':
                faults.append(f'{self.name} {rest}')
            else:
                kinds[rest] += int(word)
        if done.returncode not in (0, 1):
            faults.append(f'{self.name}: replay ended with {done.returncode}: {done.stderr[-300:]}')
        return kinds, faults

    def recover_for_real(self):
        """The states that the replay has written, on the same files, with the
        program itself: how many, and what was wrong."""
        faults, n = [], 0
        for n, terms in enumerate(sorted(glob.glob(self.file('states/*.terms'))), 1):
            with open(terms, encoding='ascii') as f:
                wanted, path = f.read().split()
            for suffix, target in (('mailbox', self.scene.mailbox), ('journal', self.journal)):
                put_in_place(target, read_untouched(terms.replace('terms', suffix)))
            for index in glob.glob(f'{self.scene.state}/*.index'):
                os.truncate(index, 0)
            try:
                if n % 2:
                    self.talk()
                else:
                    self.run_recover()
                self.judge(wanted)
            except Failure as e:
                faults.append(f'{self.name} {path}, really: {e}; logged: {self.scene.log()[-300:]!r}')
        return n, faults

    def run_recover(self):
        fixed = self.scene.steps
        self.scene.steps = fixed + [('options', '--recover')]
        try:
            self.scene.start(subprocess.DEVNULL, subprocess.DEVNULL).wait(LIMIT)
        finally:
            self.scene.steps = fixed

    def judge(self, wanted):
        allowed = {'either': (self.old, self.new), 'old': (self.old,), 'new': (self.new,)}[wanted]
        if read_untouched(self.scene.mailbox) not in allowed:
            raise Failure('damaged')
        if os.path.getsize(self.journal) > 0:
            raise Failure('a journal is left')

    def remove(self):
        if self.scene:
            self.scene.remove()


def put_in_place(path, data):
    """The file stays the same file."""
    with open(path, 'r+b') as f:
        f.write(data)
        f.truncate()


class Place:
    """A directory with all programs, of a tree."""

    def __init__(self, tree):
        self.dir = tempfile.mkdtemp(prefix='pop3d-power-')
        try:
            os.chmod(self.dir, 0o755)
            self.build(tree)
        except BaseException:
            self.remove()
            raise

    def build(self, tree):
        cc = ['cc', '-std=c11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-O2', '-g', '-Wall', '-Werror']
        here = f'{HERE}/power'
        run(cc + ['-fPIC', '-shared', '-o', f'{self.dir}/recorder.so', f'{here}/recorder.c'])
        for step in sorted({p.step for p in PATTERNS}):
            d = f'{self.dir}/{step}'
            os.mkdir(d)
            for path in glob.glob(f'{tree}/*.[ch]') + [f'{tree}/Makefile']:
                shutil.copy(path, d)
            run(['nice', 'make', '-s', '-j2', '-C', d, 'pop3d', 'CFLAGS=-O2']
                + ([f'CPPFLAGS=-DPLAN_DATA={step}'] if step else []))
            run(cc + ['-o', f'{d}/replay'] + [f'{here}/{name}.c' for name in ('replay', 'machine', 'disk')]
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
        raise Failure(f'{" ".join(argv)}: {done.stdout}{done.stderr}')


def cases_of(place, pattern):
    """Of a pattern: as it is, first, which tells how many syncs there are."""
    plain = Case(place, pattern)
    yield plain
    for i in range(plain.syncs):
        yield Case(place, pattern, str(i + 1))
        yield Case(place, pattern, f'{i + 1}+')
    if not pattern.again and len(pattern.sizes) not in pattern.deleted:
        yield Case(place, pattern, soft=True)


def play(place, pattern, args):
    """How many states of each kind, and what was wrong."""
    kinds, faults = collections.Counter(), []
    for case in cases_of(place, pattern):
        try:
            case.record()
            if args.case and case.name != args.case:
                continue
            options = ['-s', str(args.seed), '-w', case.file('states')]
            if args.path:
                options += ['-p', args.path]
            else:
                thin = 1 + sum(pattern.sizes) // 50000  # large files take long
                if not args.all:
                    thin *= args.every * (8 if case.fail else 1)
                options += ['-e', str(thin), '-d', '4']
            more, wrong = case.replay(*options)
            kinds += more
            faults += wrong
            if not case.fail:
                tried, wrong = case.recover_for_real()
                kinds['really'] += tried
                faults += wrong
        except (Failure, OSError, subprocess.TimeoutExpired) as e:
            faults.append(f'{case.name}: {e!r}')
        finally:
            case.remove()
    return kinds, faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--tree', default=os.path.dirname(HERE))
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--every', type=int, default=3)
    parser.add_argument('--until-red', action='store_true')
    parser.add_argument('--case', default='')
    parser.add_argument('--path')
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    total, failed = collections.Counter(), False
    tree = '' if args.tree == os.path.dirname(HERE) else f' --tree {args.tree}'
    place = Place(args.tree)
    try:
        for pattern in PATTERNS:
            if args.case and args.case.split('.')[0] != pattern.name:
                continue
            kinds, faults = play(place, pattern, args)
            total += kinds
            print(('not ok' if faults else 'ok') + f' - power/{pattern.name}: {sum(kinds.values())} states')
            for fault in faults[:10]:
                case, _, rest = fault.partition(' ')
                print(f'# {fault}\n# again: tests/power.py{tree} --seed {args.seed} --case {case.rstrip(":")}'
                      f' --path {rest.split(":")[0].split(",")[0]}', flush=True)
            failed |= bool(faults)
            if failed and args.until_red:
                break
    finally:
        place.remove()
    for kind, n in total.most_common():
        print(f'# {n:9} {kind}')
    print(f'# {sum(total.values()):9} states')
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
