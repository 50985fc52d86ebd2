#!/usr/bin/env python3
"""Real clients against the real program under a real superserver. TAP.

usage: tests/clients.py [--form user|root] [CLIENT...]

Each client has mailboxes of its own. What it fetched is compared byte by byte
with what was delivered; what it deleted is gone, and nothing else. Where a
client is known to change what it fetched, that is said where it is allowed.

The server listens on free ports of 127.0.0.1. Two forms: "user" runs without
root (if we are root, all that is started has given it up); "root" runs the
full separation with PAM, in a mount namespace that has users, PAM files and a
/var/mail of its own. The clients are never root.
"""
import concurrent.futures
import os
import poplib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 60  # seconds, for each run of a client
NOBODY = 65534
JAIL_UID, FIRST_UID = 62000, 62001
SECRET = 'secret'
DOVECOTS = {  # what doveadm pw made of SECRET
    'SCRAM-SHA-256': '4096,cyPpf9AD7c4ENZuVFY3//g==,x67Ni9HtyLn/DZ7eorWx7BfB8vVWpVwIiuH65qM'
                     'WdNY=,HUoyzXQZ4j6/8wbHu9TIHWAkmygZ4ghcDOvGqJmlTBE=',
    'SCRAM-SHA-1': '4096,PEavRSqag9T77AMKZvEDqA==,0pfST2nmKi+vRKpGaDHVduQJSeU=,qfUfFNmLuDvMdlMG/+UsoYxPTSw='}
CRYPT = '$6$clients$reQ1SouzUbgo1LC3xzGmGXE1l7JtSMgFNhmGWcRadd4qPHrwrPGzRYLWQWqnVVU1/mCvaDY5NECdwXcjdkubl0'


class Failure(Exception):
    """What was found is not what was to be found."""


class Missing(Exception):
    """What is not installed."""


# --- what is delivered ------------------------------------------------------

FROM_LINES = [b'From ada@example.org Mon Mar  4 09:12:44 2024\n',
              b'From MAILER-DAEMON Fri Jul  8 12:08:34 2011\n',
              b'From ada@example.org  Mon Mar  4 09:12 2024\n',
              b'From - Sat Jan  1 00:00:00 2000\n',
              b'From ada@example.org Mon Mar  4 09:12:44 CET 2024\n']


def header(n, subject, more=b''):
    return (b'Received: from mx.example.net; Mon, 4 Mar 2024 09:12:%02d +0100\n' % n
            + b'Date: Mon, 4 Mar 2024 09:12:%02d +0100\nFrom: Ada <ada@example.org>\n' % n
            + b'To: joe@example.net\nSubject: ' + subject + b'\nMessage-ID: <%d@example.org>\n' % n + more)


def varied():
    """Twenty messages, in Unix lines."""
    mime = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n'
    latin = b'MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: 8bit\n'
    return [
        header(1, b'plain') + b'\nHello.\n',
        header(2, b'dots') + b'\n.\n..\n.x\n\n.\n',
        header(3, b'UTF-8', latin % b'utf-8') + '\nGrüße, 你好, здравствуй.\n'.encode(),
        header(4, b'Latin-1', latin % b'iso-8859-1') + b'\n' + bytes(range(160, 256)) + b'\n',
        header(5, b'quoted From') + b'\n>From here on\nFrom there, without a blank line\n',
        header(6, b'300 KiB') + b'\n' + b''.join(b'line %d of a longer message\n' % i for i in range(10000)),
        header(7, b'lines of 1900 octets') + b'\n' + b'x' * 1900 + b'\n.' + b'y' * 1900 + b'\n',
        header(8, b'a header and a blank line') + b'\n',
        header(9, b'attachment', mime) + b'\n--b\nContent-Type: text/plain\n\nsee below\n--b\nContent-Type: text/csv\n'
        b'Content-Transfer-Encoding: base64\n\nbW9udGgsc29sZApKYW4sMTIK\n--b--\n',
        header(10, b'blank lines at the end') + b'\ntext\n\n\n',
        header(11, b'a folded\n subject\n\tof three lines') + b'\nfolded\n',
        header(12, b'=?utf-8?q?Gr=C3=BC=C3=9Fe?=') + b'\nan encoded subject\n',
        header(13, b'white space') + b'\n\tTab, spaces at the end   \n \n\t\n\x0cform feed, \x07 bell, \x1b[1m\n',
        header(14, b'twins') + b'\nthe same, twice\n',
        header(14, b'twins') + b'\nthe same, twice\n',
        header(16, b'not to be believed', b'Content-Length: 3\nLines: 900\n') + b'\nmore than three octets\n',
        header(17, b'HTML', mime) + b'\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n'
        b'<p>Caf=C3=A9 =\n</p>\n--b--\n',
        header(18, b'an empty line first') + b'\n\n\ntext\n',
        header(19, b'a long header line', b'X-Long: ' + b'z' * 900 + b'\n') + b'\ntext\n',
        header(20, b'the last') + b'\nbye\n.\n',
    ]


def long_lines():
    return [header(1, b'64 KiB in a line') + b'\n' + b'x' * 65536 + b'\n',
            header(2, b'between') + b'\nshort\n',
            header(3, b'a line of dots') + b'\n' + b'.' * 5000 + b'\n.\n' + b'y' * 9000 + b'\n']


class Box:
    """A mailbox: the bytes of each message in the file, and as Unix text."""

    def __init__(self, name, messages, raw=None):
        self.name, self.messages = name, messages
        self.raw = raw or [FROM_LINES[i % len(FROM_LINES)] + m + b'\n' for i, m in enumerate(messages)]

    def without(self, *numbers):
        return b''.join(r for n, r in enumerate(self.raw, 1) if n not in numbers)

    def late(self):
        """LATE as it is delivered behind the others."""
        ending = {b'\n\n': b'', b'\r\n': b''}.get(self.raw[-1][-2:], b'\n\n')
        return ending + FROM_LINES[0] + LATE + b'\n'

    def sizes(self):
        return [len(m) + m.count(b'\n') for m in self.messages]


LATE = header(50, b'late') + b'\nlate\n'


def boxes():
    few = varied()[:5] + varied()[7:11]
    crlf = [(FROM_LINES[0] + m + b'\n').replace(b'\n', b'\r\n') for m in few]
    ends_early = Box('unfinished', few)
    ends_early.raw[-1] = ends_early.raw[-1][:-2]  # neither blank line nor newline
    # The blank line that ends the header is the one before the separator.
    headers_only = [header(n, b'only a header') + b'\n' for n in (1, 2, 3)]
    return [Box('varied', varied()), Box('crlf', few, crlf), ends_early,
            Box('headers', headers_only, [FROM_LINES[0] + m for m in headers_only]), Box('long', long_lines())]


def expect(what, got, want):
    if got == want:
        return
    if isinstance(got, list) and isinstance(want, list):
        if len(got) != len(want):
            raise Failure(f'{what}: {len(got)}, not {len(want)}')
        what, got, want = next((f'{what}, number {i}', g, w)
                               for i, (g, w) in enumerate(zip(got, want), 1) if g != w)
    at = 0
    if isinstance(got, bytes) and isinstance(want, bytes):
        at = len(os.path.commonprefix([got, want]))
        what += f': {len(got)} octets, not {len(want)}; from octet {at} on'
        at = max(0, at - 20)
        got, want = got[at:], want[at:]
    raise Failure(f'{what}:\ngot  {got!r:.500}\nwant {want!r:.500}')


# --- where it runs ----------------------------------------------------------

def give_up_root():
    """For subprocess: run it as nobody, if we are root."""
    return as_user(NOBODY) if os.geteuid() == 0 else {}


def as_user(uid):
    return {'user': uid, 'group': uid, 'extra_groups': []}


def enter_namespace(users):
    """Users {name: (uid, home)}, PAM files and /var/mail of our own. Only we,
    and what we start, see them: we are in a mount namespace of our own."""
    with tempfile.TemporaryDirectory(prefix='pop3d-etc-') as d:
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'pop3d', d], check=True)
        for name in ('passwd', 'group', 'shadow'):
            shutil.copy('/etc/' + name, d)
        os.mkdir(f'{d}/pam.d')
        with open(f'{d}/passwd', 'a') as p, open(f'{d}/group', 'a') as g, open(f'{d}/shadow', 'a') as s:
            for name, (uid, home) in {'pop3d': (JAIL_UID, '/nonexistent'), **users}.items():
                p.write(f'{name}:x:{uid}:{uid}::{home}:/bin/sh\n')
                g.write(f'{name}:x:{uid}:\n')
                s.write(f'{name}:{CRYPT if name in users else "*"}:19000::::::\n')
        os.chmod(f'{d}/shadow', 0o600)
        for service, module in (('pop3d', 'pam_unix.so'), ('other', 'pam_deny.so')):
            with open(f'{d}/pam.d/{service}', 'w', encoding='ascii') as f:
                f.write(f'auth required {module}\naccount required {module}\n')
        for name in ('passwd', 'group', 'shadow', 'pam.d'):
            subprocess.run(['mount', '--bind', f'{d}/{name}', '/etc/' + name], check=True)
        subprocess.run(['umount', '-l', d], check=True)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=2775', 'pop3d', '/var/mail'], check=True)
    shutil.chown('/var/mail', group='mail')


def in_namespace(script, *args):
    """Runs it as root in a namespace; its exit status, None if that cannot be."""
    apart = ['unshare', '--mount', '--propagation', 'private']
    if os.geteuid() != 0 or not shutil.which('unshare') or subprocess.run(
            apart + ['mount', '-t', 'tmpfs', 'pop3d', '/var/mail'], capture_output=True, check=False).returncode != 0:
        return None
    sys.stdout.flush()
    return subprocess.call(apart + [sys.executable, script, '--form', 'root', '--inside', *args])


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Place:
    """A directory, servers, and a mailbox for each user.

    Passwords are for self.port and APOP for self.apop_port. With root these
    are two servers: one has PAM and no secrets file, hence no timestamp in
    its greeting; the other has a secrets file. At self.keys_port there are
    only keys of SCRAM.
    """

    def __init__(self, form, uids):
        self.form, self.uids = form, uids
        self.dir = tempfile.mkdtemp(prefix='pop3d-clients-')
        os.chmod(self.dir, 0o755)
        self.program = shutil.copy(os.path.join(TREE, 'pop3d'), self.dir)
        self.servers = []
        os.mkdir(f'{self.dir}/home', 0o755)
        self.give(f'{self.dir}/home')
        os.mkdir(f'{self.dir}/state', 0o711)
        self.spool = '/var/mail' if form == 'root' else f'{self.dir}/mail'
        if form == 'user':
            os.mkdir(self.spool, 0o711)
            self.give(self.spool)
            self.give(f'{self.dir}/state')
        self.write_secrets('secrets', [f'{user}:{{PLAIN}}{SECRET}\n' for user in uids])
        self.write_secrets('keys', [f'{user}:{{{scheme}}}{keys}\n' for user in uids for scheme, keys in DOVECOTS.items()])

    @staticmethod
    def give(path):
        """To the clients, and to the server of the user form."""
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def write_secrets(self, name, lines):
        with open(f'{self.dir}/{name}', 'w', encoding='ascii') as f:
            os.fchmod(f.fileno(), 0o600)
            f.writelines(lines)
        if self.form == 'user':
            self.give(f'{self.dir}/{name}')

    def start(self):
        secrets, keys = f'--secrets={self.dir}/secrets', f'--secrets={self.dir}/keys'
        if self.form == 'user':
            self.port = self.apop_port = self.serve('--no-pam', secrets, f'--mailbox={self.spool}/%u')
            self.keys_port = self.serve('--no-pam', keys, f'--mailbox={self.spool}/%u')
        else:
            self.port = self.serve(f'--secrets={self.dir}/none')
            self.apop_port = self.serve(secrets)
            self.keys_port = self.serve(keys)

    def serve(self, *options):
        """A superserver on a free port, as soon as it listens."""
        port = free_port()
        argv = [self.program, '--stderr', f'--state={self.dir}/state', *options]
        if shutil.which('tcpserver'):
            argv = ['tcpserver', '-H', '-R', '-l0', '127.0.0.1', str(port)] + argv
        elif shutil.which('systemd-socket-activate'):
            argv = ['systemd-socket-activate', '--inetd', '-a', '-l', f'127.0.0.1:{port}'] + argv
        else:
            argv = ['socat', f'TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr', 'EXEC:' + ' '.join(argv)]
        return self.listen(argv, port)

    def listen(self, argv, port):
        """The port, as soon as the superserver listens there."""
        ids = give_up_root() if self.form == 'user' else {}
        with open(f'{self.dir}/log', 'ab') as log:
            self.servers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                                                 start_new_session=True, **ids))
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise Failure('the superserver does not listen')

    def stop(self):
        for server in self.servers:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        shutil.rmtree(self.dir)

    def deliver(self, user, data):
        path = f'{self.spool}/{user}'
        with open(path, 'wb') as f:
            f.write(data)
        if self.form == 'root':
            os.chmod(path, 0o660)
            shutil.chown(path, self.uids[user], 'mail')
        else:
            self.give(path)

    def append(self, user, data):
        with open(f'{self.spool}/{user}', 'ab') as f:
            f.write(data)

    def log_of(self, user):
        with open(f'{self.dir}/log', 'rb') as f:
            return [line for line in f.read().decode().splitlines() if f' user={user},' in line]

    def log_of_failures(self, user):
        with open(f'{self.dir}/log', encoding='utf-8') as f:
            return [line for line in f.read().splitlines() if line.endswith(f' user={user}')]

    def mailbox(self, user):
        """What is there once the last session has ended."""
        end = time.monotonic() + LIMIT
        while sum('LOGIN, ' in x for x in self.log_of(user)) > sum('LOGOUT, ' in x for x in self.log_of(user)):
            if time.monotonic() > end:
                raise Failure('a session does not end')
            time.sleep(0.02)
        with open(f'{self.spool}/{user}', 'rb') as f:
            return f.read()

    def last_login(self, user):
        return re.search(r'method=([\w-]+)', [line for line in self.log_of(user) if 'LOGIN, ' in line][-1])[1]

    def home(self, user):
        path = f'{self.dir}/home/{user}'
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
            self.give(path)
        return path

    def write(self, user, name, text):
        path = f'{self.home(user)}/{name}'
        with open(path, 'w', encoding='ascii') as f:
            f.write(text)
        os.chmod(path, 0o600)
        self.give(path)
        return path

    def maildir(self, user, name='in'):
        path = f'{self.home(user)}/{name}'
        for d in ('', '/cur', '/new', '/tmp'):
            os.mkdir(path + d)
            self.give(path + d)
        return path

    def run(self, user, *argv, good=(0,)):
        env = {'PATH': os.environ['PATH'], 'HOME': self.home(user), 'LC_ALL': 'C', 'TERM': 'vt100'}
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=env, cwd=self.home(user), start_new_session=True,
                             **give_up_root())
        try:
            out, err = p.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, err = p.communicate()
            raise Failure(f'{argv[0]} does not end: {out[-500:]!r} {err[-800:]!r}') from None
        if p.returncode not in good:
            raise Failure(f'{argv[0]} ended with {p.returncode}: {out[-500:]!r} {err[-800:]!r}')
        return out


def fetched(path):
    """The contents of the files in a directory, sorted as the mail is."""
    all_ = []
    for name in os.listdir(path):
        with open(f'{path}/{name}', 'rb') as f:
            all_.append(f.read())
    return sorted(all_, key=lambda m: int(re.search(rb'^Message-ID: <(\d+)', m, re.M)[1]))


def unix(data):
    return data.replace(b'\r\n', b'\n')


# --- the clients ------------------------------------------------------------
# Each is a function; the first word of its documentation is what it needs.

def poplib_calls(place, user, box):
    """python3: every call of poplib"""
    sizes = box.sizes()
    p = poplib.POP3('127.0.0.1', place.port, LIMIT)
    expect('greeting', p.getwelcome().startswith(b'+OK'), True)
    expect('CAPA', {'USER', 'TOP', 'UIDL', 'PIPELINING'} <= set(p.capa()), True)
    p.user(user)
    p.pass_(SECRET)
    expect('CAPA after login', {'TOP', 'UIDL', 'PIPELINING'} <= set(p.capa()), True)
    expect('STAT', p.stat(), (len(sizes), sum(sizes)))
    expect('LIST', p.list()[1], [b'%d %d' % pair for pair in enumerate(sizes, 1)])
    expect('LIST 2', p.list(2), b'+OK 2 %d' % sizes[1])
    ids = [line.split() for line in p.uidl()[1]]
    expect('UIDL, numbers', [int(n) for n, _ in ids], list(range(1, len(sizes) + 1)))
    expect('UIDL, how many', len({i for _, i in ids}), len(sizes))
    expect('UIDL 2', p.uidl(2).split()[1:], ids[1])
    for i, m in enumerate(box.messages, 1):
        head, body = m.split(b'\n\n', 1)
        expect(f'RETR {i}', b'\n'.join(p.retr(i)[1]) + b'\n', m)
        expect(f'TOP {i} 99999999', b'\n'.join(p.top(i, 99999999)[1]) + b'\n', m)
        expect(f'TOP {i} 2', b'\n'.join(p.top(i, 2)[1]) + b'\n',
               head + b'\n\n' + b''.join(body.splitlines(keepends=True)[:2]))
    for what, call, *args in (('RPOP', p.rpop, user), ('APOP', p.apop, user, SECRET)):
        try:
            call(*args)
            raise Failure(f'{what} was taken after login')
        except poplib.error_proto:
            pass
    p.utf8()
    p.noop()
    p.dele(2)
    p.rset()
    p.dele(1)
    p.dele(len(sizes))
    p.quit()
    expect('mailbox', place.mailbox(user), box.without(1, len(sizes)))
    p = poplib.POP3('127.0.0.1', place.apop_port, LIMIT)
    p.apop(user, SECRET)
    expect('STAT after APOP', p.stat(), (len(sizes) - 2, sum(sizes[1:-1])))
    expect('ids afterwards', [line.split()[1] for line in p.uidl()[1]], [i for _, i in ids[1:-1]])
    p.dele(1)
    p.close()  # no QUIT
    expect('mailbox, after no QUIT', place.mailbox(user), box.without(1, len(sizes)))


def pipelined(place, user, box):
    """python3: all commands in one segment, and the answers in their order"""
    count = len(box.messages)
    with socket.create_connection(('127.0.0.1', place.port), LIMIT) as s:
        s.sendall(f'USER {user}\r\nPASS {SECRET}\r\n'.encode()
                  + b''.join(b'RETR %d\r\nDELE %d\r\n' % (i, i) for i in range(1, count + 1)) + b'RSET\r\nDELE 2\r\nQUIT\r\n')
        answers = s.makefile('rb')
        for _ in range(3):
            expect('login', answers.readline()[:3], b'+OK')
        for m in box.messages:
            expect('RETR', answers.readline()[:3], b'+OK')
            lines = iter(answers.readline, b'.\r\n')
            expect('message', b''.join(line[line[:1] == b'.':] for line in lines), m.replace(b'\n', b'\r\n'))
            expect('DELE', answers.readline()[:3], b'+OK')
        expect('the rest', [line[:3] for line in answers], [b'+OK'] * 3)
    expect('mailbox', place.mailbox(user), box.without(2))


def curl(place, user, box):
    """curl: the best that is offered, and APOP"""
    best = 'CRAM-MD5' if place.port == place.apop_port else 'PLAIN'
    for port, method, auth in ((place.port, best, '*'), (place.apop_port, 'APOP', '+APOP')):
        base = ('curl', '-sS', '-m', LIMIT, '-u', f'{user}:{SECRET}', '--login-options', f'AUTH={auth}')
        url = f'pop3://127.0.0.1:{port}/'
        expect('LIST', place.run(user, *base, url).split(),
               [b'%d' % n for pair in enumerate(box.sizes(), 1) for n in pair])
        expect('messages', [unix(place.run(user, *base, f'{url}{i}')) for i in range(1, len(box.messages) + 1)],
               box.messages)
        expect('login by', place.last_login(user), method)
    place.run(user, *base, '-I', f'{url}2', '-l')
    expect('UIDL', len(place.run(user, *base, '-X', 'UIDL', url).splitlines()), len(box.messages))
    top = unix(place.run(user, *base, '-X', 'TOP 1 0', url))
    expect('TOP', top, box.messages[0][:box.messages[0].index(b'\n\n') + 2])
    place.run(user, *base, '-I', '-X', 'DELE', f'{url}2')
    expect('mailbox', place.mailbox(user), box.without(2))


def curl_sasl(place, user, box):
    """curl: each of its mechanisms, and a wrong password"""
    for method, port in (('CRAM-MD5', place.apop_port), ('PLAIN', place.port), ('LOGIN', place.port),
                         ('PLAIN', place.keys_port), ('LOGIN', place.keys_port)):
        argv = ('curl', '-sS', '-m', LIMIT, '--login-options', f'AUTH={method}', f'pop3://127.0.0.1:{port}/', '-u')
        expect('LIST', len(place.run(user, *argv, f'{user}:{SECRET}').splitlines()), len(box.messages))
        expect('login by', place.last_login(user), method)
    place.run(user, *argv, f'{user}:wrong', good=(67,))


def perl_net_pop3(place, user, box):
    """perl: Net::POP3"""
    script = '''use Net::POP3; binmode STDOUT; my ($port, $apop_port, $user, $secret) = @ARGV;
        my @to = ('127.0.0.1', Timeout => 30);
        my $p = Net::POP3->new(@to, Port => $port) or die "connect";
        defined $p->login($user, $secret) or die "login";
        my $list = $p->list; my $ids = $p->uidl; $p->capa->{UIDL} // die "capa";
        keys %$list == keys %$ids or die "uidl";
        defined $p->last or die "last"; my @ping = $p->ping($user);
        my ($n, $size) = $p->popstat; $n == keys %$list or die "popstat";
        for my $n (sort { $a <=> $b } keys %$list) { print @{$p->get($n)}, "\\0"; $p->top($n, 1) or die "top" }
        $p->delete(2); $p->reset; $p->delete(1) or die "delete"; $p->quit or die "quit";
        $p = Net::POP3->new(@to, Port => $apop_port) or die "connect";
        $p->apop($user, $secret) == keys(%$list) - 1 or die "apop"; $p->uidl(1) eq $ids->{2} or die "id";
        $p->delete(1); undef $p; # no QUIT'''
    out = place.run(user, 'perl', '-e', script, place.port, place.apop_port, user, SECRET)
    expect('messages', unix(out).split(b'\0')[:-1], box.messages)
    expect('mailbox', place.mailbox(user), box.without(1))


def fetchmail(place, user, options='', protocol='pop3'):
    """What came. It is told not to add a Received line, and not to rewrite."""
    box = f'{place.home(user)}/in'
    if not os.path.isdir(box):
        os.mkdir(box)
        place.give(box)
    port = place.apop_port if protocol == 'apop' else place.port
    rc = place.write(user, 'rc', (
        f"set invisible\npoll 127.0.0.1 service {port} protocol {protocol}\n"
        f"user '{user}' password '{SECRET}' sslproto '' no rewrite {options}\nmda 'cat >{box}/$$'\n"))
    place.run(user, 'fetchmail', '-N', '-f', rc, '--pidfile', place.home(user) + '/pid', good=(0, 1))
    return fetched(box)


def used(place, user, command):
    return int(re.search(rf' {command}=(\d+)', place.log_of(user)[-1])[1])


def fetchmail_all(place, user, box):
    """fetchmail: fetchall"""
    expect('messages', fetchmail(place, user, 'fetchall'), box.messages)
    expect('mailbox', place.mailbox(user), b'')
    expect('messages by RETR', used(place, user, 'retr'), len(box.messages))


def fetchmail_top(place, user, box):
    """fetchmail: by TOP n 99999999"""
    expect('messages', fetchmail(place, user), box.messages)
    expect('mailbox', place.mailbox(user), b'')
    expect('messages by TOP', used(place, user, 'top'), len(box.messages))


def fetchmail_keep(place, user, box):
    """fetchmail: keep, with unique ids"""
    expect('messages', fetchmail(place, user, 'keep', 'pop3 uidl'), box.messages)
    expect('messages, once', fetchmail(place, user, 'keep', 'pop3 uidl'), box.messages)
    expect('mailbox', place.mailbox(user), box.without())
    place.append(user, box.late())
    expect('messages, with a late one', fetchmail(place, user, 'keep', 'pop3 uidl'), box.messages + [LATE])
    expect('mailbox at last', place.mailbox(user), box.without() + box.late())


def fetchmail_apop(place, user, box):
    """fetchmail: protocol apop"""
    expect('messages', fetchmail(place, user, 'fetchall', 'apop'), box.messages)
    expect('login by', place.last_login(user), 'APOP')
    expect('mailbox', place.mailbox(user), b'')


def mpop(place, user, box):
    """mpop: pipelined; then by APOP and not pipelined"""
    maildir = place.maildir(user)
    rc = place.write(user, 'rc', (
        f'account default\nhost 127.0.0.1\nuser {user}\npassword {SECRET}\ntls off\n'
        f'delivery maildir {maildir}\nuidls_file {place.home(user)}/uidls\nreceived_header off\n'))
    place.run(user, 'mpop', '-C', rc, f'--port={place.port}', '--auth=user', '--pipelining=on', '--keep=on')
    expect('messages', fetched(maildir + '/new'), box.messages)
    expect('mailbox, kept', place.mailbox(user), box.without())
    place.append(user, box.late())
    place.run(user, 'mpop', '-C', rc, f'--port={place.apop_port}', '--auth=apop', '--pipelining=off', '--keep=off')
    expect('messages, each once, and a late one', fetched(maildir + '/new'), box.messages + [LATE])
    expect('login by', place.last_login(user), 'APOP')
    expect('mailbox', place.mailbox(user), b'')


def mpop_sasl(place, user, box):
    """mpop: each of its mechanisms, by GNU SASL, and wrong passwords"""
    for method, port in (('plain', place.port), ('login', place.port), ('cram-md5', place.apop_port),
                         ('scram-sha-1', place.apop_port), ('scram-sha-256', place.apop_port),
                         ('scram-sha-1', place.keys_port), ('scram-sha-256', place.keys_port)):
        argv = ('mpop', '-C', place.write(user, 'rc', ''), '--host=127.0.0.1', f'--port={port}', f'--auth={method}',
                f'--user={user}', '--tls=off', '--keep=on', '--auth-only', '--delivery=mbox,/dev/null')
        place.run(user, *argv, f'--passwordeval=echo {SECRET}')
        expect('login by', place.last_login(user).lower(), method)
        if port == place.keys_port:
            place.run(user, *argv, '--passwordeval=echo wrong', good=(77,))
            expect('refused', f' method={method},' in place.log_of_failures(user)[-1].lower(), True)


def prepared(place, user, box):
    """mpop: a name and a password that GNU SASL prepares, and some that nobody does"""
    secrets = f'{place.home(user)}/secrets'
    place.write_secrets(f'home/{user}/secrets', [])
    name, password = f'{user}ü', 'grün²'
    subprocess.run([f'{TREE}/pop3d-secret', '-f', secrets, '-s', 'PLAIN', '-o', user, '-m', f'{place.spool}/{user}',
                    'set', unicodedata.normalize('NFD', name)],
                   input=unicodedata.normalize('NFD', password).encode(), check=True, capture_output=True)
    port = place.serve('--no-pam', f'--secrets={secrets}')
    for form in ('NFC', 'NFD'):
        for method in ('user', 'plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'):
            place.run(user, 'mpop', '-C', place.write(user, 'rc', ''), '--host=127.0.0.1', f'--port={port}',
                      f'--auth={method}', f'--user={unicodedata.normalize(form, name)}', '--tls=off', '--keep=on',
                      '--auth-only', '--delivery=mbox,/dev/null',
                      f'--passwordeval=echo {unicodedata.normalize(form, password)}')
            method = method.replace('user', 'pass')
            expect('login by', place.last_login(f'{user}\\xc3\\xbc').lower(), method)


def perl_sasl(place, user, box):
    """perl: Net::POP3 with Authen::SASL, and Authen::SCRAM; right and wrong passwords"""
    script = '''use Net::POP3; use Authen::SASL; use Authen::SCRAM::Client; use MIME::Base64;
        my ($port, $apop_port, $keys_port, $user, $secret) = @ARGV;
        sub to { Net::POP3->new('127.0.0.1', Timeout => 30, Port => shift) or die 'connect' }
        sub scram {
            my ($port, $digest, $password) = @_;
            my $s = Authen::SCRAM::Client->new(digest => $digest, username => $user, password => $password);
            my $p = to($port);
            my $say = sub { $p->command(@_); my $ok = $p->response; ($ok, decode_base64(($p->message)[0] // '')) };
            my ($ok, $told) = $say->('AUTH', "SCRAM-$digest", encode_base64($s->first_msg, ''));
            ($ok, $told) = $say->(encode_base64($s->final_msg($told), ''));
            $ok == 3 or return 0;
            $s->validate($told); ($ok) = $say->(''); $ok == 2
        }
        for (['CRAM-MD5', $apop_port], ['PLAIN', $port], ['LOGIN', $port], ['PLAIN', $keys_port]) {
            for my $wrong ('', 'x') {
                my $sasl = Authen::SASL->new(mechanism => $_->[0],
                    callback => { user => $user, authname => '', pass => $secret . $wrong });
                to($_->[1])->auth($sasl) xor $wrong or die "@$_ $wrong";
            }
        }
        for my $digest ('SHA-1', 'SHA-256') {
            for my $port ($apop_port, $keys_port) {
                scram($port, $digest, $secret) && !scram($port, $digest, 'wrong') or die "$digest $port";
            }
        }'''
    try:
        place.run(user, 'perl', '-MAuthen::SASL', '-MAuthen::SCRAM::Client', '-e', '1')
    except Failure:
        raise Missing('Authen::SASL or Authen::SCRAM') from None
    place.run(user, 'perl', '-e', script, place.port, place.apop_port, place.keys_port, user, SECRET)
    expect('login by', place.last_login(user), 'SCRAM-SHA-256')


def by_certificate(place, user, box):
    """stunnel: verifies a certificate; curl and mpop log in by it"""
    for name, subject in (('server', '/CN=127.0.0.1'), ('client', f'/O=Example/CN={user}')):
        pem = place.write(user, name, '')
        place.run(user, 'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', subject,
                  '-keyout', pem + '.key', '-out', pem)
    place.write_secrets(f'home/{user}/secrets', [f'{user}:{{EXTERNAL}}O=Example, CN={user}\n'])
    port = free_port()
    conf = place.write(user, 'stunnel.conf', (
        f'foreground = yes\npid =\ndebug = err\n[pop3s]\naccept = 127.0.0.1:{port}\ncert = {place.home(user)}/server\n'
        f'key = {place.home(user)}/server.key\nCAfile = {place.home(user)}/client\nverifyChain = yes\n'
        f'exec = {place.program}\nexecArgs = pop3d --tls --stderr --no-pam --secrets={place.home(user)}/secrets '
        f'--state={place.dir}/state --mailbox={place.spool}/%u --client-cert=SSL_CLIENT_DN\n'))
    place.listen(['stunnel', conf], port)
    login = ('--login-options', 'AUTH=EXTERNAL', '-u', f'{user}:')
    argv = ('curl', '-sSk', '-m', LIMIT, '--cert', 'client', '--key', 'client.key', f'pop3s://127.0.0.1:{port}/')
    expect('LIST', len(place.run(user, *argv, *login).splitlines()), len(box.messages))
    expect('login by', place.last_login(user), 'EXTERNAL')
    place.run(user, *argv, '--login-options', 'AUTH=EXTERNAL', '-u', 'root:', good=(67,))
    place.run(user, 'mpop', '--host=127.0.0.1', f'--port={port}', '--tls=on', '--tls-starttls=off', '--tls-certcheck=off',
              '--tls-cert-file=client', '--tls-key-file=client.key', '--auth=external', f'--user={user}', '--keep=on',
              '--auth-only', '--delivery=mbox,/dev/null')
    expect('logins', sum('method=EXTERNAL, tls=1' in line for line in place.log_of(user)), 2)


def mutt_sasl(place, user, box):
    """mutt: SCRAM-SHA-256, by GNU SASL"""
    commands = (f'set ssl_force_tls=no pop_pass={SECRET} folder={place.home(user)} pop_authenticators=scram-sha-256 '
                'pop_checkinterval=0 wait_key=no; push "<quit>"')
    place.run(user, 'script', '-qec', f"mutt -n -F /dev/null -f pop://{user}@127.0.0.1:{place.keys_port}/ "
              f"-e '{commands}'", '/dev/null')
    expect('login by', place.last_login(user), 'SCRAM-SHA-256')


def getmail(place, user, box):
    """getmail: by USER, then by APOP; it adds a Return-Path, and folds long header lines"""
    want = [b'Return-Path: <unknown>\n' + m.replace(b'X-Long: ', b'X-Long: \n ') for m in box.messages]
    for delete, port in ((False, place.port), (True, place.apop_port)):
        expect('messages', getmail_once(place, user, port, delete), want)
        expect('mailbox', place.mailbox(user), b'' if delete else box.without())
    expect('login by', place.last_login(user), 'APOP')


def getmail_once(place, user, port, delete):
    """What came. Now and then getmail misses the end of its own child, that
    delivers, and waits until its timeout: then all begins anew."""
    whole = place.mailbox(user)
    for attempt in range(12):
        maildir = place.maildir(user, f'in-{delete}-{attempt}')
        place.write(user, 'rc', (
            f'[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\nuse_apop = {delete}\n'
            f'username = {user}\npassword = {SECRET}\ntimeout = 4\n[destination]\ntype = Maildir\n'
            f'path = {maildir}/\n[options]\ndelete = {delete}\nreceived = false\ndelivered_to = false\n'
            'read_all = true\n'))
        try:
            place.run(user, 'getmail', '-g', place.home(user), '-r', 'rc')
            return fetched(maildir + '/new')
        except Failure as e:
            if not re.search(r'waiting child pid \d+ timed out', str(e)):
                raise
        place.mailbox(user)  # its session has ended
        place.deliver(user, whole)
    raise Failure('getmail does not see its children end')


def mutt(place, user, box):
    """mutt"""
    commands = (f'set ssl_force_tls=no pop_pass={SECRET} folder={place.home(user)} confirmappend=no delete=yes quit=yes '
                'mbox_type=mbox confirmcreate=no pop_checkinterval=0 wait_key=no sort=mailbox-order;'
                'push "<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>=out<enter>'
                '<untag-pattern>~A<enter>2<enter><delete-message><sync-mailbox><quit>"')
    place.run(user, 'script', '-qec', f"mutt -n -F /dev/null -f pop://{user}@127.0.0.1:{place.apop_port}/ "
              f"-e '{commands}'", '/dev/null')
    with open(place.home(user) + '/out', 'rb') as f:
        got = re.split(rb'(?:\A|(?<=\n\n))From \S+ .*\n', f.read())[1:]
    expect('messages', [without_mutts(m[:-1]) for m in got], [without_mutts(m) for m in box.messages])
    expect('mailbox', place.mailbox(user), box.without(2))


def without_mutts(message):
    """mutt writes its own Status, Content-Length and Lines into the header."""
    head, body = message.split(b'\n\n', 1)
    return re.sub(rb'(?m)^(Status|Content-Length|Lines|X-Status): .*\n', b'', head + b'\n') + b'\n' + body


CLIENTS = [poplib_calls, pipelined, curl, curl_sasl, perl_net_pop3, fetchmail_all, fetchmail_top, fetchmail_keep,
           fetchmail_apop, mpop, mpop_sasl, perl_sasl, prepared, by_certificate, getmail, mutt, mutt_sasl]
LOGINS = [curl_sasl, mpop_sasl, perl_sasl, prepared, by_certificate, mutt_sasl]  # for these one mailbox will do
# poplib refuses lines above 2048 octets; fetchmail breaks those above 8192 and puts bytes of its own between.
SHORT_LINES = [poplib_calls, fetchmail_all, fetchmail_top, fetchmail_keep, fetchmail_apop]


def tool_of(client):
    return client.__doc__.split()[0].rstrip(':')


def cases(names):
    """(user, client, mailbox), for all that are wanted."""
    return [(f'{client.__name__}_{box.name}', client, box) for client in CLIENTS for box in boxes()
            if (not names or client.__name__ in names)
            and not (client in SHORT_LINES and box.name == 'long')
            and not (client in LOGINS and box.name != 'headers')]


def try_one(place, user, client, box):
    what = f'clients/{client.__name__}: {box.name} mailbox, {place.form} form'
    if not shutil.which(tool_of(client)):
        return f'ok - {what} # SKIP not installed: {tool_of(client)}'
    place.deliver(user, box.without())
    try:
        client(place, user, box)
        return f'ok - {what}'
    except Missing as e:
        return f'ok - {what} # SKIP not installed: {e}'
    except (Failure, OSError, ValueError, TypeError, poplib.error_proto) as e:
        return '\n# '.join([f'not ok - {what}', *f'{type(e).__name__}: {e}'.splitlines(), *place.log_of(user)])


def run(form, names):
    os.umask(0o022)
    todo = cases(names)
    uids = {user: uid for uid, (user, _, _) in enumerate(todo, FIRST_UID)}
    if form == 'root':
        enter_namespace({user: (uid, '/nonexistent') for user, uid in uids.items()})
    place = Place(form, uids)
    failed = False
    try:
        place.start()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for said in pool.map(lambda case: try_one(place, *case), todo):
                failed |= said.startswith('not ok')
                print(said, flush=True)
    finally:
        place.stop()
    return failed


def main(argv):
    forms = ['user', 'root']
    if argv[:1] == ['--form']:
        forms, argv = [argv[1]], argv[2:]
    if argv[:1] == ['--inside']:
        return run('root', argv[1:])
    failed = False
    for form in forms:
        status = run(form, argv) if form == 'user' else in_namespace(os.path.abspath(__file__), *argv)
        if status is None:
            print('ok - clients: root form # SKIP not root, or no mount namespace')
        failed |= bool(status)
    return failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
