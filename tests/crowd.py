#!/usr/bin/env python3
"""All at once on one mailbox: who delivers, rewrites, deletes, dies. TAP.

usage: tests/crowd.py [--form user|root] [--deliveries N]

procmail and maildrop deliver numbered messages; so do lockers of both orders,
dot-lock first (Postfix, Exim, Dovecot) and fcntl first (Debian's policy). A
mail reader, mutt, and a program that rewrites the mailbox in place mark mail
as read and delete some. Meanwhile sessions log in, fetch, delete, and leave
by QUIT or without; some are killed, a process of theirs, or all of them, at
any moment, and the next one recovers. At the end every message that was
delivered is there once and unchanged, or was deleted by who was told that it
is; and everybody has made progress.
"""
import collections
import fcntl
import itertools
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

from delivery import LIMIT, content, judge, number_of, run_in_both

DELIVERIES = 1500  # in each form
LOST = 'lock removed by another'  # maildrop finds its holder dead, and removes the next one's
BY_AGENTS = 10     # of those that come alone, one in so many is a program's
READERS, KILLED = 3, 8  # one session in so many is killed
MOST = 3 << 20  # bytes of the mailbox, or who delivers waits
FROM = b'From ada@example.org Mon Mar  4 09:12:44 2024\n'
F_OFD_SETLK = 37
ORDERS = ('dot', 'fcntl'), ('fcntl', 'dot')
MUTTRC = '''set quit=yes delete=yes confirmappend=no wait_key=no mark_old=no
set mbox_type=mbox header_cache= sleep_time=0 beep=no move=no
'''


class Held:
    """Locks of a mailbox, in that order; the second is not waited for while
    the first is held."""

    def __init__(self, place, lost, *order):
        self.path, self.lock, self.order = place.mailbox, place.mailbox + '.lock', order
        self.lost = lost  # what is done where somebody has removed the lock file
        self.rng = random.Random(time.monotonic_ns())

    def take_dot(self):
        try:
            fd = os.open(self.lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            self.take_over()
            return False
        os.write(fd, b'%d\n' % os.getpid())
        os.close(fd)
        return True

    def take_over(self):
        """A lock whose holder is dead is nobody's, as liblockfile sees it."""
        try:
            with open(self.lock, 'rb') as f:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                pid = f.read(20).strip()
                if pid.isdigit() and int(pid) and not os.path.exists(f'/proc/{int(pid)}') and \
                        os.stat(self.lock).st_ino == os.fstat(f.fileno()).st_ino:
                    os.unlink(self.lock)
        except OSError:
            pass

    def take_fcntl(self):
        try:
            fcntl.fcntl(self.file, F_OFD_SETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))
        except OSError:
            return False
        return True

    def release(self, taken):
        self.file.close()
        if 'dot' in taken:
            try:
                os.unlink(self.lock)
            except FileNotFoundError:
                self.lost()

    def __enter__(self):
        take = {'dot': self.take_dot, 'fcntl': self.take_fcntl}
        end = time.monotonic() + 4 * LIMIT  # many want it, and some are killed
        while True:
            self.file, taken = open(self.path, 'r+b'), []
            while len(taken) < len(self.order) and take[self.order[len(taken)]]():
                taken.append(self.order[len(taken)])
            if len(taken) == len(self.order):
                return self.file
            self.release(taken)
            if time.monotonic() > end:
                raise TimeoutError(f'no lock, {self.order}')
            time.sleep(self.rng.random() / 200)

    def __exit__(self, *args):
        self.file.flush()
        self.release(self.order)


class Crowd:
    def __init__(self, place, deliveries):
        self.place, self.deliveries = place, deliveries
        self.numbers = iter(range(1, deliveries))
        self.done = collections.Counter()  # by whom how much
        self.writing, self.rng = True, random.Random(0)

    def count(self, who, n=1):
        with self.place.lock:
            self.done[who] += n

    def held(self, order):
        return Held(self.place, lambda: self.count(LOST), *order)

    # -- who writes

    def next_numbers(self):
        """Of the messages that come next, all at once: one, or a few."""
        with self.place.lock:
            return list(itertools.islice(self.numbers, self.rng.choice((1, 1, 10, 20))))

    def run_agent(self, agent, *order):
        """A locker of that order; now and then the program in its stead."""
        while numbers := self.next_numbers():
            self.wait_for_room()
            if len(numbers) == 1 and numbers[0] % BY_AGENTS == 0:
                self.place.deliver(agent, numbers[0])
                self.count(agent)
            else:
                self.append(order, numbers)

    def wait_for_room(self):
        """Sessions are to have a share in it: not too many are left to them."""
        end = time.monotonic() + LIMIT
        while os.path.getsize(self.place.mailbox) > MOST and time.monotonic() < end:
            time.sleep(0.01)

    def append(self, order, numbers):
        mail = b''.join(FROM + content(n) + b'\n' for n in numbers)
        with self.held(order), open(self.place.mailbox, 'ab', buffering=0) as f:
            f.write(mail)
            with self.place.lock:
                self.place.delivered.update(numbers)
        self.count(' '.join(order), len(numbers))

    # -- who rewrites

    def rewrite(self):
        """Marks a message as read, deletes another one, in place."""
        rng = random.Random(1)
        while self.writing:
            with self.held(rng.choice(ORDERS)) as f:
                parts = re.split(rb'(?:\A|(?<=\n\n))(?=From \S+ .*\n)', f.read())[1:]
                if len(parts) > 4:
                    gone = parts.pop(rng.randrange(len(parts)))
                    at = rng.randrange(len(parts))
                    first, rest = parts[at].split(b'\n', 1)
                    parts[at] = first + b'\nStatus: RO\n' + rest
                    f.seek(0)
                    f.write(b''.join(parts))
                    f.truncate()
                    with self.place.lock:
                        self.place.deleted.add(number_of(gone))
            self.count('rewritten')
            time.sleep(0.2 + rng.random() / 2)

    def run_mutt(self):
        """It is asked to delete a message, which it may not find any more."""
        place, rng = self.place, random.Random(2)
        rc = place.write('home/muttrc', MUTTRC)
        place.give(rc)
        while self.writing:
            with place.lock:
                n = rng.choice(sorted(place.delivered))
                place.doubtful.add(n)
            keys = f'<delete-pattern>~i "<{n}@example.org>"<enter><sync-mailbox><quit>'
            ours, theirs = os.openpty()
            argv = ['mutt', '-n', '-F', rc, '-f', place.mailbox, '-e', f"push '{keys}'"]
            p = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, cwd=place.dir + '/home',
                                 env={'PATH': os.environ['PATH'], 'TERM': 'vt100', 'HOME': place.dir + '/home'},
                                 start_new_session=True, **place.ids)
            os.close(theirs)
            watch = threading.Timer(LIMIT, p.kill)
            watch.start()
            self.answer_mutt(ours)
            p.wait()
            watch.cancel()
            os.close(ours)
            self.count('by mutt')
            time.sleep(0.3)

    def answer_mutt(self, terminal):
        """Where it finds the mailbox locked for long it holds one of the locks and
        asks whether to remove the other one: no, and it leaves."""
        asked = False
        try:
            while shown := os.read(terminal, 65536):
                asked |= b'remove lock' in shown
                if asked:
                    os.write(terminal, b'n' if b'remove lock' in shown else b'x')
        except OSError:
            pass  # that is how a terminal ends

    # -- who reads

    def kill_one(self, s, rng):
        """The monitor, or a child of it, or all three."""
        pid = s.server.pid
        try:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
                children = [int(word) for word in f.read().split()]
        except OSError:
            children = []
        victims = rng.choice([[pid], children, [pid] + children])
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def read_some(self, s, rng):
        """Fetches some messages, marks some; None if the session is over."""
        answer = s.ask('STAT')
        if not answer.startswith(b'+OK'):
            return None
        count, marked = int(answer.split()[1]), {}
        for i in rng.sample(range(1, count + 1), min(count, 6 + count // 4, 150)):
            message = s.message(i)
            if message is None:
                return None
            n = number_of(message)
            if message and message != content(n):
                self.place.fault(f'message {n} was fetched changed')
            if rng.random() < count / 150 and s.ask(f'DELE {i}').startswith(b'+OK'):
                marked[i] = n
        return set(marked.values())

    def leave(self, s, marked, rng):
        if rng.randrange(KILLED) == 0:
            with self.place.lock:
                self.place.doubtful |= marked
            s.send('QUIT\r\n')
            time.sleep(rng.random() ** 3 / 20)
            self.kill_one(s, rng)
            return 'killed'
        if rng.randrange(12) == 0:
            return 'vanished'
        answer = self.place.quit(s, marked)
        if answer.startswith(b'+OK'):
            return 'QUIT'
        if not answer.startswith((b'-ERR [IN-USE]', b'-ERR [SYS/TEMP]')):
            self.place.fault(f'QUIT was answered {answer!r}')
        return 'QUIT refused'

    def visit(self, rng):
        s = self.place.session()
        try:
            answer = s.login()
            if not answer.startswith(b'+OK'):
                if not answer.startswith((b'-ERR [IN-USE]', b'-ERR [SYS/TEMP]')):
                    self.place.fault(f'the login was answered {answer!r}')
                return 'not let in'
            marked = self.read_some(s, rng)
            return 'changed' if marked is None else self.leave(s, marked, rng)
        except (BrokenPipeError, ConnectionResetError, IndexError):
            return 'changed'  # it has ended in the middle of a message
        finally:
            s.end()

    def read(self, seed):
        rng = random.Random(seed)
        while self.writing:
            self.count('session: ' + self.visit(rng))
            self.age_empty_lock()
            time.sleep(rng.random() / 20)

    def age_empty_lock(self):
        """Who is killed before it has written its number leaves a lock that
        holds for five minutes: so long we do not wait."""
        try:
            with open(self.place.mailbox + '.lock', 'rb') as f:  # the next one may have that name already
                st = os.fstat(f.fileno())
                if st.st_size == 0 and time.time() - st.st_mtime > 5:
                    os.utime(f.fileno(), (time.time() - 400,) * 2)
        except OSError:
            pass

    # -- all of them

    def guarded(self, what, *args):
        try:
            what(*args)
        except (OSError, ValueError, subprocess.TimeoutExpired) as e:
            self.place.fault(f'{what.__name__}: {type(e).__name__}: {e}')

    def start(self, what, *args):
        t = threading.Thread(target=self.guarded, args=(what, *args))
        t.start()
        return t

    def meet(self):
        self.place.deliver('procmail', 0)
        writers = [self.start(self.run_agent, a, *o) for a, o in zip(('procmail', 'maildrop') * 2, ORDERS * 2)]
        others = [self.start(self.read, i) for i in range(READERS)] + [self.start(self.rewrite)]
        if shutil.which('mutt'):
            others.append(self.start(self.run_mutt))
        for t in writers:
            t.join()
        self.writing = False
        for t in others:
            t.join()
        s = self.place.session()  # which ends what was interrupted
        if not s.login().startswith(b'+OK'):
            self.place.fault('the last session is not let in')
        s.end()


def crowded(place, deliveries):
    place.clear()
    crowd = Crowd(place, deliveries)
    crowd.meet()
    left = judge(place, place.delivered)
    expected = ['procmail', 'maildrop', *(' '.join(o) for o in ORDERS), 'rewritten', 'session: QUIT',
                'session: killed'] + ['by mutt'] * bool(shutil.which('mutt'))
    for who in expected:
        if not crowd.done[who]:
            place.fault(f'no progress: {who}')
    if crowd.done[LOST] > 2 + deliveries // 20000:
        place.fault('too many locks were removed by somebody else')
    if len(place.delivered) != deliveries:
        place.fault(f'{len(place.delivered)} were delivered')
    print('# crowd: ' + ', '.join(f'{who} {n}' for who, n in sorted(crowd.done.items())))
    return (f'crowd: {len(place.delivered)} delivered, {len(place.deleted)} deleted, '
            f'{len(place.doubtful)} perhaps, {len(left)} left')


def main():
    deliveries = DELIVERIES
    if '--deliveries' in sys.argv:
        deliveries = int(sys.argv[sys.argv.index('--deliveries') + 1])
    return run_in_both(os.path.abspath(__file__), [(crowded, deliveries)])


if __name__ == '__main__':
    sys.exit(main())
