#!/usr/bin/env python3
"""What /proc shows of all processes, against DESIGN's table, and prints TAP.

In every state of a session: the greeting is sent, a name is given, somebody
has logged in, a download is under way, an update waits for the mailbox. Without
root one uid has all of them. Then the password: nothing of it is left in the
memory of any process when the client is answered; in that of a program that
does not wipe it, it is found.

As root this runs in a mount namespace with users and PAM files of its own.
"""
import base64
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from scene import JAIL, JOE, NOBODY, Scene, enter_namespace
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
CAPABILITIES = ('chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap '
                'linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner '
                'sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice '
                'sys_resource sys_time sys_tty_config mknod lease audit_write').split()
LIMITS = {'core files': 'Max core file size', 'processes': 'Max processes', 'open files': 'Max open files',
          'file size': 'Max file size', 'cpu seconds': 'Max cpu time', 'memory': 'Max data size'}
MAIL = b'From a@b Mon Jan  1 10:00:00 2024\nSubject: long\n\n' + 200000 * b'a line of a long message\n' + b'\n' \
    + b'From a@b Mon Jan  1 10:00:00 2024\nSubject: short\n\nbody\n\n'
GROUPS = range(2100, 2300)  # more of joe's
SECRET, UNIX = "harbour-lights-at-dusk", "anna's unix password"


# -- the table

def read_table():
    """{process: {what: cell}}; a cell may go on in the next lines."""
    with open(os.path.join(os.path.dirname(HERE), 'DESIGN'), encoding='ascii') as f:
        lines = re.search(r'\n(  what .*?\n)\n(.*?)\n\n', f.read(), re.DOTALL)
    names = re.findall(r'\S+', lines[1])[1:]
    starts = [lines[1].index(' ' + n) + 1 for n in names]
    table, what = {n: {} for n in names}, None
    for line in lines[2].split('\n'):
        what = line[:starts[0]].strip() or what
        for name, start, end in zip(names, starts, starts[1:] + [None]):
            table[name][what] = (table[name].get(what, '') + ' ' + line[start:end].strip()).strip()
    return table


# -- what there is

def status_of(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return dict(re.findall(r'^(\w+):\t(.*?)\s*$', f.read(), re.MULTILINE))


def limits_of(pid):
    with open(f'/proc/{pid}/limits', encoding='ascii') as f:
        return {name: (soft, hard) for name, soft, hard
                in re.findall(r'^(Max \D+?) {2,}(\S+) +(\S+)', f.read(), re.MULTILINE)}


def names_of(mask):
    bits = int(mask, 16)
    return {CAPABILITIES[i] if i < len(CAPABILITIES) else str(i) for i in range(64) if bits >> i & 1}


def kind_of(target, client):
    """Of what is behind a descriptor."""
    if target.startswith('socket:'):
        return 'client' if target == client else 'channel'
    for kind, pattern in (('null', '/dev/null'), ('log', '*/log'), ('mailbox', '*/mail/joe'),
                          ('index', '*.index'), ('journal', '*.journal')):
        if target == pattern or (pattern[0] == '*' and target.endswith(pattern[1:])):
            return kind
    return target


def children_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
        return [int(c) for c in f.read().split()]


class Form:
    """What a cell of the table stands for, as root or as a user."""

    def __init__(self, name, as_started):
        self.is_root = name == 'root'
        self.as_started = as_started
        self.own = os.geteuid() or NOBODY
        self.ids = {'0': 0, 'jail': JAIL, 'user': JOE}
        if not self.is_root:
            self.ids = dict.fromkeys(self.ids, self.own)

    def wrong(self, pid, cells, client, empty):
        """What is not as it should be, as a list of texts."""
        status, limits = status_of(pid), limits_of(pid)
        found = []

        def expect(what, is_, should):
            if is_ != should:
                found.append(f'{what}: {is_}, not {should}')
        for key, word in zip(('Uid', 'Gid'), cells['uid, gid'].split() * 2):
            expect(key, {int(n) for n in status[key].split()}, {self.ids[word]})
        groups = {'as started': self.as_started['Groups'].split(), 'none': [], "user's": [str(g) for g in (JOE, *GROUPS)]}
        if self.is_root:
            expect('groups', status['Groups'].split(), groups[cells['groups']])
        wanted = set(cells['capabilities'].replace('none', '').split()) if self.is_root else set()
        had = names_of(self.as_started['CapPrm'])
        for key in ('CapPrm', 'CapEff'):
            expect(key, names_of(status[key]), wanted & had)
        for key in ('CapInh', 'CapAmb'):
            expect(key, names_of(status[key]), set())
        if self.is_root and 'kill' in wanted and cells['no_new_privs'] == 'no':  # what the monitor starts gets no more
            expect('CapBnd', names_of(status['CapBnd']), wanted & had)
        expect('root', os.readlink(f'/proc/{pid}/root'), empty if cells['root'] == 'empty' and self.is_root else '/')
        expect('seccomp', status['Seccomp'], '2' if cells['seccomp'] == 'yes' else '0')
        expect('no_new_privs', status['NoNewPrivs'], '1' if cells['no_new_privs'] == 'yes' else '0')
        if self.ids['user'] != 0 and status['Uid'].split()[0] != '0':
            expect('dumpable (owner in /proc)', os.stat(f'/proc/{pid}/environ').st_uid, 0)
        for what, name in LIMITS.items():
            expect(what, self.limit(cells[what], limits[name], name), cells[what])
        targets = [os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')]
        expect('descriptors', {kind_of(t, client) for t in targets}, set(cells['descriptors'].split()))
        return found

    def limit(self, cell, is_, name):
        """The cell, if the limit is what it says."""
        soft, hard = is_
        if cell == 'as started':
            return cell if is_ == self.as_started['limits'][name] else is_
        if cell == 'bounded':
            return cell if soft == hard != 'unlimited' else is_
        return cell if soft == hard == cell else is_


# -- a session, from state to state

class Session:
    def __init__(self, scene):
        self.scene = scene
        self.ours, theirs = socket.socketpair()
        self.client = os.readlink(f'/proc/self/fd/{theirs.fileno()}')
        self.server = scene.start(theirs, theirs)
        theirs.close()
        self.wire = Wire(self.ours, self.ours)

    def say(self, line):
        self.wire.send(line.encode() + b'\r\n')

    def processes(self, names):
        """Pids by name. The login process is forked first; wait until there are so many, and idle."""
        for _ in range(300):
            pids = [self.server.pid] + sorted(children_of(self.server.pid))
            if len(pids) == len(names) and all(status_of(p)['State'][0] == 'S' for p in pids):
                return dict(zip(names, pids))
            time.sleep(0.01)
        raise SystemExit(f'processes {pids}, not {names}')

    def close(self):
        self.wire.close()
        try:
            self.server.wait(30)
        finally:
            if self.server.poll() is None:
                self.server.kill()
                self.server.wait()


class Report:
    failed = False

    def line(self, wrong, text):
        self.failed |= bool(wrong)
        print(f'not ok - ids: {text}\n# {wrong}' if wrong else f'ok - ids: {text}', flush=True)


BEFORE, AFTER = ('monitor', 'login', 'waiting'), ('monitor', 'session')


def walk(report, scene, table, form, form_name, names=frozenset(BEFORE + AFTER)):
    session = Session(scene)
    held = None

    def look(state, them):
        for name, pid in session.processes(them).items():
            if name not in names:
                continue
            wrong = form.wrong(pid, table[name], session.client, f'{scene.state}/empty')
            report.line('\n# '.join(wrong), f'{name} is as DESIGN says, {state}, {form_name} form')
    try:
        session.wire.line()
        look('the greeting is sent', BEFORE)
        session.say('USER joe')
        session.wire.line()
        look('a name is given', BEFORE)
        session.say('PASS secret')
        session.wire.line()
        look('somebody has logged in', AFTER)
        session.say('RETR 1')
        session.wire.line()
        look('a download is under way', AFTER)
        while session.wire.line() != b'.':
            pass
        held = open(scene.mailbox, 'r+b')
        fcntl.fcntl(held, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        session.say('DELE 2\r\nQUIT')
        session.wire.line()
        look('an update waits for the mailbox', AFTER)
        held.close()
        report.line(None if session.wire.line().startswith(b'+OK') else 'refused', f'the update is done, {form_name} form')
    finally:
        if held:
            held.close()
        session.close()


def started_with(form_name):
    """Of a process that is started as the server is, and does nothing."""
    ids = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if form_name == 'user' and os.geteuid() == 0 else {}
    cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, **ids)
    try:
        for _ in range(300):
            if status_of(cat.pid)['Name'] == 'cat':
                break
            time.sleep(0.01)
        return dict(status_of(cat.pid), limits=limits_of(cat.pid))
    finally:
        cat.stdin.close()
        cat.wait()


def walk_with_sessions(report, program, table):
    """Modules may need anything: the monitor keeps what it was started with."""
    had = names_of(status_of('self')['CapPrm'])
    table = dict(table, monitor=dict(table['monitor'], capabilities=' '.join(had)))
    scene = build(program, 'root', [('options', '--pam-session')])
    walk(report, scene, table, Form('root', started_with('root')), '--pam-session')


def build(program, form_name, steps):
    scene = Scene(program, steps, form_name)
    scene.build()
    scene.write_mailbox(MAIL)
    return scene


# -- the password

def remembers(pid, text):
    """Whether the process has it anywhere in its memory."""
    with open(f'/proc/{pid}/maps', encoding='utf-8') as f:
        areas = [re.match(r'(\w+)-(\w+) r', line) for line in f if '[vvar' not in line and '[vsyscall' not in line]
    with open(f'/proc/{pid}/mem', 'rb', 0) as f:
        for area in filter(None, areas):
            start, end = int(area[1], 16), int(area[2], 16)
            f.seek(start)
            if text in f.read(end - start):
                return True
    return False


def is_refusing(scene):
    """Waits until it is in the log, which is some time before the client is told."""
    for _ in range(1000):
        if b'LOGIN FAILED' in scene.log():
            return True
        time.sleep(0.01)
    return False


def who_remembers(program, user, password, way, steps):
    """Names of the processes that have it, when a client with it is answered."""
    scene = build(program, 'root', steps)
    session = Session(scene)
    found = set()
    try:
        session.wire.line()
        wrong = password[:-1] + '*'
        for text, names in ((wrong, BEFORE), (password, AFTER)):
            lines = f'USER {user}\r\nPASS {text}\r\n'.encode()
            if way == 'AUTH PLAIN':
                lines = b'AUTH PLAIN\r\n' + base64.b64encode(f'\0{user}\0{text}'.encode()) + b'\r\n'
            if way == 'bytes':
                session.wire.send_bytes(lines)
            else:
                session.wire.send(lines)
            session.wire.line()
            if names is BEFORE and is_refusing(scene) and remembers(session.server.pid, text.encode()):
                found.add('monitor, refusing')  # it takes its time for that
            answer = session.wire.line()
            if answer.startswith(b'+OK') != (names is AFTER):
                raise SystemExit(f'{user}, {text}: {answer}')
            found |= {f'{name}, {"refused" if text == wrong else "granted"}'
                      for name, pid in session.processes(names).items()
                      if any(remembers(pid, t) for t in (text.encode(), text[4:].encode(), lines[-16:-4]))}
    finally:
        session.close()
    return found


def look_for_passwords(report, place):
    crypted = subprocess.run(['openssl', 'passwd', '-6', SECRET], capture_output=True, check=True, text=True)
    steps = [('no-secrets', ''), ('secrets', 'joe:{CRYPT}' + crypted.stdout.strip())]
    program = shutil.copy(f'{HERE}/../pop3d', f'{place}/pop3d')
    for user, password, store in (('joe', SECRET, 'the secrets file'), ('anna', UNIX, 'PAM')):
        for way in ('lines', 'bytes', 'AUTH PLAIN'):
            found = who_remembers(program, user, password, way, steps)
            report.line(', '.join(found), f'nobody remembers a password that {store} has judged, sent as {way}')
    steps = [('secrets', f'joe:{{PLAIN}}{SECRET}'), ('no-secrets', '')]
    found = who_remembers(program, 'joe', SECRET, 'lines', steps)
    report.line(', '.join(found), 'nobody remembers a secret of the file itself')
    careless = shutil.copy(f'{HERE}/bin/pop3d-no-wipe', place)
    found = who_remembers(careless, 'joe', SECRET, 'lines', steps)
    wrong = {'login, refused', 'monitor, refusing', 'monitor, refused', 'monitor, granted'} - found
    report.line(', '.join(wrong), 'where nothing is wiped, login and monitor remember it')


def run(form_names, place):
    report, table = Report(), read_table()
    os.chmod(place, 0o755)
    program = shutil.copy(f'{HERE}/../pop3d', place)
    # Where the monitor starts no program, none that it could start gets anything.
    alone = {**table['monitor'], 'no_new_privs': 'yes'}
    for pam in ('dac_override', 'fowner', 'audit_write'):
        alone['capabilities'] = alone['capabilities'].replace(pam, '')
    without_pam = {**table, 'monitor': alone}  # which the user form is
    for name in form_names:
        walk(report, build(program, name, []), table if name == 'root' else without_pam,
             Form(name, started_with(name)), name)
    if 'root' in form_names:
        walk(report, build(program, 'root', [('options', '--no-pam')]), without_pam,
             Form('root', started_with('root')), 'root without PAM', ('monitor',))
    # Where a name service has left a connection open, the children have not got it.
    leaky = shutil.copy(f'{HERE}/bin/pop3d-leaky-names', place)
    name = form_names[-1]
    walk(report, build(leaky, name, []), table, Form(name, started_with(name)), f'leaky {name}',
         ('waiting', 'login', 'session'))
    if 'root' in form_names:
        walk_with_sessions(report, program, table)
        look_for_passwords(report, place)
    else:
        print('ok - ids: full separation, passwords in memory # SKIP not root')
    return int(report.failed)


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() == 0 and argv != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'], check=False).returncode
    if argv == ['--inside']:
        enter_namespace()
        with open('/etc/group', 'a', encoding='ascii') as f:  # our own, by now
            f.writelines(f'friends{g}:x:{g}:joe\n' for g in GROUPS)
    with tempfile.TemporaryDirectory(prefix='pop3d-ids-') as place:
        return run(('user', 'root')[:1 + (argv == ['--inside'])], place)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
