#!/usr/bin/env python3
"""The fault sweep: every system call of a session that deletes, and of the
recovery after it, is made to fail, or the process is killed before or after
it. Whatever happens, after recovery the mailbox is the old or the new one.

tests/fault.py                  a sample, the same for the same --seed
tests/fault.py --all            all of them (make fault-all)
tests/fault.py --one CASE       one of them, as a failure has printed it

A case is: PATTERN STEPS FAULT APPEND WAY FAULT, where the first fault is that
of the session that deletes; then mail may be appended; the second fault is
that of the recovery, by a login or by --recover. STEPS says whether the
journal is so small that an update takes many. A fault is PROCESS:CALL:N:WHAT,
see fault/inject.c, or "-".
"""
import argparse
import collections
import concurrent.futures
import errno
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NOBODY = 65534
LIMIT = 20  # seconds for any wait; less than a session waits for a lock
USER = 'nobody'
LOGIN = f'USER {USER}\r\nPASS secret\r\n'.encode()

# --- what is deleted from what

SIZES = (40, 700, 90, 1300, 400, 150, 2100, 60, 512, 333, 1024, 800)


def message(n, size, subject=None, end='\n'):
    head = (f'From ada@example.org Mon Mar  4 09:12:{n:02} 2024\nSubject: {subject or f"number {n}"}\n'
            f'Date: Mon, 4 Mar 2024 09:12:{n:02} +0000\n\n')
    line = f'this is line %d of message {n}, caf\xe9\n'
    body = ''.join(line % i for i in range(size // len(line) + 1))
    return (head + body + '\n').replace('\n', end).encode('latin-1')


Pattern = collections.namedtuple('Pattern', 'head messages deleted meanwhile')


def pattern(deleted, sizes=SIZES, head=b'', meanwhile=b'', end='\n'):
    return Pattern(head, [message(n, size, end=end) for n, size in enumerate(sizes, 1)], frozenset(deleted), meanwhile)


def ragged(p):
    return p._replace(messages=p.messages[:-1] + [p.messages[-1].rstrip(b'\n')])


LATE = message(98, 300, 'it came during the session')
LATER = message(99, 500, 'it came after the fault')
PSEUDO = (b'From MAILER-DAEMON Mon Mar  4 09:00:00 2024\nDate: 04 Mar 2024 09:00:00 +0000\n'
          b'From: Mail System Internal Data <MAILER-DAEMON@example.org>\n'
          b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1709543520 0000000012\nStatus: RO\n\n"
          b'This text is part of the internal format of your mail folder, and is not\na real message.\n\n')
EVERY = range(1, len(SIZES) + 1)
SECOND = EVERY[1::2]
PATTERNS = {
    'none': pattern([]),
    'all': pattern(EVERY),
    'first': pattern([1]),
    'last': pattern([12]),
    'newest': pattern([9, 10, 11, 12]),
    'middle': pattern([6]),
    'second': pattern(SECOND),
    'but-one': pattern(set(EVERY) - {7}),
    'but-last': pattern(EVERY[:-1]),
    'pairs': pattern([2, 3, 6, 7, 10, 11]),
    'huge-stays': pattern([1, 3], sizes=(100, 20000, 100, 300)),
    'huge-goes': pattern([2], sizes=(100, 20000, 700, 1500, 900)),
    'two-blocks': pattern([1], sizes=(100, 270000)),
    'tight': Pattern(b'', [message(1, 100), message(2, 600, 'x' * 17), message(3, 600, 'x' * 9)], frozenset([2]), b''),
    'meanwhile': pattern(SECOND, meanwhile=LATE),
    'meanwhile-all': pattern(EVERY, meanwhile=LATE),
    'ragged': ragged(pattern([1, 5])),
    'ragged-last': ragged(pattern([1, 12])),
    'crlf': pattern(SECOND, end='\r\n'),
    'pseudo': pattern(SECOND, head=PSEUDO),
    'pseudo-all': pattern(EVERY, head=PSEUDO),
    'twins': Pattern(b'', [message(1, 200)] * 4 + [message(2, 500)], frozenset([1, 3]), b''),
}
WITHOUT_JOURNAL = ('none', 'all', 'last', 'newest', 'pseudo-all')
ONE_STEP = ('two-blocks',)


def delivered(data, mail):
    """As a delivery agent appends: behind a blank line."""
    if data and not data.endswith((b'\n\n', b'\r\n\r\n')):
        data += b'\n' if data.endswith(b'\n') else b'\n\n'
    return data + mail


# --- faults

Case = collections.namedtuple('Case', 'pattern steps fault append way then')
PROCESSES = ('monitor', 'login', 'session')  # in the order in which they come
RECOVERY = ('monitor', 'session')
DEATHS = ('kill', 'kill-after', 'crash', 'crash-after', 'term')
ALL_DIE = ('crash', 'crash-after', 'torn')
ERRORS = ('EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EPERM')
LASTING = ('EIO+', 'ENOSPC+', 'EDQUOT+')
# Calls that cannot fail, or whose failure changes nothing that we could do.
NO_ERRORS = {'alarm', 'exit_group', 'getegid', 'geteuid', 'getgid', 'getpid', 'getuid', 'munmap', 'rt_sigaction',
             'restart_syscall', 'rt_sigprocmask', 'rt_sigreturn', 'set_robust_list', 'brk', 'kill', 'wait4', 'futex'}
MADE_LAST = {'fsync', 'ftruncate'}
ON_DISK = MADE_LAST | {'fallocate', 'pwrite64'}
CHANGES = ON_DISK | {'fchmod', 'openat', 'unlink', 'utimensat', 'write'}


def whats(call):
    """All that can happen to PROCESS:CALL:N."""
    process, call, _ = call.split(':')
    if call == 'exit_group':
        return ('kill', 'crash', 'term')
    if call == 'mmap':
        return DEATHS + ('ENOMEM',)
    if call in NO_ERRORS:
        return DEATHS
    if call == 'close':  # it closes, whatever it says
        return DEATHS + ('EIO-after', 'EINTR-after')
    if process == 'login' and call == 'write':  # who gets no reply can but wait
        return DEATHS
    some = DEATHS + ERRORS
    if call in ON_DISK:
        some += LASTING
    if call in CHANGES and call != 'openat':
        some += ('EIO-after',)
    if call == 'pwrite64':
        some += ('torn',)
    if call in ('pread64', 'pwrite64', 'read', 'write'):
        some += ('short',)
    return some


def spoil(fault, processes):
    """The fault in inject's words."""
    process, call, n, what = fault.split(':')
    if what[0] == 'E':
        name = what.rstrip('+').removesuffix('-after')
        what = what.replace(name, str(getattr(errno, name)))
    return f'{processes.index(process)}:{call}:{n}:{what}'


def numbered(calls, processes):
    """'1 fsync' ... as 'session:fsync:1' ..."""
    count = collections.Counter()
    for line in calls:
        process, call = line.split()
        count[process, call] += 1
        yield f'{processes[int(process)]}:{call}:{count[process, call]}'


# --- one place, one session after the other

class Wire:
    """The client's end. What is not answered, since the server is gone, is b''."""

    def __init__(self, sock):
        self.sock, self.file = sock, sock.makefile('rb')

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass

    def line(self):
        try:
            return self.file.readline()
        except ConnectionError:
            return b''

    def lines(self, n):
        return [self.line() for _ in range(n)]

    def body(self):
        """The words of a reply's lines; None if it did not come whole."""
        if not self.line().startswith(b'+OK'):
            return None
        words = []
        while (line := self.line()) != b'.\r\n':
            if not line.endswith(b'\n'):
                return None
            words.append(line.split())
        return words

    def close(self):
        self.file.close()
        self.sock.close()


class Place:
    """A mailbox, a state directory, and the two programs in them."""

    def __init__(self, data, programs):
        self.dir = tempfile.mkdtemp(dir=data)
        self.inject = f'{programs}/inject'
        self.programs = {'one': f'{programs}/pop3d', 'many': f'{programs}/pop3d-many'}
        self.mailbox, self.state = f'{self.dir}/mail/{USER}', f'{self.dir}/state'
        self.log = f'{self.dir}/log'
        self.names = os.path.join(self.state, self.mailbox[1:].replace('/', ':'))
        self.ids = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}
        self.was_reached = True
        os.mkdir(f'{self.dir}/mail', 0o755)
        os.mkdir(self.state)
        os.chmod(self.state, 0o711)
        with open(f'{self.dir}/secrets', 'w', encoding='ascii') as f:
            f.write(USER + ':{PLAIN}secret\n')
        os.chmod(f.name, 0o600)
        for path in (self.dir, f'{self.dir}/mail', self.state, f.name):
            self.give(path)

    def give(self, path):
        if self.ids:
            os.chown(path, NOBODY, NOBODY)

    def begin(self, data):
        for name in os.listdir(self.state):
            os.unlink(f'{self.state}/{name}')
        for path in (self.mailbox, self.mailbox + '.lock', self.log):
            if os.path.lexists(path):
                os.unlink(path)
        with open(self.mailbox, 'wb') as f:
            f.write(data)
        self.give(self.mailbox)

    def read(self):
        with open(self.mailbox, 'rb') as f:
            return f.read()

    def deliver(self, mail):
        """Returns what was appended."""
        data = self.read()
        more = delivered(data, mail)[len(data):]
        with open(self.mailbox, 'ab') as f:
            f.write(more)
        return more

    def journal(self):
        return os.path.exists(self.names + '.journal') and os.path.getsize(self.names + '.journal') > 0

    def is_locked(self):
        return os.path.lexists(self.mailbox + '.lock')

    def age_lock(self):
        """A lock file without a pid is there for five minutes: let them pass."""
        path = self.mailbox + '.lock'
        if self.is_locked() and os.path.getsize(path) == 0:
            os.utime(path, (time.time() - 400,) * 2)

    def start(self, steps, fault, stdio, words):
        """Under a fault, or '?': its calls are listed."""
        argv = [self.programs[steps], '--no-pam', '--stderr', f'--secrets={self.dir}/secrets',
                f'--state={self.state}', f'--mailbox={self.dir}/mail/%u'] + words
        processes = RECOVERY if words else PROCESSES
        if fault == '?':
            argv[:0] = [self.inject, f'{self.dir}/calls']
            self.listed = processes
        elif fault != '-':
            argv[:0] = [self.inject, spoil(fault, processes)]
        with open(self.log, 'ab') as log:
            return subprocess.Popen(argv, stdin=stdio, stdout=stdio, stderr=log, cwd='/', env={}, **self.ids)

    def end(self, process, fault):
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()  # the traced die with it
            process.wait()
            raise
        if fault not in '-?':
            self.was_reached &= status == 0
        return status

    def session(self, steps, fault, talk):
        """Talks to a server; what talk() says of it."""
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        with theirs:
            process = self.start(steps, fault, theirs, [])
        wire = Wire(ours)
        try:
            return talk(wire)
        finally:
            wire.close()
            self.end(process, fault)

    def recover(self, steps, fault):
        with open(os.devnull, 'r+b') as null:
            return self.end(self.start(steps, fault, null, ['--recover']), fault)

    def calls(self):
        """Of what was last started with '?'."""
        with open(f'{self.dir}/calls', encoding='ascii') as f:
            return list(numbered(f, self.listed))


# --- a case

def quit_told(wire, deleted, meanwhile):
    """Logs in, lists, deletes, quits: the ids, and whether QUIT was answered +OK."""
    wire.send(LOGIN)
    if not wire.lines(3)[2].startswith(b'+OK'):
        return None, False
    wire.send(b'UIDL\r\n')
    ids = wire.body()
    meanwhile()
    if ids is None:
        deleted = ()
    wire.send(b''.join(b'DELE %d\r\n' % n for n in sorted(deleted)) + b'QUIT\r\n')
    replies = wire.lines(len(deleted) + 1)
    return ids, all(r.startswith(b'+OK') and r.endswith(b'\n') for r in replies)


class Trial:
    """One case; what is wrong is in complaints."""

    def __init__(self, place, case):
        self.place, self.case = place, case
        self.pattern = p = PATTERNS[case.pattern]
        kept = [m for n, m in enumerate(p.messages, 1) if n not in p.deleted]
        self.old, self.new = (p.head + b''.join(m) for m in (p.messages, kept))
        self.complaints = []
        self.ids, self.is_told = None, False

    def expect(self, holds, what):
        if not holds:
            self.complaints.append(what)

    def expect_whole(self, when):
        data = self.place.read()
        self.expect(data == self.new or not self.is_told, f'{when}: QUIT was answered +OK, but the mailbox is another')
        self.expect(data in (self.old, self.new), f'{when}: the mailbox is neither the old nor the new one')

    def deliver(self, mail):
        more = self.place.deliver(mail)
        self.old += more
        self.new += more

    def play(self):
        try:
            self.perform()
        except (TimeoutError, subprocess.TimeoutExpired):
            self.complaints.append(f'nothing within {LIMIT} seconds')

    def perform(self):
        p, case, place = self.pattern, self.case, self.place
        place.begin(self.old)
        inode = os.stat(place.mailbox).st_ino
        self.ids, self.is_told = place.session(case.steps, case.fault, lambda wire: quit_told(
            wire, p.deleted, lambda: p.meanwhile and self.deliver(p.meanwhile)))
        if not place.journal() or self.is_told:
            self.expect_whole('after the session')
        self.expect(self.is_told or case.fault != '-', 'QUIT was not answered +OK')
        if not case.fault.startswith('monitor:') and not case.fault.endswith(ALL_DIE):
            self.expect(not place.is_locked(), 'after the session: a lock file is left')
        if case.append == 'append':
            self.deliver(LATER)
        if case.then != '-' or case.way == 'recover':
            self.recover()
        self.log_in()
        self.expect(os.stat(place.mailbox).st_ino == inode, 'the mailbox is another file')
        self.expect(len(os.listdir(place.state)) == 2, 'files were left in the state directory')

    def recover(self):
        place, case = self.place, self.case
        place.age_lock()
        if case.way == 'login':
            ids, _ = place.session(case.steps, case.then, lambda wire: quit_told(wire, (), lambda: None))
            self.compare_ids(ids)
        else:
            status = place.recover(case.steps, case.then)
            self.expect(status == 0 or case.then != '-', f'--recover ended with {status}')
        if not place.journal():
            self.expect_whole('after recovery')

    def log_in(self):
        """What every next session must find and leave."""
        place = self.place
        place.age_lock()
        ids, is_told = place.session(self.case.steps, '-', lambda wire: quit_told(wire, (), lambda: None))
        self.expect(is_told, 'no session afterwards')
        self.expect_whole('at the end')
        self.expect(not place.journal(), 'the journal is not empty')
        self.expect(not place.is_locked(), 'a lock file is left')
        self.compare_ids(ids)

    def compare_ids(self, ids):
        """Of messages that both sessions have seen, but for the one whose end
        a delivery agent may have completed. Twins' numbers are remembered in
        the index, which a session writes when it ends."""
        if ids is None or self.ids is None:
            return
        was = [id_ for _, id_ in self.ids]
        if self.place.read() == self.new:
            was = [id_ for n, id_ in enumerate(was, 1) if n not in self.pattern.deleted]
        if self.case.pattern.startswith('ragged'):
            was = was[:-1]
        is_ = [id_ for _, id_ in ids][:len(was)]
        if self.case.pattern == 'twins' and self.case.fault != '-':
            self.expect(len(set(is_)) == len(is_), f'not unique: {is_}')
            was, is_ = ([id_.partition(b'-')[0] for id_ in x] for x in (was, is_))
        self.expect(is_ == was, f'the ids were {was}, and are {is_}')


# --- many cases, in two processes

PLACE = None  # of a worker


def prepare_worker(data, programs):
    global PLACE  # pylint: disable=global-statement
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    PLACE = Place(data, programs)


def play(case):
    """What is wrong with it, with the end of the log; whether its faults were reached."""
    PLACE.was_reached = True
    trial = Trial(PLACE, case)
    trial.play()
    if trial.complaints:
        with open(PLACE.log, encoding='latin-1') as f:
            trial.complaints += [line.rstrip() for line in f.readlines()[-8:]]
    return case, trial.complaints, PLACE.was_reached


def calls_of(case):
    """What is called by the step of the case that has '?' for its fault."""
    Trial(PLACE, case).play()
    return case, PLACE.calls()


def sessions():
    """All that is to be spoilt."""
    for name in PATTERNS:
        for steps in ('one', 'many'):
            if steps == 'one' or name not in WITHOUT_JOURNAL + ONE_STEP:
                yield Case(name, steps, '-', '-', 'login', '-')


def in_turn(cases):
    """Appended or not, recovered by a login or by --recover: each with each."""
    turns = itertools.cycle(itertools.product(('append', '-'), ('login', 'login', 'recover')))
    for case, (append, way) in zip(cases, turns):
        yield case._replace(append=append, way=way)


def since_login(calls):
    """The first thing that a session reads is the monitor's word to begin."""
    return calls[calls.index('session:read:1'):]


def spoilt(pool):
    """Every call of every session, every fault; what comes before the login
    is the same in all of them. And who can be recovered: the calls of each."""
    cases, listed = [], {}
    for case, calls in pool.map(calls_of, [c._replace(fault='?') for c in sessions()]):
        listed[case] = since_login(calls)
        for call in calls if case.pattern == 'second' and case.steps == 'one' else listed[case]:
            cases += [case._replace(fault=f'{call}:{what}') for what in whats(call)]
    return list(in_turn(cases)), listed


def crashed(listed):
    """A crash in or before each call that changes a file; of an update in
    many steps, before each that makes a change last."""
    for case, calls in listed.items():
        for call in calls:
            process, name, _ = call.split(':')
            if process == 'session' and name in (ON_DISK if case.steps == 'one' else MADE_LAST):
                yield case._replace(fault=f'{call}:{"torn" if name == "pwrite64" else "crash"}')


def spoilt_recoveries(pool, states):
    """Every call of the recovery from those states, with one fault in turn."""
    turn = itertools.count()
    for case, calls in pool.map(calls_of, [c._replace(then='?') for c in in_turn(states)], chunksize=8):
        for call in calls if case.way == 'recover' else since_login(calls):
            some = whats(call)
            yield case._replace(then=f'{call}:{some[next(turn) % len(some)]}')


def is_delicate(case):
    process, name, *_ = case.fault.split(':')
    return process == 'session' and name in CHANGES


def sample(pool, seed, count):
    """Most of them where the session changes something, or is recovered."""
    chance = random.Random(seed)
    cases, listed = spoilt(pool)
    delicate = [c for c in cases if is_delicate(c)]
    others = [c for c in cases if not is_delicate(c)]
    states = chance.sample(list(crashed(listed)), count // 50)
    recoveries = list(spoilt_recoveries(pool, states))
    shares = ((delicate, count // 3), (recoveries, count // 3), (others, count - 2 * (count // 3)))
    return [case for some, n in shares for case in chance.sample(some, min(n, len(some)))]


class Report:
    def __init__(self):
        self.kinds, self.patterns, self.bad = collections.Counter(), collections.Counter(), collections.Counter()
        self.unreached = 0

    def take(self, case, complaints, was_reached):
        if complaints:
            self.bad[case.pattern] += 1
            if self.bad.total() <= 20:
                print('\n# '.join([f'not ok - fault: tests/fault.py --one {" ".join(case)}'] + complaints), flush=True)
        if not was_reached:  # how often the monitor waits is a matter of time
            self.unreached += 1
            return
        for fault in (case.fault, case.then):
            if fault != '-':
                self.kinds[fault.split(':')[3]] += 1
        self.patterns[case.pattern] += 1

    def finish(self, which):
        for name, count in self.patterns.items():
            if not self.bad[name]:
                print(f'ok - fault: {name}, {count} times')
        done = self.patterns.total()
        few = self.unreached <= done // 50
        print(f'{"ok" if few else "not ok"} - fault: {self.unreached} of the calls to be spoilt were not made')
        kinds = ', '.join(f'{what} {n}' for what, n in sorted(self.kinds.items()))
        print(f'# fault: {which}: {done} sessions spoilt, {self.bad.total()} badly recovered; {kinds}')
        return few and not self.bad


def run(options, pool):
    report = Report()
    if options.all:
        cases, listed = spoilt(pool)
        cases = itertools.chain(cases, spoilt_recoveries(pool, list(crashed(listed))))
    elif options.one:
        cases = [Case(*options.one)]
    else:
        cases = sample(pool, options.seed, options.count)
    whole = list(sessions()) if not options.one else []
    for result in pool.map(play, itertools.chain(whole, cases), chunksize=16):
        report.take(*result)
        if options.first and report.bad:
            return False
    return report.finish('all' if options.all else f'--seed {options.seed}')


# --- the programs, and a place in memory

def copy_programs(tree, directory):
    """To where every uid can reach them."""
    for source, name in ((f'{tree}/pop3d', 'pop3d'), (f'{tree}/tests/fault/bin/pop3d', 'pop3d-many'),
                         (f'{HERE}/fault/bin/inject', 'inject')):
        os.chmod(shutil.copy(source, f'{directory}/{name}'), 0o755)


def memory():
    """A directory where a sync costs nothing."""
    return '/dev/shm' if os.access('/dev/shm', os.W_OK) else None


def can_trace(programs):
    status = subprocess.run([f'{programs}/inject', os.devnull, '/bin/true'], stderr=subprocess.DEVNULL, check=False)
    return status.returncode == 0


def leave(number, _frame):
    sys.exit(128 + number)


def main():
    o = argparse.ArgumentParser(description=__doc__.split('\n\n', 1)[0])
    o.add_argument('--all', action='store_true', help='every fault, not a sample')
    o.add_argument('--count', type=int, default=5000, metavar='N', help='how many are in the sample')
    o.add_argument('--seed', type=int, default=1, metavar='N', help='of the sample')
    o.add_argument('--first', action='store_true', help='stop when one has failed')
    o.add_argument('--tree', default=os.path.dirname(HERE), metavar='DIR', help='where the programs were built')
    o.add_argument('--one', nargs=6, metavar=('PATTERN', 'STEPS', 'FAULT', 'APPEND', 'WAY', 'FAULT'))
    options = o.parse_args()
    signal.signal(signal.SIGTERM, leave)
    with tempfile.TemporaryDirectory(prefix='pop3d-fault-') as programs, \
            tempfile.TemporaryDirectory(prefix='pop3d-fault-', dir=memory()) as data:
        for directory in (programs, data):
            os.chmod(directory, 0o755)
        copy_programs(options.tree, programs)
        if not can_trace(programs):
            print('ok - fault # skip: processes cannot be traced here')
            return True
        pool = concurrent.futures.ProcessPoolExecutor(min(2, os.cpu_count()), initializer=prepare_worker,
                                                      initargs=(data, programs))
        try:
            return run(options, pool)
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == '__main__':
    sys.exit(not main())
