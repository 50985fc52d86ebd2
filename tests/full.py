#!/usr/bin/env python3
"""Deletes where there is no room, or not enough. TAP.

usage: tests/full.py [NAME...]

Sessions of the real program delete messages while a file may not grow
(RLIMIT_FSIZE), or where a small file system, of the state directory, of the
mailbox or of both, has so many bytes left, no inodes, or a quota. What each
may do: delete, and say so; or answer [SYS/TEMP], and leave the mailbox byte
for byte and no journal. Deleting the newest messages, or all, needs no room.
The next session must list what there is, and with room the deletion works.

The file systems are mounted in a mount namespace of our own, which takes them
with it, and their loop devices, however we end.
"""
import collections
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from pattern import Failure  # noqa: E402
from scene import NOBODY, Scene, read_untouched  # noqa: E402
from wire import LIMIT, Wire  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
KIB, MIB = 1 << 10, 1 << 20
SIZES = (9000, 1300, 30000, 2100, 900, 6200, 18000, 300)
PATTERNS = {'first': (1,), 'one': (6,), 'every second': (2, 4, 6, 8), 'newest': (7, 8), 'all': range(1, 9)}
TRUNCATIONS = ('newest', 'all')


def message(number, size):
    head = b'From a@example.org Mon Jan  1 10:00:00 2024\nSubject: %d\n\n' % number
    lines = b''.join(b'%d of %d\n' % (i, number) for i in range(size // 8 + 1))
    return head + lines[:size - len(head) - 2] + b'\n\n'


def octets_of(text):
    text = text[text.index(b'\n') + 1:-1]  # without the From_ line and the blank line behind it
    return len(text) + text.count(b'\n')


def without(messages, deleted):
    return [m for i, m in enumerate(messages) if i + 1 not in deleted]


class Place:
    """A scene, on a file system of its own or not."""

    def __init__(self, program, of='', mount=(), sizes=SIZES):
        self.scene = Scene(program, [], 'user')
        self.at = {'state': self.scene.state, 'mail': self.scene.mail}.get(of, f'{self.scene.dir}/disk')
        self.messages = [message(i + 1, size) for i, size in enumerate(sizes)]
        self.mounted = False
        self.lift = None  # takes a quota away
        self.ids = None  # of each message, once they were seen
        if of:
            os.mkdir(self.at)
            try:
                run('mount', *mount, self.at)
            except Failure:
                self.remove()
                raise
            self.mounted = True
        if of == 'both':
            self.scene.mail, self.scene.state = f'{self.at}/mail', f'{self.at}/state'
            self.scene.mailbox = f'{self.scene.mail}/joe'
        self.scene.build()

    def remove(self):
        if self.mounted:
            run('umount', self.at)
        self.scene.remove()

    def limit(self, size):
        """What files may grow to; None takes the limit away."""
        self.scene.steps = [] if size is None else [('file-limit', str(size))]

    # -- how much room there is

    def fill(self, left):
        """Leaves so many bytes, or a little less."""
        with open(f'{self.at}/filler', 'wb') as f:
            room = self.room()
            while room > 0:
                try:
                    os.posix_fallocate(f.fileno(), 0, os.fstat(f.fileno()).st_size + room)
                except OSError:
                    room //= 2
            os.fsync(f.fileno())
            f.truncate(max(os.fstat(f.fileno()).st_size - left, 0))
            os.fsync(f.fileno())

    def room(self):
        st = os.statvfs(self.at)
        return st.f_bavail * st.f_frsize

    def use_inodes(self, _):
        os.mkdir(f'{self.at}/inodes')
        try:
            for i in range(100000):
                os.close(os.open(f'{self.at}/inodes/{i}', os.O_CREAT))
        except OSError:
            pass

    def quota(self, left):
        self.lift = self.quota
        run('setquota', '-u', str(NOBODY), '0', '0' if left is None else str(self.used() + left // KIB), '0', '0', self.at)

    def used(self):
        """KiB of the file system that are the user's."""
        return sum(os.lstat(p).st_blocks for d in (self.scene.mail, self.scene.state) for p in glob.glob(f'{d}/*')) // 2

    def make_room(self):
        self.limit(None)
        if self.lift:
            self.lift(None)
        if os.path.exists(f'{self.at}/filler'):
            os.unlink(f'{self.at}/filler')
        shutil.rmtree(f'{self.at}/inodes', ignore_errors=True)

    # -- one session

    def session(self, deleted=()):
        """The ids of its messages, None if it was refused; and QUIT's answer."""
        there = [m for m in self.messages if m in self.data()]
        ours, theirs = socket.socketpair()
        server = self.scene.start(theirs, theirs)
        theirs.close()
        wire = Wire(ours, ours)
        try:
            wire.send(b'USER joe\r\nPASS secret\r\n')
            if [wire.line()[:3] for _ in range(2)] != [b'+OK'] * 2:
                raise Failure('no greeting')
            answer = wire.line()
            if answer[:3] != b'+OK':
                return None, answer
            wire.send(b'UIDL\r\nLIST\r\n' + b''.join(b'DELE %d\r\n' % n for n in deleted) + b'QUIT\r\n')
            ids, sizes = self.listing(wire), self.listing(wire)
            for _ in deleted:
                if wire.line()[:3] != b'+OK':
                    raise Failure('DELE is refused')
            self.check(there, ids, sizes)
            return ids, wire.line()
        finally:
            wire.close()
            if server.wait(LIMIT) != 0:
                raise Failure(f'exit status {server.returncode}')

    @staticmethod
    def listing(wire):
        lines = []
        if wire.line()[:3] != b'+OK':
            raise Failure('no listing')
        while not lines or lines[-1] != b'.':
            lines.append(wire.line())
        return [line.split()[1] for line in lines[:-1]]

    def check(self, there, ids, sizes):
        """The session has seen what there is, and every message has the id it always had."""
        if sizes != [b'%d' % octets_of(m) for m in there]:
            raise Failure(f'sizes {sizes}')
        if self.ids is None:
            self.ids = dict(zip(self.messages, ids))
        if ids != [self.ids[m] for m in there]:
            raise Failure('other ids than before')

    def data(self):
        return read_untouched(self.scene.mailbox)

    def journal(self):
        return sum(os.path.getsize(p) for p in glob.glob(f'{self.scene.state}/*.journal*'))

    # -- one deletion without room, and then with it

    def begin(self):
        """A mailbox, and state files that know nothing but its ids."""
        self.make_room()
        self.forget()
        self.scene.write_mailbox(b''.join(self.messages))

    def forget(self):
        for path in glob.glob(f'{self.scene.state}/*.*'):
            os.unlink(path)

    def attempt(self, pattern):
        """What came of it: "done", "refused" or "no login"."""
        deleted = PATTERNS[pattern]
        old, new = b''.join(self.messages), b''.join(without(self.messages, deleted))
        ids, answer = self.session(deleted)
        came = 'no login' if ids is None else 'done' if answer[:3] == b'+OK' else 'refused'
        if came != 'done' and not answer.startswith(b'-ERR [SYS/TEMP] '):
            raise Failure(f'answer {answer!r}')
        if came == 'refused' and b'no room' not in answer:
            raise Failure(f'the answer does not say what lacks: {answer!r}')
        self.look(new if came == 'done' else old, came)
        if came == 'refused' and pattern in TRUNCATIONS:
            raise Failure('a truncation needs no room')
        self.session()
        self.look(new if came == 'done' else old, f'{came}, another session')
        self.make_room()
        if came != 'done':
            ids, answer = self.session(deleted)
            if ids is None or answer[:3] != b'+OK':
                raise Failure(f'with room: {answer!r}')
        self.session()
        self.look(new, 'with room')
        return came

    def look(self, want, when):
        data = self.data()
        if data != want:
            raise Failure(f'{when}: the mailbox is {len(data)} bytes, not the {len(want)} that it should be')
        if self.journal() > 0:
            raise Failure(f'{when}: a journal is left')
        if os.path.exists(self.scene.mailbox + '.lock'):
            raise Failure(f'{when}: a lock file is left')


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f'{argv[0]}: {done.stdout.strip()}')


# -- the kinds of too little room

class Kind(collections.namedtuple('Kind', 'name of squeeze levels comes mkfs mount size sizes is_new')):
    """A file system, of the state directory ("state"), the mailbox or both; what makes room scarce on it, with
    what arguments; what has to come of it at least once, and nothing else."""

    def place(self, program):
        if not self.of:
            return Place(program, sizes=self.sizes)
        if not self.mkfs:
            return Place(program, self.of, ('-t', 'tmpfs', '-o', 'size=1m,mode=755', 'pop3d'))
        if self.squeeze == 'quota' and not shutil.which('setquota'):
            raise Failure('no setquota')
        image = os.path.join(os.path.dirname(program), 'image')
        with open(image, 'wb') as f:
            f.truncate(self.size)
        run(*self.mkfs, image)
        return Place(program, self.of, ('-o', ','.join(('loop',) + self.mount), image))

    def attempts(self, place):
        """What came of how many deletions; and what went wrong."""
        came, faults = collections.Counter(), []
        for i, level in enumerate(self.levels):
            for pattern in PATTERNS:
                if pattern in TRUNCATIONS and i % 3 > 0:
                    continue
                try:
                    place.begin()
                    if not self.is_new:
                        place.session()
                    getattr(place, self.squeeze)(level)
                    came[place.attempt(pattern)] += 1
                except (Failure, OSError, subprocess.TimeoutExpired) as e:
                    faults.append(f'{pattern}, at {level}: {e}')
        if not faults and set(came) != set(self.comes.split('+')):
            faults.append('not what has to come of it')
        return came, faults


def kind(name, of, squeeze, levels, comes, mkfs=(), mount=(), size=2 * MIB, sizes=SIZES, is_new=False):
    return Kind(name, of, squeeze, levels, comes, mkfs, mount, size, sizes, is_new)


EXT4 = ('mkfs.ext4', '-q', '-m', '0', '-b', '1024', '-N', '64')
QUOTA = EXT4 + ('-O', 'quota', '-E', 'quotatype=usrquota')
XFS = ('mkfs.xfs', '-q')
BTRFS = ('mkfs.btrfs', '-q', '-M')
LARGE = (300000,) + SIZES[1:]  # the journal is the smaller file
FEW = (0, 4 * KIB, 20 * KIB, 50 * KIB, 100 * KIB, 150 * KIB)
BOTH = 'done+refused'
LIMITS = (
    kind('limit', '', 'limit', (0, 1, 100, 4096, 4097, *range(9000, 150000, 9500)), BOTH),
    kind('limit-large', '', 'limit', (60000, 120000, 300000, 340000, 345000, 349000, 360000), BOTH, sizes=LARGE),
)
INDEX = kind('index', '', 'limit', (), '')
DISKS = (
    kind('tmpfs-state', 'state', 'fill', range(0, 180 * KIB, 8 * KIB), BOTH),
    kind('tmpfs-mail', 'mail', 'fill', range(0, 16 * KIB, 4 * KIB), 'done'),
    kind('tmpfs-both', 'both', 'fill', range(0, 180 * KIB, 20 * KIB), BOTH),
    kind('tmpfs-new-user', 'state', 'fill', range(0, 28 * KIB, 4 * KIB), BOTH, is_new=True),
    kind('ext4-state', 'state', 'fill', FEW, BOTH, EXT4),
    kind('ext4-mail', 'mail', 'fill', FEW[:3], 'done', EXT4),
    kind('ext4-both', 'both', 'fill', FEW, BOTH, EXT4),
    kind('ext4-inodes-both', 'both', 'use_inodes', (0,), 'done', EXT4),
    kind('ext4-inodes-new-user', 'state', 'use_inodes', (0,), 'no login', EXT4, is_new=True),
    kind('ext4-quota', 'both', 'quota', FEW, BOTH, QUOTA, ('usrquota',)),
    kind('xfs-both', 'both', 'fill', FEW[:3], BOTH, XFS, size=300 * MIB),
    kind('btrfs-both', 'both', 'fill', FEW[:3], BOTH, BTRFS, size=120 * MIB),
)


def play(program, one):
    try:
        place = one.place(program)
    except (Failure, OSError) as e:
        print(f'ok - full/{one.name} # skip: not to be had: {" ".join(str(e).split())}', flush=True)
        return 0
    try:
        came, faults = one.attempts(place)
    finally:
        place.remove()
    said = ', '.join(f'{n} {what}' for what, n in sorted(came.items()))
    print(('not ok' if faults else 'ok') + f' - full/{one.name}: {said}', flush=True)
    for fault in faults[:5]:
        print(f'# {fault}', flush=True)
    return len(faults)


def play_index(program):
    """An index for which there is no room is none. It is believed only if the mailbox is two seconds old."""
    place, fault = Place(program, sizes=(200,) * 400), None
    try:
        place.begin()
        time.sleep(2.2)
        for limit in (0, 50, 112, 152, 5000, 12000, 16143, 16144):
            place.forget()
            for now in (limit, limit, None, None):
                place.limit(now)
                place.session()
    except (Failure, OSError, subprocess.TimeoutExpired) as e:
        fault = f'at {limit}: {e}'
    finally:
        place.remove()
    print(f'not ok - full/index: {fault[:300]}' if fault else 'ok - full/index', flush=True)
    return int(fault is not None)


def play_all(kinds):
    place, failed = tempfile.mkdtemp(prefix='pop3d-full-'), 0
    try:
        os.chmod(place, 0o755)
        program = shutil.copy(os.path.join(os.path.dirname(HERE), 'pop3d'), place)
        for one in kinds:
            failed += play_index(program) if one is INDEX else play(program, one)
    finally:
        shutil.rmtree(place)
    return int(failed > 0)


def main(argv):
    os.umask(0o022)
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    if os.geteuid() != 0:
        print('ok - full: small file systems # skip: not root')
        return play_all(LIMITS + (INDEX,))
    if argv[:1] == ['--inside']:
        return play_all([k for k in LIMITS + (INDEX,) + DISKS if k.name in argv[1:] or not argv[1:]])
    inner = subprocess.Popen(['unshare', '--mount', '--propagation', 'private', sys.executable,
                              os.path.abspath(__file__), '--inside'] + argv)
    try:
        return inner.wait()
    finally:
        if inner.poll() is None:
            inner.terminate()
        inner.wait()  # it has to tidy up


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
