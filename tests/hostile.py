#!/usr/bin/env python3
"""Turns a login and a session process on all the rest, and prints TAP.

usage: tests/hostile.py [DEED...]

The programs are tests/bin/hostile*, made of tests/hostile.c: a line of the
client's makes the process that reads it do a deed, and say whether it could.
Each deed is done by both children, jailed: none may succeed. Without the
jail each must, where the machine lets it, or the deed proves nothing; and
without the filter of system calls the other layers must stop what they are
there for. Then each system call number that there is, and messages to the
monitor that are none of its table's.

Deeds without a jail, as root, could do harm. So as root all of this is in
namespaces of its own, and there every mount but two tmpfs is read-only, which
is tried first; nothing is deleted there by walking through directories, since
a deed may have mounted another on one: it all goes with the namespace.
"""
import concurrent.futures as futures
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from pattern import Failure
from scene import JOE, NOBODY, Scene, enter_namespace
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
SESSION, MAYBE, _, LAYERS, OF_LOGIN, OF_SESSION, SCOPED = (1 << i for i in range(7))
LOGIN = b'USER joe\r\nPASS secret\r\n'
NUMBERS = range(640)  # of system calls; the largest one of Linux 6.18 is 469
UNFILTERED = {335, 336} if os.uname().machine == 'x86_64' else set()  # uprobes' own: nobody else can use them
LISTS = (('login', 'login_rules'), ('session', 'session_rules'))
KILLS = ('kill-all',)  # in the control, nothing else may run meanwhile

# What becomes of a message to the monitor, if it is not what the table says.
ENDINGS = {
    'message-empty': '',  # is what a closed channel looks like
    'credentials-two': 'user=joe',
    'credentials-outside': 'LOGIN FAILED',
}
FORBIDDEN = 'not allowed now; ended'


class Place:
    """A mailbox, targets and somebody to attack; one attack at a time."""

    def __init__(self, program, form):
        steps = [('mailbox', 'two.mbox'), ('secrets', 'anna:{PLAIN}secret'), ('options', '--login-timeout=30')]
        self.scene = Scene(program, steps, form)
        self.scene.build()
        self.targets, self.renewed = None, 0
        self.uid = JOE if form == 'root' else os.geteuid() or NOBODY
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.victim = self.unix = None

    def renew(self):
        """What deeds are done to."""
        if self.victim is None or self.victim.poll() is not None:
            self.end_victim()
            ids = {'user': self.uid, 'group': self.uid, 'extra_groups': []} if os.geteuid() == 0 else {}
            self.victim = subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL, **ids)
        self.renewed += 1
        self.targets = f'{self.scene.dir}/targets{self.renewed}'
        os.mkdir(self.targets)
        os.chmod(self.targets, 0o777)
        with open(f'{self.targets}/canary', 'w', encoding='ascii') as f:
            f.write('alive')
        os.chown(f'{self.targets}/canary', self.uid, -1)
        os.chmod(f'{self.targets}/canary', 0o666)
        os.symlink('canary', f'{self.targets}/pointer')
        if self.unix:
            self.unix.close()
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(f'{self.targets}/socket')
        os.chmod(f'{self.targets}/socket', 0o777)
        self.unix.listen(4)

    def is_untouched(self):
        with open(f'{self.targets}/canary', encoding='ascii') as f:
            return self.victim.poll() is None and f.read() == 'alive' and \
                sorted(os.listdir(self.targets)) == ['canary', 'pointer', 'socket']

    def attack(self, child, deed):
        """All that the client gets, and the lines of the log."""
        before = len(self.scene.log())
        ours, theirs = socket.socketpair()
        server = self.scene.start(theirs, theirs)
        theirs.close()
        wire = Wire(ours, ours)
        line = f'HOSTILE {deed} {self.targets} {self.victim.pid if self.victim else 0} {self.port}\r\n'
        try:
            wire.send((LOGIN if child == 'session' else b'') + line.encode())
            wire.half_close()
            while not wire.ended:
                wire.exchange()
            server.wait(30)
        finally:
            wire.close()
            if server.poll() is None:
                server.kill()
                server.wait()
        return wire.input.decode(errors='replace'), self.scene.log()[before:].decode(errors='replace')

    def end_victim(self):
        if self.victim:
            self.victim.kill()
            self.victim.wait()

    def close(self):
        self.end_victim()
        self.listener.close()
        if self.unix:
            self.unix.close()


class Places:
    """One for each thread, of one program and form."""

    def __init__(self, program, form):
        self.program, self.form = program, form
        self.local, self.all = threading.local(), []

    def mine(self):
        if not hasattr(self.local, 'place'):
            self.local.place = Place(self.program, self.form)
            self.all.append(self.local.place)
        return self.local.place

    def run(self, attack, jobs, threads=4):
        """The results of attack(place, *job), in order."""
        with futures.ThreadPoolExecutor(threads) as pool:
            try:
                yield from pool.map(lambda job: (job, attack(self.mine(), *job)), jobs)
            finally:
                pool.shutdown(cancel_futures=True)

    def close(self):
        for place in self.all:
            place.close()


# -- what is wrong with what has come of a deed; None if nothing is

def judge_jailed(place, child, deed):
    place.renew()
    said, log = place.attack(child, deed)
    if 'did it' in said:
        return 'it was done'
    if not place.is_untouched():
        return 'something has happened to the targets'
    if child == 'session' and ' LOGIN, ' not in log:
        return 'nobody was logged in'
    if 'could not' in said or 'ended by signal 31' in log:
        return None
    return f'neither refused nor killed: {said!r}, {log!r}'


def judge_free(place, child, deed):
    place.renew()
    said, log = place.attack(child, deed)
    return None if 'did it' in said else f'without the jail it cannot be done either: {said!r}, {log!r}'


def judge_message(place, child, deed):
    said, log = place.attack(child, deed)
    if 'did it' in said:
        return 'the monitor lets it pass'
    if re.search('LOGIN, .*user=anna', log) or 'anna' in os.listdir(place.scene.mail):
        return 'another user was let in'
    if os.path.lexists(place.scene.mailbox + '.lock'):
        return 'the lock is left'
    if len(log) > 12000:
        return 'the log is flooded'
    ending = FORBIDDEN
    if child == 'login' or deed != 'credentials-outside':
        ending = ENDINGS.get(deed, FORBIDDEN)
    if child == 'session' and deed == 'credentials-two':
        ending = FORBIDDEN
    return None if ending in log else f'the log has no {ending!r}: {said!r}, {log!r}'


def judge_number(place, child, number):
    """Whether the call was made."""
    said, log = place.attack(child, f'number:{number}')
    if 'ended by signal 31' in log and 'did it' not in said:
        return False
    return True


# -- what there is

def deeds_of(place):
    """Flags and name of each, by the program itself."""
    said, _ = place.attack('login', 'list')
    found = re.findall(r'^(\d+) (\S+)\r$', said, re.MULTILINE)
    if len(found) < 60:
        raise SystemExit(f'only {len(found)} deeds: {said!r}')
    return [(int(flags), name) for flags, name in found]


def children_of(flags):
    if flags & (OF_LOGIN | OF_SESSION):
        return [c for c, flag in (('login', OF_LOGIN), ('session', OF_SESSION)) if flags & flag]
    return ['session'] if flags & SESSION else ['login', 'session']


def allowed_numbers(table):
    """Of the calls in a table of filter_write.c that pass it with all arguments 0."""
    with open(f'{TREE}/filter_write.c', encoding='ascii') as f:
        rules = re.search(table + r'\[\] = \{\n(.*?)\n\};', f.read(), re.DOTALL)[1]
    names = [n for n, values in re.findall(r'SCMP_SYS\((\w+)\)((?:[^S]|S(?!CMP_SYS))*)', rules)
             if all(v.strip() == '0' for v in re.findall(r'(?:INT|SCMP_CMP_EQ), ([^},]*)', values))]
    defines = subprocess.run(['cc', '-dM', '-E', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null'],
                             capture_output=True, check=True, text=True).stdout
    number = {n: int(v) for n, v in re.findall(r'^#define __NR_(\w+) (\d+)$', defines, re.MULTILINE)}
    if 'poll' not in number:
        names = set(names) - {'poll', 'restart_syscall'} | {'ppoll'}
    return {number[n] for n in names}


def landlock_version(place):
    place.attack('session', 'getpid')
    found = re.search(rb'jail=\S*landlock(\d+)', place.scene.log())
    return int(found[1]) if found else 0


# -- all of them

class Report:
    def __init__(self):
        self.failed = False

    def line(self, wrong, text):
        self.failed |= bool(wrong)
        print(f'not ok - hostile: {text}\n# {wrong}' if wrong else f'ok - hostile: {text}', flush=True)


def jailed(report, program, form, deeds, alone):
    places = Places(program, form)
    try:
        jobs = [(c, d) for flags, d in deeds for c in children_of(flags)
                if not flags & (OF_LOGIN | OF_SESSION) and (alone or d not in KILLS + ('signal-all',))]
        for (child, deed), wrong in places.run(judge_jailed, jobs):
            report.line(wrong, f'{child} cannot {deed}, {form} form')
        jobs = [(c, d) for flags, d in deeds for c in children_of(flags) if flags & (OF_LOGIN | OF_SESSION)]
        for (child, deed), wrong in places.run(judge_message, jobs):
            report.line(wrong, f'{child} cannot send {deed}, {form} form')
    finally:
        places.close()


def control(report, program, deeds):
    """Without the jail, as root; the deed that kills everybody is the last."""
    places = Places(program, 'root')
    try:
        jobs = [(c, d) for flags, d in deeds for c in children_of(flags)
                if not flags & (OF_LOGIN | OF_SESSION | MAYBE) and d not in KILLS]
        for (child, deed), wrong in places.run(judge_free, jobs):
            report.line(wrong, f'{child} can {deed} without the jail')
        place = places.mine()
        place.renew()
        place.attack('session', 'kill-all')
        report.line(None if place.victim.wait(5) == -signal.SIGKILL else 'the victim lives',
                    'session can kill-all without the jail')
    finally:
        places.close()


def layers(report, program, deeds):
    """Without the filter of system calls."""
    places = Places(program, 'root')
    try:
        has_scopes = landlock_version(places.mine()) >= 6
        jobs = [(c, d) for flags, d in deeds for c in children_of(flags)
                if flags & LAYERS or (flags & SCOPED and has_scopes)]
        for (child, deed), wrong in places.run(judge_jailed, jobs):
            report.line(wrong, f'{child} cannot {deed} without the filter either')
        if has_scopes and not any(d == 'kill-all' for _, d in deeds):
            return
        place = places.mine()
        place.renew()
        place.attack('session', 'kill-all')
        report.line(None if place.is_untouched() or not has_scopes else 'the victim is dead',
                    'session cannot kill-all without the filter either')
    finally:
        places.close()


def numbers(report, program, form):
    for child, table in LISTS:
        places = Places(program, form)
        try:
            jobs = [(child, n) for n in NUMBERS]
            made = {n for (_, n), was_made in places.run(judge_number, jobs) if was_made}
        finally:
            places.close()
        allowed = allowed_numbers(table)
        made -= UNFILTERED
        wrong = f'made {sorted(made - allowed)}, not made {sorted(allowed - made)}' if made != allowed else None
        report.line(wrong, f'{child} can make just {len(allowed)} of the calls 0 to {NUMBERS[-1]} without arguments')


def keep_lock(report, program, form):
    places = Places(program, form)
    try:
        place = places.mine()
        said, log = place.attack('session', 'keep-lock')
        wrong = None if 'did it' in said else f'it was not granted: {said!r}, {log!r}'
        if os.path.lexists(place.scene.mailbox + '.lock'):
            wrong = 'the lock is left'
        report.line(wrong, f'a lock that session never gives back ends with it, {form} form')
    finally:
        places.close()


def run(is_inside, names, place):
    report = Report()
    os.chmod(place, 0o755)
    programs = {}
    for name in ('hostile', 'hostile-free', 'hostile-no-filter'):
        programs[name] = shutil.copy(f'{HERE}/bin/{name}', place)
    first = Place(programs['hostile-free'], 'user')
    first.renew()
    deeds = [d for d in deeds_of(first) if not names or d[1] in names]
    first.close()
    for form in ('user', 'root')[:1 + is_inside]:
        jailed(report, programs['hostile'], form, deeds, is_inside)
        keep_lock(report, programs['hostile'], form)
    if not names:
        numbers(report, programs['hostile'], 'user')
    if is_inside:
        layers(report, programs['hostile-no-filter'], deeds)
        control(report, programs['hostile-free'], deeds)
    else:
        print('ok - hostile: full separation, the control, the layers # SKIP not root')
    return int(report.failed)


def make_harmless():
    """A place on a tmpfs of ours; all else is read-only, in this namespace only, or we do not go on."""
    keep = {'/var/lib', os.path.realpath('/var/mail')}
    place = tempfile.mkdtemp(prefix='pop3d-hostile-', dir='/var/lib')
    with open('/proc/self/mountinfo', encoding='utf-8') as f:
        points = [line.split()[4] for line in f]
    for point in points:
        if point not in keep:
            subprocess.run(['mount', '-o', 'remount,bind,ro', point], check=True)
    for path in ('/', '/etc', '/etc/pam.d', '/tmp', '/usr', '/var', HERE, '/dev/shm', os.path.expanduser('~')):
        try:
            os.close(os.open(f'{path}/pop3d-hostile-trial', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as e:
            if e.errno == errno.EROFS:
                continue
        raise SystemExit(f'{path} is not read-only: too dangerous')
    return place


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if argv[:1] == ['--inside']:
        enter_namespace()
        return run(True, argv[1:], make_harmless())
    if os.geteuid() != 0:
        with tempfile.TemporaryDirectory(prefix='pop3d-hostile-') as place:
            return run(False, argv, place)
    inner = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts', '--ipc',
             '--propagation', 'private', sys.executable, os.path.abspath(__file__), '--inside']
    return subprocess.run(inner + argv, check=False).returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
