#!/usr/bin/env python3
"""Plays tests/dialog/*.t against ../pop3d and prints TAP.

usage: tests/dialog.py [--mode user|root] [NAME...]

A dialogue is a text of lines:

  # title                  the first line
  mailbox FILE             of tests/mailboxes; then joe is logged in, unless:
  connect                  the dialogue begins with the greeting
  options WORDS            added to the command line
  secrets LINE             added to the secrets file, which has joe's "secret"
  no-secrets               there is no secrets file, or one that is unfit:
  secrets-is WHAT          readable, symlink, directory
  env NAME=VALUE           for the server
  only root, only user     the form in which it makes sense
  over pipes               instead of a socket pair
  mailbox-is WHAT          directory, fifo, symlink, hardlink, unreadable,
                           foreign, missing, no-directory
  C: LINE                  said by the client, with CRLF behind it; \\n, \\r,
                           \\0, \\xHH; {digest:SECRET} is APOP's; {300*a}
  c: TEXT                  the same without CRLF
  S: PATTERN               a line of the server's; * is free text
  S-body FILE              dot-stuffed lines of FILE, CRLF, up to the dot
  do WHAT                  something happens to the mailbox: append FILE,
                           truncate, rewrite, replace, touch, lock PID|dead|old,
                           unlock, wait SECONDS, second (another session logs
                           in: its answer is the next S line)
  half-close, close        by the client
  end                      the server closes
  mailbox-unchanged        bytes, inode, mode and times
  mailbox-keeps N...       of its messages just these, counted from 1
  mailbox-becomes FILE...  one after the other
  mailbox-empty
  no-lock-file
  log PATTERN              such a line was logged; no-log PATTERN
  exit STATUS

Each is played in three ways: what the client says in as few packets as
possible, a line at a time, and a byte at a time; and in two forms: without
root, and, if we are root, in full separation, with users and PAM of our own in
a mount namespace of our own.
"""
import concurrent.futures as futures
import fcntl
import fnmatch
import glob
import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.dirname(HERE), 'pop3d')
MAILBOXES = os.path.join(HERE, 'mailboxes')
LIMIT = 30  # seconds for any wait
NOBODY = 65534
JOE, ANNA, JAIL = 2001, 2002, 2003
WAYS = ('packets', 'lines', 'bytes')


class Failure(Exception):
    pass


def unescape(text):
    text = re.sub(r'\{(\d+)\*(.+?)\}', lambda m: m[2] * int(m[1]), text)
    out = re.sub(rb'\\(x[0-9a-f]{2}|[nr0\\])',
                 lambda m: {b'n': b'\n', b'r': b'\r', b'0': b'\0', b'\\': b'\\'}.get(m[1])
                 or bytes([int(m[1][1:], 16)]), text.encode())
    return out


def parse(path):
    """The title and the steps, as pairs of a word and the rest."""
    lines = open(path, encoding='utf-8').read().split('\n')
    steps = []
    for line in lines[1:]:
        if line and not line.startswith('#'):
            word, _, rest = line.partition(' ')
            steps.append((word, rest))
    return lines[0].lstrip('# '), steps


def read_file(name):
    with open(os.path.join(MAILBOXES, name), 'rb') as f:
        return f.read()


def messages_of(data):
    return [m if i == 0 else b'From ' + m for i, m in enumerate(re.split(rb'(?<=\n\n)From ', data))]


class Play:
    """One dialogue, played in one way and one form."""

    def __init__(self, steps, way, form):
        self.steps, self.way, self.form = steps, way, form
        self.dir = tempfile.mkdtemp(prefix='pop3d-dialog-')
        self.mailbox = f'{self.dir}/mail/joe'
        self.waiting, self.input, self.transcript, self.greeting = b'', b'', [], b''
        self.sock = self.server = None

    def owner(self):
        return JOE if self.form == 'root' else os.geteuid() or NOBODY

    def words(self, word):
        return [rest for w, rest in self.steps if w == word]

    # -- the scene

    def give(self, path, mode):
        os.chmod(path, mode)
        if os.geteuid() == 0:
            os.chown(path, self.owner(), 8 if self.form == 'root' else NOBODY)

    def write_mailbox(self, data):
        self.bytes = data
        with open(self.mailbox, 'wb') as f:
            f.write(data)
        self.give(self.mailbox, 0o660)
        os.utime(self.mailbox, ns=(1700000000123456789, 1700000001123456789))

    def build_scene(self):
        os.chmod(self.dir, 0o755)
        os.mkdir(f'{self.dir}/mail')
        os.mkdir(f'{self.dir}/state')
        os.chmod(f'{self.dir}/state', 0o711)
        if self.form == 'root':
            os.chown(f'{self.dir}/mail', 0, 8)
            os.chmod(f'{self.dir}/mail', 0o2775)
        elif os.geteuid() == 0:
            for d in ('', 'mail', 'state'):
                os.chown(f'{self.dir}/{d}', NOBODY, NOBODY)
        for name in self.words('mailbox'):
            self.write_mailbox(read_file(name))
        for what in self.words('mailbox-is'):
            self.spoil_mailbox(what)
        self.write_secrets()
        if os.path.lexists(self.mailbox) and os.path.isfile(self.mailbox):
            self.before = self.stat()

    def spoil_mailbox(self, what):
        path, other = self.mailbox, self.mailbox + '.other'
        if what in ('missing', 'directory', 'fifo', 'symlink') and os.path.exists(path):
            os.rename(path, other)
        if what == 'directory':
            os.mkdir(path)
        elif what == 'fifo':
            os.mkfifo(path)
        elif what == 'symlink':
            os.symlink(other, path)
        elif what == 'hardlink':
            os.link(path, other)
        elif what == 'unreadable':
            os.chmod(path, 0)
        elif what == 'foreign':
            os.chown(path, ANNA, 8)
            os.chmod(path, 0o666)
        elif what == 'no-directory':
            shutil.rmtree(f'{self.dir}/mail')
        elif what != 'missing':
            raise Failure(f'mailbox-is {what}?')

    def write_secrets(self):
        path = f'{self.dir}/secrets'
        if self.words('no-secrets') and not self.words('secrets'):
            return
        with open(path, 'w', encoding='utf-8') as f:
            if not self.words('no-secrets'):
                f.write('# a comment\n\njoe:{PLAIN}secret\n')
            for line in self.words('secrets'):
                f.write(line + '\n')
        os.chmod(path, 0o600)
        for what in self.words('secrets-is'):
            if what == 'readable':
                os.chmod(path, 0o644)
            elif what == 'symlink':
                os.rename(path, path + '.other')
                os.symlink(path + '.other', path)
            elif what == 'directory':
                os.unlink(path)
                os.mkdir(path, 0o700)
        if self.form == 'user' and os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def stat(self):
        s = os.stat(self.mailbox)
        return s.st_ino, s.st_mode, s.st_size, s.st_atime_ns, s.st_mtime_ns, s.st_nlink

    # -- the server

    def command(self):
        argv = [PROGRAM, f'--secrets={self.dir}/secrets', f'--state={self.dir}/state',
                f'--mailbox={self.dir}/mail/%u', '--stderr']
        if self.form == 'user':
            argv.append('--no-pam')
        for words in self.words('options'):
            argv += words.split()
        return argv

    def start(self, inside, outside):
        env = {'PATH': os.environ['PATH']}
        env.update(e.split('=', 1) for e in self.words('env'))
        ids = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} \
            if self.form == 'user' and os.geteuid() == 0 else {}
        with open(f'{self.dir}/log', 'ab') as log:
            return subprocess.Popen(self.command(), stdin=inside, stdout=outside, stderr=log, env=env, cwd='/', **ids)

    def connect(self):
        """A server of its own; returns a socket, or a pair of pipe ends."""
        if self.words('over'):
            r1, w1 = os.pipe()
            r2, w2 = os.pipe()
            self.server = self.start(r1, w2)
            os.close(r1)
            os.close(w2)
            return Pipes(r2, w1)
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        self.server = self.start(theirs, theirs)
        theirs.close()
        return ours

    # -- talking

    def say(self, data):
        self.waiting += data
        if self.way != 'packets':
            self.flush()

    def flush(self):
        data, self.waiting = self.waiting, b''
        try:
            if self.way != 'bytes':
                self.sock.sendall(data)
                return
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
                self.let_it_read()
        except (BrokenPipeError, ConnectionResetError):
            pass  # what was expected of the server decides

    def let_it_read(self):
        """Waits a moment for the server to take the byte."""
        if isinstance(self.sock, Pipes):
            return
        for _ in range(40):
            if struct.unpack('i', fcntl.ioctl(self.sock, termios.TIOCOUTQ, b'\0' * 4))[0] == 0:
                return
            time.sleep(0.0005)

    def hear_line(self):
        self.flush()
        while b'\n' not in self.input:
            try:
                some = self.sock.recv(65536)
            except ConnectionResetError:
                some = b''
            except (TimeoutError, socket.timeout):
                raise Failure('no answer in time')
            if not some:
                raise Failure(f'end of connection, with {self.input!r}')
            self.input += some
        line, _, self.input = self.input.partition(b'\n')
        if not line.endswith(b'\r'):
            raise Failure(f'line without CR: {line!r}')
        self.transcript.append(line[:-1])
        return line[:-1]

    def expect(self, pattern):
        line = self.hear_line()
        text = line.decode('utf-8', 'backslashreplace')
        glob_ = pattern.replace('[', '[[]')
        if not fnmatch.fnmatchcase(text, glob_):
            raise Failure(f'expected {pattern!r}, got {text!r}')
        return line

    def expect_body(self, name):
        for line in read_file(name).replace(b'\r\n', b'\n').split(b'\n')[:-1]:
            want = (b'.' if line.startswith(b'.') else b'') + line
            got = self.hear_line()
            if got != want:
                raise Failure(f'expected {want!r}, got {got!r}')
        self.expect('.')

    def expect_end(self):
        self.flush()
        try:
            rest = self.input or self.sock.recv(65536)
        except ConnectionResetError:
            rest = b''
        if rest:
            raise Failure(f'expected the end, got {rest!r}')

    def log_in(self):
        self.greeting = self.hear_line()
        for command in ('USER joe', 'PASS secret'):
            self.say(command.encode() + b'\r\n')
            self.expect('+OK*')

    # -- what happens outside

    def do(self, what):
        word, _, rest = what.partition(' ')
        if word == 'append':
            with open(self.mailbox, 'ab') as f:
                f.write(read_file(rest))
        elif word == 'truncate':
            os.truncate(self.mailbox, os.path.getsize(self.mailbox) - 1)
        elif word == 'rewrite':
            with open(self.mailbox, 'r+b') as f:
                data = f.read()
                f.seek(0)
                f.write(data.replace(b'Subject', b'sUBJECT'))
        elif word == 'replace':
            with open(self.mailbox + '.new', 'wb') as f:
                f.write(self.bytes)
            self.give(self.mailbox + '.new', 0o660)
            os.rename(self.mailbox + '.new', self.mailbox)
        elif word == 'touch':
            os.utime(self.mailbox)
        elif word == 'lock':
            self.await_unlock()
            with open(self.mailbox + '.lock', 'x') as f:
                f.write({'pid': str(os.getpid()), 'dead': str(self.dead_pid()), 'old': '1'}[rest])
            if rest == 'old':
                os.utime(self.mailbox + '.lock', (time.time() - 400,) * 2)
        elif word == 'unlock':
            os.unlink(self.mailbox + '.lock')
        elif word == 'wait':
            time.sleep(float(rest))
        elif word == 'second':
            self.second_session()
        else:
            raise Failure(f'do {what}?')

    def await_unlock(self):
        """The monitor may still be about to remove its own."""
        for _ in range(LIMIT * 100):
            if not os.path.exists(self.mailbox + '.lock'):
                return
            time.sleep(0.01)

    def dead_pid(self):
        p = subprocess.Popen(['true'])
        p.wait()
        return p.pid

    def second_session(self):
        """Another session tries to log in; its last answer is heard next."""
        first, sock = self.server, self.sock
        other = self.connect()
        other.sendall(b'USER joe\r\nPASS secret\r\n')
        data = b''
        while data.count(b'\n') < 3:
            some = other.recv(4096)
            if not some:
                break
            data += some
        other.close()
        self.server.wait(LIMIT)
        self.server, self.sock = first, sock
        self.input += data.split(b'\n')[2] + b'\n'

    # -- the play

    def perform(self, word, rest):
        if word in ('C:', 'c:'):
            if '{digest:' in rest:
                self.flush()
                stamp = re.search(rb'<.*>$', self.greeting)[0]
                rest = re.sub(r'\{digest:(.*?)\}',
                              lambda m: hashlib.md5(stamp + m[1].encode()).hexdigest(), rest)
            self.say(unescape(rest) + (b'\r\n' if word == 'C:' else b''))
        elif word == 'S:':
            line = self.expect(rest)
            self.greeting = self.greeting or line
        elif word == 'S-body':
            self.expect_body(rest)
        elif word == 'do':
            self.flush()
            self.do(rest)
        elif word == 'half-close':
            self.flush()
            self.sock.shutdown(socket.SHUT_WR)
        elif word == 'close':
            self.flush()
            self.sock.close()
        elif word == 'end':
            self.expect_end()

    def finish(self):
        """Ends the session and looks at what it left."""
        if not self.words('close'):
            self.flush()
        self.sock.close()
        status = self.server.wait(LIMIT)
        log = open(f'{self.dir}/log', encoding='utf-8', errors='backslashreplace').read()
        for word, rest in self.steps:
            self.look(word, rest, status, log)

    def look(self, word, rest, status, log):
        lines = [re.sub(r'^\S+ ', '', line) for line in log.splitlines()]
        found = any(fnmatch.fnmatchcase(line, rest.replace('[', '[[]')) for line in lines)
        now = None
        if word.startswith('mailbox-') and word != 'mailbox-is':
            stat = self.stat()
            now = open(self.mailbox, 'rb').read()
        if word == 'mailbox-unchanged' and (now != self.bytes or stat != self.before):
            raise Failure(f'the mailbox has changed: {self.before} {stat}')
        want = None
        if word == 'mailbox-keeps':
            all_ = messages_of(self.bytes)
            want = b''.join(all_[int(n) - 1] for n in rest.split())
        elif word == 'mailbox-becomes':
            want = b''.join(read_file(name) for name in rest.split())
        elif word == 'mailbox-empty':
            want = b''
        if want is not None and now != want:
            raise Failure(f'the mailbox is {now!r}, not {want!r}')
        if want is not None and os.stat(self.mailbox).st_ino != self.before[0]:
            raise Failure('the mailbox is another file')
        if word == 'log' and not found or word == 'no-log' and found:
            raise Failure(f'{word} {rest}')
        if word == 'no-lock-file' and os.path.exists(self.mailbox + '.lock'):
            raise Failure('there is a lock file')
        if word == 'exit' and status != int(rest) or word != 'exit' and status != 0 and not self.words('exit'):
            raise Failure(f'exit status {status}')

    def play(self):
        """Returns the transcript; raises Failure."""
        try:
            self.build_scene()
            self.sock = self.connect()
            if self.words('mailbox') + self.words('mailbox-is') and not any(w == 'connect' for w, _ in self.steps):
                self.log_in()
            for word, rest in self.steps:
                self.perform(word, rest)
            self.finish()
            return [re.sub(rb'<.*?>', b'<>', line) for line in self.transcript]
        except (Failure, OSError, subprocess.TimeoutExpired) as e:
            log = ''
            if os.path.exists(f'{self.dir}/log'):
                log = open(f'{self.dir}/log', errors='replace').read()
            raise Failure(f'{e}\nserver: {log}transcript: {self.transcript}') from None
        finally:
            if self.server and self.server.poll() is None:
                self.server.kill()
                self.server.wait()
            if self.sock:
                self.sock.close()
            shutil.rmtree(self.dir)


class Pipes:
    """Two pipe ends that look like a socket."""

    def __init__(self, r, w):
        self.r, self.w = os.fdopen(r, 'rb', 0), os.fdopen(w, 'wb', 0)

    def sendall(self, data):
        self.w.write(data)

    def recv(self, n):
        return self.r.read(n)

    def shutdown(self, _how):
        self.w.close()

    def close(self):
        self.r.close()
        self.w.close()


def play_one(path, way, form):
    """The transcript, or the Failure."""
    try:
        return Play(parse(path)[1], way, form).play()
    except Failure as e:
        return e


def report(path, form, outcomes):
    """The TAP lines of a dialogue; the answers must not depend on the way."""
    name, title = 'dialog/' + os.path.basename(path)[:-2], parse(path)[0]
    for way, outcome in zip(WAYS, outcomes):
        if not isinstance(outcome, Failure) and outcome != outcomes[0]:
            outcome = Failure(f'answers differ from those to {WAYS[0]}:\n{outcomes[0]}\n{outcome}')
        if isinstance(outcome, Failure):
            yield f'not ok - {name} ({way}, {form}): {title}\n# ' + str(outcome).replace('\n', '\n# ')
        else:
            yield f'ok - {name} ({way}, {form}): {title}'


def is_for(path, form):
    return form in [rest for w, rest in parse(path)[1] if w == 'only'] or \
        not any(w == 'only' for w, _ in parse(path)[1])


def enter_namespace():
    """Users, PAM and temporary files of our own: in this namespace only."""
    d = tempfile.mkdtemp(prefix='pop3d-root-')
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'pop3d', d], check=True)
    for name in ('passwd', 'group', 'shadow', 'pam.d'):
        source = '/etc/' + name
        (shutil.copytree if name == 'pam.d' else shutil.copy)(source, f'{d}/{name}')
    crypt = subprocess.run(['openssl', 'passwd', '-6', "anna's unix password"], capture_output=True, check=True, text=True)
    with open(d + '/passwd', 'a') as p, open(d + '/group', 'a') as g, open(d + '/shadow', 'a') as s:
        for name, uid, expiry in (('joe', JOE, ''), ('anna', ANNA, ''), ('pop3d', JAIL, ''), ('gone', 2004, '1')):
            p.write(f'{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n')
            g.write(f'{name}:x:{uid}:\n')
            s.write(f'{name}:{crypt.stdout.strip()}:19000:0:99999:7::{expiry}:\n')
    with open(d + '/pam.d/pop3d', 'w') as f:
        f.write('auth required pam_unix.so\naccount required pam_unix.so\n')
    with open(d + '/pam.d/other', 'w') as f:
        f.write('auth required pam_deny.so\naccount required pam_deny.so\n')
    for name in ('passwd', 'group', 'shadow', 'pam.d'):
        subprocess.run(['mount', '--bind', f'{d}/{name}', '/etc/' + name], check=True)
    subprocess.run(['umount', '-l', d], check=True)
    os.rmdir(d)


def run(form, names):
    """Plays them all, with a copy of the program where every uid can reach it."""
    global PROGRAM
    place = tempfile.mkdtemp(prefix='pop3d-program-')
    try:
        os.chmod(place, 0o755)
        PROGRAM = shutil.copy(PROGRAM, place)
        return play_all(form, names)
    finally:
        PROGRAM = os.path.join(os.path.dirname(HERE), 'pop3d')
        shutil.rmtree(place)


def play_all(form, names):
    paths = [f'{HERE}/dialog/{n}.t' for n in names] or sorted(glob.glob(f'{HERE}/dialog/*.t'))
    failed = 0
    with futures.ThreadPoolExecutor(48) as pool:  # most of them only wait
        jobs = [(p, [pool.submit(play_one, p, way, form) for way in WAYS]) for p in paths if is_for(p, form)]
        for path, ways in jobs:
            for line in report(path, form, [w.result() for w in ways]):
                print(line, flush=True)
                failed |= line.startswith('not')
    return failed


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if argv[:1] == ['--inside']:
        enter_namespace()
        return run('root', argv[1:])
    form = None
    if argv[:1] == ['--mode']:
        form, argv = argv[1], argv[2:]
    failed = 0
    if form in (None, 'user'):
        failed |= run('user', argv)
    if form in (None, 'root'):
        if os.geteuid() != 0:
            print('ok - dialog: full separation # SKIP not root')
        else:
            sys.stdout.flush()
            failed |= subprocess.call(['unshare', '--mount', '--propagation', 'private', sys.executable,
                                       os.path.abspath(__file__), '--inside'] + argv) != 0
    return int(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
