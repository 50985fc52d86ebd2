"""The work that is measured. Each kind returns {figure: value} of one run, in
seconds, bytes and KiB."""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import mail
import ways
from servers import FIRST_UID, HASH, MAIL, USERS, pop3d

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tests'))
from hurtful import KINDS

MIB, GIB = 1 << 20, 1 << 30
BOXES = {'small': (10, 100 << 10), 'big': (20000, GIB), 'many': (100000, 100 * MIB)}
GROWN = {'messages': (1000000, GIB), 'bytes': (1000, 10 * GIB), 'line': (1, 10 * GIB)}
TINY = {'small': (10, 20 << 10), 'big': (200, MIB), 'many': (1000, MIB)}
TIMES = 3  # for hostile mail
BUILD = ['cc', '-std=c11', '-D_GNU_SOURCE', '-O3', '-Wall', '-Wextra', '-Wconversion', '-Wshadow',
         '-Wstrict-prototypes', '-Werror']


class Failure(Exception):
    """A server that does not do the work, or not in time."""


class Bench:
    """A place to work in, the mailboxes, and the client."""

    def __init__(self, work, here, tiny, smaller):
        self.work, self.boxes, self.tiny = work, TINY if tiny else BOXES, tiny
        self.smaller = 10000 if tiny else smaller
        self.octets = {}
        for program in ('load', 'floor', 'judge'):
            subprocess.run(BUILD + [f'{here}/{program}.c', '-o', f'{work}/{program}', '-l:libcrypt.a'], check=True)
        os.chmod(work, 0o755)
        for name, mode in (('mail', 0o2775), ('state', 0o711), ('home', 0o755), ('indexes', 0o755), ('boxes', 0o755)):
            os.makedirs(f'{work}/{name}', exist_ok=True)
            os.chmod(f'{work}/{name}', mode)
        os.chown(f'{work}/mail', 0, MAIL)
        users = [f'bench{n}' for n in range(1, USERS + 1)]
        with open(os.open(f'{work}/secrets', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.writelines(f'{user}:{{CRYPT}}{HASH}\n' for user in users)
        with open(os.open(f'{work}/ways', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.writelines(f'{user}:{value}\n' for user, (value, _) in zip(users, ways.WAYS.values()) if value)
        if not os.path.lexists(f'{work}/checkpassword'):
            os.symlink('floor', f'{work}/checkpassword')
        for number, user in enumerate(users, 1):
            for where in ('home', 'indexes'):
                os.makedirs(f'{work}/{where}/{user}', 0o700, exist_ok=True)
                os.chown(f'{work}/{where}/{user}', FIRST_UID + number, MAIL)

    def box(self, name, kind):
        """The mailbox that all copies are of."""
        path = f'{self.work}/boxes/{name}.{kind}'
        if not os.path.exists(path) and kind == 'mbox':
            self.octets[name] = mail.write_mbox(path, *self.boxes[name])
        elif not os.path.exists(path):
            mail.write_maildir(path, *self.boxes[name])
            subprocess.run(['chown', '-R', f'{FIRST_UID + 1}:{MAIL}', path], check=True)
        return path

    def prepare(self, server, name, users=1):
        """Copies, in the page cache and on disk, which nothing is known of; not
        of the moment, or they could still change unseen, and are read twice."""
        for path in glob.glob(f'{self.work}/state/*.*') + glob.glob(f'{self.work}/mail/*'):
            os.unlink(path)
        for number in range(1, users + 1):
            user, uid = f'bench{number}', FIRST_UID + number
            shutil.rmtree(f'{self.work}/indexes/{user}', ignore_errors=True)
            os.mkdir(f'{self.work}/indexes/{user}', 0o700)
            os.chown(f'{self.work}/indexes/{user}', uid, MAIL)
            if server.kind == 'maildir':
                home = f'{self.work}/home/{user}/Maildir'
                shutil.rmtree(home, ignore_errors=True)
                how = '-al' if name != 'small' else '-r'
                subprocess.run(['cp', how, self.box(name, 'maildir'), home], check=True)
                if name == 'small':
                    subprocess.run(['chown', '-R', f'{uid}:{MAIL}', home], check=True)
                continue
            path = f'{self.work}/mail/{user}'
            shutil.copyfile(self.box(name, 'mbox'), path)
            os.chown(path, uid, MAIL)
            os.chmod(path, 0o600)
            os.utime(path, (time.time() - 3600,) * 2)
        os.sync()
        time.sleep(0.1 if self.tiny else 3.2)

    def put(self, pieces):
        """A mailbox that nothing is known of, of those bytes."""
        path = f'{self.work}/mail/bench1'
        for old in glob.glob(f'{self.work}/state/*.*') + glob.glob(path):
            os.unlink(old)
        with open(path, 'wb') as f:
            f.writelines(pieces)
        os.chown(path, FIRST_UID + 1, MAIL)
        os.chmod(path, 0o600)
        os.utime(path, (time.time() - 3600,) * 2)

    def append(self, server):
        message = next(mail.messages(1, 3000, 99))
        if server.kind == 'maildir':
            path = f'{self.work}/home/bench1/Maildir/new/1799999999.P1Q1.host'
            message = message.partition(b'\n')[2]
        else:
            path = f'{self.work}/mail/bench1'
            message = b'From user@mail.example.org Mon Mar  4 09:12:44 2024\n' + message + b'\n'
        with open(path, 'ab') as f:
            f.write(message)
        os.chown(path, FIRST_UID + 1, MAIL)

    def client(self, server, *words, argv=()):
        argv = [f'{self.work}/load', str(server.port or 0)] + [str(w) for w in words] + list(argv)
        done = subprocess.run(server.inside(argv) if words[0] == 'exec' else argv, capture_output=True, timeout=600)
        if done.returncode != 0:
            raise Failure(done.stderr.decode('ascii', 'replace').strip())
        return json.loads(done.stdout)

    def floor(self, *words):
        return json.loads(subprocess.run([f'{self.work}/floor', *words], check=True, capture_output=True).stdout)


class Running:
    """with Running(server): it is started, and stopped; then cpu_s is known."""

    def __init__(self, server):
        self.server, self.cpu_s = server, None

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *args):
        self.cpu_s = self.server.stop()


def start(b, server):
    figures = {}
    b.prepare(server, 'small')
    times = 10 if b.tiny else 300
    if server.command:
        got = b.client(server, 'exec', times, argv=server.command)
        figures = {'exec': got['p50'], 'exec_min': got['min']}
    with Running(server):
        figures['greet'] = b.client(server, 'greet', times)['p50']
    return figures


def sessions(b, server, clients):
    b.prepare(server, 'small', clients)
    with Running(server):
        for _ in range(2):  # the first may have put back the access time, which is a change
            b.client(server, 'sessions', clients, 0)
            time.sleep(0.1 if b.tiny else 3.2)
    with Running(server) as run:
        got = b.client(server, 'sessions', clients, 0.2 if b.tiny else 3)
    return {'cpu': run.cpu_s / got['sessions'], 'rate': got['sessions'] / got['seconds']}


def logins(b, server):
    """One way after the other, each by a user of its own."""
    if server.name != 'pop3d':
        return {}
    os.environ['SSL_CLIENT_DN'] = ways.CERTIFICATE
    b.prepare(server, 'small', len(ways.WAYS))
    figures, command = {}, server.command
    try:
        for number, way in enumerate(ways.WAYS, 1):
            server.command = pop3d(b.work, ways.options(b.work, way))
            user, waited = f'bench{number}', []
            with Running(server):
                ways.session(server.port, way, user)  # warm, and indexed
            with Running(server) as run:
                until = time.monotonic() + (0.1 if b.tiny else 1)
                while time.monotonic() < until:
                    waited.append(ways.session(server.port, way, user))
            figures[f'{way} cpu'] = run.cpu_s / len(waited)
            figures[f'{way} time'] = statistics.median(waited)
    except ways.Refused as e:
        raise Failure(str(e)) from e
    finally:
        server.command = command
    return figures


def opening(b, server, box):
    b.prepare(server, box)
    figures = {}
    with Running(server):
        for when in ('first', 'again', 'appended'):
            if when == 'appended':
                b.append(server)
                time.sleep(0.1 if b.tiny else 3.2)  # there are servers that wait while a mailbox is young
            if when == 'again':  # the first may have put back the access time, which is a change
                b.client(server, 'open')
            got = b.client(server, 'open')
            figures.update({f'{when}_{what}': got[what] for what in ('stat', 'list', 'uidl', 'quit')})
            figures[f'{when}_ids'] = got['stat'] + got['uidl']
            if when == 'first':
                check(b, server, box, got)
                time.sleep(0.1 if b.tiny else 3.2)
    return figures


def check(b, server, box, got):
    want = b.boxes[box][0], b.octets.get(box, got['octets'])  # of a box that was kept it is not known
    if server.name.startswith('pop3d') and (got['messages'], got['octets']) != want:
        raise Failure(f'STAT says {got}, not {want}')


def download(b, server, depth, command='RETR'):
    b.prepare(server, 'big')
    with Running(server):
        if server.kind and server.name != 'sender':
            b.client(server, 'open')
    with Running(server) as run:
        got = b.client(server, 'retrieve', depth, command) if server.kind else b.client(server, 'drain')
    return {'rate': got['bytes'] / MIB / got['seconds'], 'cpu': run.cpu_s * GIB / got['bytes']}


def deletion(b, server, which):
    b.prepare(server, 'big')
    with Running(server):
        got = b.client(server, 'delete', which)
    return {what: got[what] for what in ('open', 'dele', 'quit', 'all')}


def memory(b, server, box, state):
    count = 4 if b.tiny else USERS
    if box != 'small':
        count = 1
    b.prepare(server, box, count)
    with Running(server):
        b.client(server, 'greet', 1)
        server.settle()
        before = server.memory()
        held = subprocess.Popen([f'{b.work}/load', str(server.port), 'hold', str(count), state],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not held.stdout.readline():
            raise Failure('sessions cannot be held')
        time.sleep(0.3)
        kib = (server.memory() - before) / count
        held.stdin.close()
        held.wait()
    return {'kib': kib, 'bytes_each': kib * 1024 / b.boxes[box][0]}


def grown(b, server, kind, count, size):
    """Everything once, with a mailbox like that."""
    b.prepare(server, 'small')
    path = f'{b.work}/mail/bench1'
    with open(path, 'r+b'):
        mail.write_plain(path, count, size, kind != 'line')
    os.utime(path, (time.time() - 3600,) * 2)
    os.sync()
    for _ in range(3):  # memory that a virtual machine has just got is slow
        b.floor('scan', path)
    with Running(server):
        got = b.client(server, 'open')
        if got['messages'] != count:
            raise Failure(f'STAT says {got}, not {count}')
        retrieved = b.client(server, 'retrieve', 32 if count > 1 else 1, 'RETR')
        deleted = b.client(server, 'delete', 'half')
    return {'open': got['stat'], 'list': got['list'], 'uidl': got['uidl'], 'retr': retrieved['seconds'],
            'dele': deleted['dele'], 'quit': deleted['quit']}


def growth(b, server):
    """How many times ten times the time of a tenth: 1 is a straight line. What
    takes less than a millisecond is no line, but the noise of the machine."""
    figures = {}
    for kind, (count, size) in GROWN.items():
        size //= b.smaller
        if kind == 'messages':
            count //= b.smaller
        tenth = grown(b, server, kind, count // 10 if kind == 'messages' else count, size // 10)
        whole = grown(b, server, kind, count, size)
        for what, seconds in whole.items():
            figures[f'{kind}_{what}_s'] = seconds
            if seconds > 0.001:
                figures[f'{kind}_{what}'] = seconds / max(10 * tenth[what], 0.001)
    for path in glob.glob(f'{b.work}/mail/*'):
        os.unlink(path)
    return figures


def cpu_of(b, server, pieces):
    """CPU seconds for all that can be asked of it, the least of a few times: first STAT, LIST and UIDL, then RETR of
    all; and what it has."""
    pieces, seconds = list(pieces), []
    for _ in range(1 if b.tiny else TIMES):
        b.put(pieces)
        with Running(server) as first:
            got = b.client(server, 'open')
        with Running(server) as then:
            b.client(server, 'retrieve', 32, 'RETR')
        seconds.append(first.cpu_s + then.cpu_s)
    return min(seconds), got


def hostile(b, server):
    """The worst of what is made to hurt: how many times the CPU of plain mail of as many bytes, octets, and, where they
    are more, messages; and how many times that it needs above the straight line through a quarter of it."""
    size = MIB if b.tiny else 32 * MIB
    least = cpu_of(b, server, mail.pieces(1, 1000))[0]
    figures, plain = {}, {}
    for kind, pieces in KINDS.items():
        part = cpu_of(b, server, pieces(size // 4))[0] - least
        whole, got = cpu_of(b, server, pieces(size))
        count = got['messages'] if got['messages'] > size // 1000 else 0
        octets = max(size, (got['octets'] + size // 8) // (size // 4) * (size // 4))
        key = (count // 50000, octets)  # some have to do for others
        if key not in plain:
            plain[key] = cpu_of(b, server, mail.pieces(count or octets // 3000, max(octets, 300 * count)))[0]
        figures[kind] = whole / plain[key]
        figures[kind + ', bend'] = (whole - least - 4 * part) / plain[key]
    figures['bend'] = max(v for k, v in figures.items() if k.endswith('bend'))
    figures['worst'] = max(v for k, v in figures.items() if not k.endswith('bend'))
    return figures


WORK = {
    'start': start,
    'login': lambda b, s: sessions(b, s, 1),
    'login32': lambda b, s: sessions(b, s, 4 if b.tiny else 32),
    'ways': logins,
    'open': lambda b, s: opening(b, s, 'big'),
    'openmany': lambda b, s: opening(b, s, 'many'),
    'opensmall': lambda b, s: opening(b, s, 'small'),
    'retr': lambda b, s: download(b, s, 1),
    'top': lambda b, s: download(b, s, 1, 'TOP'),
    'pipe': lambda b, s: download(b, s, 32),
    'deleteall': lambda b, s: deletion(b, s, 'all'),
    'deletelast': lambda b, s: deletion(b, s, 'last'),
    'deletefirst': lambda b, s: deletion(b, s, 'first'),
    'deletehalf': lambda b, s: deletion(b, s, 'half'),
    'hostile': hostile,
    'memory': lambda b, s: memory(b, s, 'small', 'in'),
    'memoryidle': lambda b, s: memory(b, s, 'small', 'out'),
    'memorymany': lambda b, s: memory(b, s, 'many', 'in'),
    'growth': growth,
}


def floor_of(b, work):
    """What the machine needs for it at least; None if a server tells that."""
    if work in ('open', 'openmany'):
        return b.floor('scan', b.box('big' if work == 'open' else 'many', 'mbox'))
    if not work.startswith('delete'):
        return None
    big, copy = b.box('big', 'mbox'), f'{b.work}/copy'
    shutil.copyfile(big, copy)
    os.sync()
    if work in ('deleteall', 'deletelast'):
        return b.floor('cut', copy, '0' if work == 'deleteall' else str(os.path.getsize(big) - 3000))
    return b.floor('copy', big, copy)
