#!/usr/bin/env python3
"""Real clients against the real program under a real superserver. Prints TAP.

Each client has a user and a mailbox of its own. What it fetched is compared
byte by byte with what was delivered; what it deleted is gone, and nothing
else. Listens on a free port of 127.0.0.1, without root: if we are root, all
that is started has given it up.
"""
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

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 60  # seconds, for each client
NOBODY = 65534
FROM = b'From ada@example.org Mon Mar  4 09:12:44 2024\n'


def header(n, subject):
    return (b'Received: from mx.example.net; Mon, 4 Mar 2024 09:12:%02d +0100\n' % n
            + b'Date: Mon, 4 Mar 2024 09:12:%02d +0100\nFrom: Ada <ada@example.org>\n' % n
            + b'To: joe@example.net\nSubject: ' + subject + b'\nMessage-ID: <%d@example.org>\n' % n)


MAIL = [
    header(1, b'plain') + b'\nHello.\n',
    header(2, b'dots') + b'\n.\n..\n.x\n\n.\n',
    header(3, b'eight bit') + b'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n'
    + 'Grüße, 你好, здравствуй.\n'.encode(),
    header(4, b'quoted From') + b'\n>From here on\nFrom there, without a blank line\n',
    header(5, b'many lines') + b'\n' + b''.join(b'line %d of a longer message\n' % i for i in range(9000)),
    header(6, b'long lines') + b'\n' + b'x' * 900 + b'\n.' + b'y' * 900 + b'\n',
    header(7, b'no body') + b'\n',
    header(8, b'attachment') + b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    + b'--b\nContent-Type: text/plain\n\nsee below\n--b\nContent-Type: text/csv\n'
    + b'Content-Transfer-Encoding: base64\n\nbW9udGgsc29sZApKYW4sMTIK\n--b--\n',
    header(9, b'blank lines at the end') + b'\ntext\n\n\n',
    header(10, b'the last') + b'\nbye\n',
]


class Failure(Exception):
    pass


def mbox(messages):
    return b''.join(FROM + m + b'\n' for m in messages)


def expect(what, got, want):
    if got != want:
        if isinstance(got, bytes) and got.count(b'Message-ID') > 1:
            got, want = (re.findall(rb'Message-ID: .*', d) + [len(d)] for d in (got, want))
        raise Failure(f'{what}:\ngot  {got!r:.600}\nwant {want!r:.600}')


def ids():
    return {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}


class Place:
    """A directory, a server, and a mailbox for each user."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='pop3d-clients-')
        os.chmod(self.dir, 0o755)
        self.program = shutil.copy(os.path.join(TREE, 'pop3d'), self.dir)
        for name in ('mail', 'state', 'home'):
            os.mkdir(f'{self.dir}/{name}', 0o711)
            self.give(f'{self.dir}/{name}')
        with open(f'{self.dir}/secrets', 'w', encoding='ascii') as f:
            for user in [c.__name__ for c in CLIENTS]:
                f.write(f'{user}:{{PLAIN}}secret\n')
        os.chmod(f'{self.dir}/secrets', 0o600)
        self.give(f'{self.dir}/secrets')
        self.port = self.free_port()
        self.server = None

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            return s.getsockname()[1]

    @staticmethod
    def give(path):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def start(self):
        argv = [self.program, '--no-pam', '--stderr', f'--secrets={self.dir}/secrets',
                f'--state={self.dir}/state', f'--mailbox={self.dir}/mail/%u']
        if shutil.which('tcpserver'):
            argv = ['tcpserver', '-H', '-R', '-l0', '127.0.0.1', str(self.port)] + argv
        else:
            argv = ['systemd-socket-activate', '--inetd', '-a', '-l', f'127.0.0.1:{self.port}'] + argv
        with open(f'{self.dir}/log', 'wb') as log:
            self.server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           start_new_session=True, **ids())
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure('the superserver does not listen')

    def stop(self):
        if self.server:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait()
        shutil.rmtree(self.dir)

    def deliver(self, user, data=None):
        with open(f'{self.dir}/mail/{user}', 'wb') as f:
            f.write(mbox(MAIL) if data is None else data)
        self.give(f'{self.dir}/mail/{user}')

    def mailbox(self, user):
        """What is there once the last session has ended."""
        for _ in range(LIMIT * 50):
            with open(f'{self.dir}/log', 'rb') as f:
                log = f.read().decode()
            if len(re.findall(rf'LOGIN, .* user={user},', log)) == len(re.findall(rf'LOGOUT, user={user},', log)):
                break
            time.sleep(0.02)
        with open(f'{self.dir}/mail/{user}', 'rb') as f:
            return f.read()

    def home(self, user, **files):
        """A home directory with those files, which only the user can read."""
        path = f'{self.dir}/home/{user}'
        os.mkdir(path, 0o700)
        for name, text in files.items():
            with open(f'{path}/{name}', 'w', encoding='utf-8') as f:
                f.write(text)
            os.chmod(f'{path}/{name}', 0o600)
            self.give(f'{path}/{name}')
        self.give(path)
        return path

    def run(self, user, *argv, check=True, **kw):
        env = {'PATH': os.environ['PATH'], 'HOME': f'{self.dir}/home/{user}', 'LC_ALL': 'C', 'TERM': 'vt100'}
        p = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=LIMIT, check=False, env=env, cwd=f'{self.dir}/home', **ids(), **kw)
        if check and p.returncode != 0:
            raise Failure(f'{argv[0]} ended with {p.returncode}: {p.stdout[-500:]!r} {p.stderr[-800:]!r}')
        return p.stdout


def fetched(path):
    """The contents of the files in a directory, sorted as the mail is."""
    all_ = []
    for name in os.listdir(path):
        with open(f'{path}/{name}', 'rb') as f:
            all_.append(f.read())
    return sorted(all_, key=lambda m: int(re.search(rb'^Message-ID: <(\d+)', m, re.M)[1]))


def unix(data):
    return data.replace(b'\r\n', b'\n')


# Each client is a function; what it needs is in its documentation's first word.

def python_poplib(place, user):
    """python3"""
    p = poplib.POP3('127.0.0.1', place.port, LIMIT)
    capa = p.capa()
    expect('CAPA', 'USER' in capa and 'PIPELINING' in capa, True)
    p.user(user)
    p.pass_('secret')
    expect('STAT', p.stat(), (len(MAIL), sum(len(m) + m.count(b'\n') for m in MAIL)))
    expect('LIST', p.list()[1], [b'%d %d' % (i, len(m) + m.count(b'\n')) for i, m in enumerate(MAIL, 1)])
    expect('ids', len(set(p.uidl()[1])), len(MAIL))
    for i, m in enumerate(MAIL, 1):
        expect(f'message {i}', b'\n'.join(p.retr(i)[1]) + b'\n', m)
        expect(f'top of {i}', b'\n'.join(p.top(i, 99999999)[1]) + b'\n', m)
    p.noop()
    p.dele(2)
    p.rset()
    p.dele(1)
    p.dele(10)
    p.quit()
    expect('mailbox', place.mailbox(user), mbox(MAIL[1:9]))
    p = poplib.POP3('127.0.0.1', place.port, LIMIT)
    p.apop(user, 'secret')
    expect('STAT after APOP', p.stat()[0], 8)
    p.quit()


def curl(place, user):
    """curl"""
    place.home(user)
    base = ('curl', '-sS', '-m', LIMIT, '-u', f'{user}:secret')
    url = f'pop3://127.0.0.1:{place.port}/'
    listing = place.run(user, *base, url)
    expect('LIST', len(listing.splitlines()), len(MAIL))
    for i, m in enumerate(MAIL, 1):
        expect(f'message {i}', unix(place.run(user, *base, f'{url}{i}')), m)
    expect('UIDL', len(place.run(user, *base, '-X', 'UIDL', url).splitlines()), len(MAIL))
    top = unix(place.run(user, *base, '-X', 'TOP 1 0', url))
    expect('TOP', top, MAIL[0][:MAIL[0].index(b'\n\n') + 2])
    place.run(user, *base, '-I', '-X', 'DELE', f'{url}3')
    expect('mailbox', place.mailbox(user), mbox(MAIL[:2] + MAIL[3:]))


def perl_net_pop3(place, user):
    """perl"""
    place.home(user)
    script = '''use Net::POP3; binmode STDOUT;
        my $p = Net::POP3->new('127.0.0.1', Port => $ARGV[0], Timeout => 30) or die "connect";
        defined $p->login($ARGV[1], 'secret') or die "login";
        my $list = $p->list; my $ids = $p->uidl;
        keys %$list == keys %$ids or die "uidl";
        defined $p->last or die "last"; $p->ping($ARGV[1]);
        for my $n (sort { $a <=> $b } keys %$list) { print @{$p->get($n)}, "\\0"; $p->top($n, 1) or die "top" }
        $p->delete(1); $p->reset; $p->delete(5) or die "delete"; $p->quit or die "quit";'''
    out = place.run(user, 'perl', '-e', script, place.port, user)
    expect('messages', unix(out).split(b'\0')[:-1], MAIL)
    expect('mailbox', place.mailbox(user), mbox(MAIL[:4] + MAIL[5:]))


def fetchmail_rc(place, user, options, server_options=''):
    home = place.home(user)
    os.mkdir(home + '/in')
    place.give(home + '/in')
    rc = (f"set invisible\npoll 127.0.0.1 service {place.port} protocol pop3 {server_options}\n"
          f"user '{user}' password 'secret' sslproto '' no rewrite {options}\n"
          f"mda 'cat >{home}/in/$$'\n")
    with open(f'{home}/rc', 'w', encoding='ascii') as f:
        f.write(rc)
    os.chmod(f'{home}/rc', 0o600)
    place.give(f'{home}/rc')
    place.run(user, 'fetchmail', '-N', '-f', f'{home}/rc', '--pidfile', f'{home}/pid')
    expect('messages', [strip_return_path(m) for m in fetched(home + '/in')], MAIL)


def strip_return_path(message):
    return re.sub(rb'\A(Return-Path|Delivered-To): .*\n', b'', message)


def fetchmail_all(place, user):
    """fetchmail"""
    fetchmail_rc(place, user, 'fetchall')
    expect('mailbox', place.mailbox(user), b'')


def fetchmail_keep(place, user):
    """fetchmail (by TOP, with unique ids)"""
    fetchmail_rc(place, user, 'keep', 'uidl')
    expect('mailbox', place.mailbox(user), mbox(MAIL))


def mpop(place, user):
    """mpop"""
    home = place.home(user)
    for d in ('', '/cur', '/new', '/tmp'):
        os.mkdir(f'{home}/in{d}')
        place.give(f'{home}/in{d}')
    with open(f'{home}/rc', 'w', encoding='ascii') as f:
        f.write(f'account default\nhost 127.0.0.1\nport {place.port}\nuser {user}\npassword secret\ntls off\n'
                f'auth user\npipelining on\ndelivery maildir {home}/in\nuidls_file {home}/uidls\nreceived_header off\n')
    os.chmod(f'{home}/rc', 0o600)
    place.give(f'{home}/rc')
    place.run(user, 'mpop', '-C', f'{home}/rc', '--keep=on')
    expect('messages', fetched(home + '/in/new'), MAIL)
    expect('mailbox, kept', place.mailbox(user), mbox(MAIL))
    place.run(user, 'mpop', '-C', f'{home}/rc', '--keep=off', '--auth=apop')
    expect('messages, once', fetched(home + '/in/new'), MAIL)
    expect('mailbox', place.mailbox(user), b'')


def getmail(place, user):
    """getmail"""
    home = place.home(user)
    for d in ('', '/cur', '/new', '/tmp'):
        os.mkdir(f'{home}/in{d}')
        place.give(f'{home}/in{d}')
    with open(f'{home}/rc', 'w', encoding='ascii') as f:
        f.write(f'[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {place.port}\n'
                f'username = {user}\npassword = secret\n[destination]\ntype = Maildir\npath = {home}/in/\n'
                '[options]\ndelete = true\nreceived = false\ndelivered_to = false\nread_all = true\n')
    os.chmod(f'{home}/rc', 0o600)
    place.give(f'{home}/rc')
    place.run(user, 'getmail', '-g', home, '-r', 'rc')
    expect('messages', [strip_return_path(m) for m in fetched(home + '/in/new')], MAIL)
    expect('mailbox', place.mailbox(user), b'')


def mutt(place, user):
    """mutt"""
    home = place.home(user)
    commands = (f'set ssl_force_tls=no pop_pass=secret folder={home} confirmappend=no delete=yes quit=yes '
                'mbox_type=mbox confirmcreate=no pop_checkinterval=0 wait_key=no;'
                'push "<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>=out<enter>'
                '<untag-pattern>~A<enter>4<enter><delete-message><sync-mailbox><quit>"')
    place.run(user, 'script', '-qec', f"mutt -n -F /dev/null -f pop://{user}@127.0.0.1:{place.port}/ "
              f"-e '{commands}'", '/dev/null')
    with open(home + '/out', 'rb') as f:
        got = re.split(rb'(?:\A|(?<=\n\n))From \S+ .*\n', f.read())[1:]
    plain = [re.sub(rb'(?m)^(Status|Content-Length|Lines|X-Status): .*\n', b'', m) for m in got]
    expect('count', len(plain), len(MAIL))
    for m, want in zip(plain, MAIL):
        expect('message', m.rstrip(b'\n'), want.rstrip(b'\n'))
    expect('mailbox', place.mailbox(user), mbox(MAIL[:3] + MAIL[4:]))


def pipelining_client(place, user):
    """python3 (all commands in one segment)"""
    with socket.create_connection(('127.0.0.1', place.port), LIMIT) as s:
        s.sendall(f'USER {user}\r\nPASS secret\r\n'.encode()
                  + b''.join(b'RETR %d\r\nDELE %d\r\n' % (i, i) for i in range(1, len(MAIL) + 1)) + b'QUIT\r\n')
        data = b''
        while some := s.recv(65536):
            data += some
    expect('answers', data.count(b'\r\n+OK') + data.startswith(b'+OK'), 4 + 2 * len(MAIL))
    expect('mailbox', place.mailbox(user), b'')


CLIENTS = [python_poplib, pipelining_client, curl, perl_net_pop3, fetchmail_all, fetchmail_keep, mpop, getmail, mutt]


def main(names):
    os.umask(0o022)
    failed = 0
    place = Place()
    try:
        place.start()
        for client in CLIENTS:
            name, tool = client.__name__, client.__doc__.split()[0]
            if names and name not in names:
                continue
            if not shutil.which(tool):
                print(f'ok - clients/{name} # SKIP not installed: {tool}')
                continue
            place.deliver(name)
            try:
                client(place, name)
                print(f'ok - clients/{name}: fetched and deleted', flush=True)
            except (Failure, OSError, subprocess.TimeoutExpired, poplib.error_proto) as e:
                failed = 1
                print(f'not ok - clients/{name}\n# ' + str(e).replace('\n', '\n# '), flush=True)
    finally:
        place.stop()
    return failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
