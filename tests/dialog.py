#!/usr/bin/env python3
"""Plays tests/dialog/*.t against ../pop3d and prints TAP.

usage: tests/dialog.py [--mode user|root] [NAME...]

A dialogue is a text of lines. "# title" is the first. These set the scene:

  mailbox FILE...          of tests/mailboxes, one after the other; then joe is
                           logged in with the password "secret", unless:
  connect                  the dialogue begins with the greeting
  mailbox-is WHAT          directory, fifo, symlink, dangling, hardlink,
                           unreadable, readonly, foreign, device, missing,
                           no-directory, closed-directory
  options WORDS            added to the command line; {dir} is a directory
  secrets LINE             added to the secrets file, which has joe's secret; {dir}
                           as above
  script NAME LINE         a line of the program {dir}/NAME
  trace-is NAME WHAT       there, writable, symlink: the file {dir}/NAME
  pam LINE                 a line of a PAM service of its own; {dir} as above, {says} is
                           the module tests/pam_says.c
  no-secrets               the file has nothing but such lines, or is not there
  secrets-is WHAT          readable, symlink, directory, foreign
  state-is WHAT            missing, writable
  default-places           /var/mail/joe, /var/lib/pop3d and PAM alone
  env NAME=VALUE           for the server
  file-limit BYTES         no file that the server writes can grow past that
  only root, only user     the form in which it makes sense
  over pipes, over tcp     instead of a socket pair
  exit STATUS              if it is not 0

These happen in the order in which they stand:

  C: LINE                  said by the client, with CRLF behind it; \\n, \\r, \\0,
                           \\xHH are bytes; {digest:SECRET} is APOP's, {cram:USER:SECRET}
                           CRAM-MD5's answer; {first:USER} and {final:SECRET}
                           SCRAM's two, with n,, before the USER or what is said, {nonce} what the server made of its nonce;
                           {base64:TEXT}; {300*a}
  c: TEXT                  the same without CRLF
  S: PATTERN               a line of the server's; * is free text, ? one byte,
                           {name} a word: the same one wherever it comes again;
                           {stamp} is the greeting's, in base64; {signature} the
                           one that SCRAM's server owes
  C*N: LINE, S*N: PATTERN  N times
  S-body FILE              the lines of FILE, dot-stuffed, up to the last dot
  second PATTERN           another session logs in meanwhile: its last answer
  do WHAT                  something happens outside: append FILE, install FILE,
                           truncate, rewrite (no size or time tells), replace,
                           remove, touch, wait SECONDS, kill, stop (by a signal),
                           kill-session, spoil-index,
                           spoil-journal, lock pid|dead|old|empty|fcntl, unlock
  half-close, close        by the client
  end                      the server closes

These end the session, and look at what it left:

  mailbox-unchanged        bytes, inode, mode and times
  mailbox-keeps N...       of its messages just these, counted from 1
  mailbox-becomes FILE...  one after the other
  mailbox-empty
  log PATTERN, no-log PATTERN
  trace NAME PATTERN | ... the lines of {dir}/NAME, without number and time, or "empty"
  holds NAME WORDS         what the lines of the file {dir}/NAME are
  recover STATUS PATTERN   what --recover says, and ends with
  again, again connect     another session begins, with or without login

Each is played in three ways: with all that the client can say at once in one
packet, a line at a time, and a byte at a time; and in two forms: without root,
and, if we are root, in full separation, with users and PAM of our own in a
mount namespace of our own.
"""
import concurrent.futures as futures
import glob
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

import answers
from pattern import Failure, matches, unescape
from scene import Scene, enter_namespace, read_file
from wire import LIMIT, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = ('packets', 'lines', 'bytes')

TALK = ('C:', 'c:', 'S:', 'S-body')
SCENE = ('mailbox', 'connect', 'mailbox-is', 'options', 'secrets', 'script', 'trace-is', 'pam', 'no-secrets',
         'secrets-is', 'state-is', 'default-places', 'env', 'file-limit', 'only', 'over', 'exit')
LOOKS = ('mailbox-unchanged', 'mailbox-keeps', 'mailbox-becomes', 'mailbox-empty',
         'log', 'no-log', 'trace', 'holds', 'recover', 'again')
ACTS = ('second', 'do', 'half-close', 'close', 'end')
LOGIN = [('S:', '+OK*'), ('C:', 'USER joe'), ('S:', '+OK*'), ('C:', 'PASS secret'), ('S:', '+OK*')]

LATE = r'\{final:|\{nonce\}'  # to be answered to what the server has said

default_places = threading.Lock()  # there is one of them only


# -- the text of a dialogue

def parse(path):
    """The title and the steps, as pairs of a word and the rest."""
    with open(path, encoding='utf-8') as f:
        lines = f.read().split('\n')
    if not lines[0].startswith('# '):
        raise SystemExit(f'{path}: no title')
    steps = []
    for line in lines[1:]:
        if not line or line.startswith('#'):
            continue
        word, _, rest = line.partition(' ')
        times = re.fullmatch(r'([CS])\*(\d+):', word)
        if times:
            steps += [(times[1] + ':', rest)] * int(times[2])
        elif word in TALK + SCENE + LOOKS + ACTS:
            steps.append((word, rest))
        else:
            raise SystemExit(f'{path}: {word}?')
    return lines[0][2:], steps


def in_base64(text):
    return re.sub(r'\{base64:((?:\{.*?\}|[^{}])*)\}', lambda m: answers.encode(unescape(m[1])), text)


# -- one dialogue, played in one way and one form

class Play:
    def __init__(self, program, path, way, form):
        self.title, self.steps = parse(path)
        self.program, self.way, self.form = program, way, form
        self.transcript, self.stamps, self.known = [], [], {}
        self.greeting, self.at, self.said = b'', 0, set()
        self.wire = self.server = self.failure = None

    def play(self):
        """Afterwards "failure" says what went wrong, or is None."""
        self.scene = Scene(self.program, self.steps, self.form)
        places = default_places if self.scene.has('default-places') else threading.Lock()
        with places:
            try:
                self.scene.build()
                self.perform_all()
            except (Failure, OSError, subprocess.TimeoutExpired, LookupError) as e:
                said = '\n'.join(repr(line)[2:-1] for line in self.transcript)
                self.failure = f'{e!r}\nthe server said:\n{said}\nand logged:\n' + \
                    self.scene.log().decode(errors='backslashreplace')
            finally:
                self.clean_up()
        return self

    def clean_up(self):
        if self.wire:
            self.wire.close()
        if self.server and self.server.poll() is None:
            self.server.kill()
            self.server.wait()
        if self.scene.held:
            self.scene.held.close()
        self.scene.remove()

    def perform_all(self):
        has_login = self.scene.has('mailbox') or self.scene.has('mailbox-is')
        if has_login and not self.scene.has('connect'):
            self.steps = LOGIN + self.steps
        self.steps = [s for s in self.steps if s[0] not in SCENE]
        while ('again', '') in self.steps:
            i = self.steps.index(('again', ''))
            self.steps[i:i + 1] = [('again', 'connect')] + LOGIN
        self.server, self.wire = self.connect()
        for self.at, (word, rest) in enumerate(self.steps):
            self.perform(word, rest)
        self.end_session()

    def connect(self):
        """A server and our end of the connection to it."""
        over = self.scene.words('over')
        if over == ['pipes']:
            (r1, w1), (r2, w2) = os.pipe(), os.pipe()
            theirs = os.fdopen(r1, 'rb', 0), os.fdopen(w2, 'wb', 0)
            wire = Wire(os.fdopen(r2, 'rb', 0), os.fdopen(w1, 'wb', 0))
        elif over == ['tcp']:
            with socket.create_server(('127.0.0.1', 0)) as listener:
                ours = socket.create_connection(listener.getsockname(), LIMIT)
                listener.settimeout(LIMIT)
                theirs = (listener.accept()[0],) * 2
            theirs[0].setblocking(True)
            wire = Wire(ours, ours)
        else:
            ours, other = socket.socketpair()
            theirs, wire = (other,) * 2, Wire(ours, ours)
        server = self.scene.start(*theirs)
        for f in theirs:
            f.close()
        return server, wire

    def perform(self, word, rest):
        if word in ('C:', 'c:'):
            self.speak()
        elif word == 'S:':
            self.hear(rest)
        elif word == 'S-body':
            self.hear_body(rest)
        elif word == 'second':
            self.second_session(rest)
        elif (word, rest) == ('do', 'kill'):
            self.server.kill()
        elif (word, rest) == ('do', 'stop'):
            self.server.terminate()
        elif (word, rest) == ('do', 'kill-session'):
            with open(f'/proc/{self.server.pid}/task/{self.server.pid}/children', encoding='ascii') as f:
                os.kill(int(f.read()), signal.SIGKILL)  # there is just the one
        elif (word, rest) in (('do', 'spoil-index'), ('do', 'spoil-journal')):
            for path in glob.glob(f'{self.scene.state}/*.{rest[6:]}'):
                with open(path, 'r+b') as f:
                    f.write(bytes(range(256)))
        elif word == 'do':
            self.scene.do(rest)
        elif word == 'half-close':
            self.wire.half_close()
        elif word == 'close':
            self.wire.close()
        elif word == 'end':
            self.wire.end()
        else:
            self.end_session()
            self.look(word, rest)

    def look(self, word, rest):
        if word != 'again':
            self.scene.look(word, rest)
            return
        self.server, self.wire = self.connect()
        self.greeting = b''

    def end_session(self):
        """The client goes, if it is not gone, and the server after it."""
        if self.wire is None:
            return
        self.wire.close()
        status = self.server.wait(LIMIT)
        self.wire = None
        if status != int((self.scene.words('exit') or ['0'])[-1]):
            raise Failure(f'exit status {status}')
        self.scene.check_remains()

    # -- talking

    def bytes_of(self, i):
        word, rest = self.steps[i]
        if '{digest:' in rest or '{cram:' in rest:
            stamp = re.search(rb'<.*>$', self.greeting)[0]
            rest = re.sub(r'\{digest:(.*?)\}', lambda m: answers.apop(stamp, m[1]), rest)
            rest = re.sub(r'\{cram:(.*?):(.*?)\}', lambda m: answers.cram_md5(stamp, m[1], m[2]), rest)
        if re.search(LATE, rest):
            rest = self.answer_scram(rest)
        rest = re.sub(r'\{first:(.*?)\}', lambda m: self.begin_scram(i, m[1]), rest)
        return unescape(in_base64(rest)) + (b'\r\n' if word == 'C:' else b'')

    def begin_scram(self, i, user):
        mechanism = [rest.split()[1] for word, rest in self.steps[:i + 1]
                     if word == 'C:' and rest.startswith('AUTH SCRAM')][-1]
        self.scram = answers.Scram(mechanism)
        return self.scram.first(user)

    def answer_scram(self, rest):
        nonce = self.scram.challenge(self.transcript[-1][2:])
        rest = rest.replace('{nonce}', nonce)
        final = re.search(r'\{final:(.*?)\}', rest)
        if final:
            answer, signature = self.scram.final(final[1])
            self.known['signature'] = signature.encode()
            rest = rest.replace(final[0], answer)
        return rest

    def speak(self):
        """In packets, everything up to where something else has to happen."""
        if self.way == 'bytes':
            self.wire.send_bytes(self.bytes_of(self.at))
        elif self.way == 'lines':
            self.wire.send(self.bytes_of(self.at))
        elif self.at not in self.said:
            data = b''
            for i in range(self.at, len(self.steps)):
                if self.steps[i][0] not in TALK or (i > self.at and re.search(LATE, self.steps[i][1])):
                    break
                if self.steps[i][0] in ('C:', 'c:'):
                    data += self.bytes_of(i)
                    self.said.add(i)
            self.wire.send(data)

    def hear_line(self):
        line = self.wire.line()
        if not self.greeting:
            self.greeting = line
            self.stamps += re.findall(rb'<.*>$', line)
            self.known['stamp'] = b''.join(answers.encode(s).encode() for s in self.stamps[-1:])
        self.transcript.append(line)
        return line

    def hear(self, pattern):
        line, pattern = self.hear_line(), in_base64(pattern)
        if not matches(pattern, line, self.known):
            raise Failure(f'expected {pattern}, got {line!r}')

    def hear_body(self, name):
        announced = re.fullmatch(rb'\+OK (\d+) octets', self.transcript[-1])
        lines = read_file(name).replace(b'\r\n', b'\n').split(b'\n')[:-1]
        if announced and int(announced[1]) != sum(len(line) + 2 for line in lines):
            raise Failure(f'{name} has not the size that is announced')
        for line in lines:
            want = (b'.' if line.startswith(b'.') else b'') + line
            got = self.hear_line()
            if got != want:
                raise Failure(f'expected {want!r}, got {got!r}')
        self.hear('.')

    def second_session(self, pattern):
        server, wire = self.connect()
        try:
            wire.send(b'USER joe\r\nPASS secret\r\n')
            wire.line()
            wire.line()
            line = wire.line()
            if not matches(pattern, line, self.known):
                raise Failure(f'expected {pattern}, got {line!r}')
        finally:
            wire.close()
            if server.wait(LIMIT) != 0:
                raise Failure('the second session\'s exit status')

    def heard(self):
        """What has to be the same in all ways."""
        return [re.sub(rb'^(\+OK POP3 ready) <.*>$|^(\+ )(?:P[D-G]|[cd]j[0-3])\S+$', rb'\1\2', line) for line in self.transcript]


# -- all of them

def report(name, form, plays):
    """The TAP lines of a dialogue; the answers must not depend on the way."""
    stamps = [s for p in plays for s in p.stamps]
    for p in plays:
        if not p.failure and p.heard() != plays[0].heard():
            p.failure = f'the answers are not those to {WAYS[0]}:\n{plays[0].heard()}\n{p.heard()}'
        if not p.failure and len(set(stamps)) != len(stamps):
            p.failure = 'a timestamp comes twice'
        text = f'ok - dialog/{name} ({p.way}, {form}): {p.title}'
        yield 'not ' + text + '\n# ' + p.failure.replace('\n', '\n# ') if p.failure else text


def play_all(program, form, names):
    paths = [f'{HERE}/dialog/{n}.t' for n in names] or sorted(glob.glob(f'{HERE}/dialog/*.t'))
    failed = False
    pool = futures.ThreadPoolExecutor(48)  # most of them only wait
    try:
        jobs = []
        for path in paths:
            only = [rest for word, rest in parse(path)[1] if word == 'only'] or [form]
            if form in only:
                jobs.append((path, [pool.submit(Play(program, path, way, form).play) for way in WAYS]))
        for path, plays in jobs:
            for line in report(os.path.basename(path)[:-2], form, [p.result() for p in plays]):
                print(line, flush=True)
                failed |= line.startswith('not')
    finally:
        pool.shutdown(cancel_futures=True)  # also where we are interrupted
    return failed


def run(form, names):
    """Plays them all in one place, with a copy of the program that every uid can reach."""
    place = tempfile.mkdtemp(prefix='pop3d-dialog-')
    try:
        os.chmod(place, 0o755)
        program = shutil.copy(os.path.join(os.path.dirname(HERE), 'pop3d'), place)
        shutil.copy(os.path.join(HERE, 'bin/pam_says.so'), place)
        return play_all(program, form, names)
    finally:
        shutil.rmtree(place)


def play_in_namespace(names):
    sys.stdout.flush()
    inner = subprocess.Popen(['unshare', '--mount', '--propagation', 'private', sys.executable,
                              os.path.abspath(__file__), '--inside'] + names)
    try:
        return inner.wait() != 0
    finally:
        if inner.poll() is None:
            inner.terminate()
        inner.wait()  # it has to tidy up


def leave(number, _frame):
    """Once: what is under way ends, and is tidied up."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    if argv[:1] == ['--inside']:
        enter_namespace()
        return int(run('root', argv[1:]))
    form = None
    if argv[:1] == ['--mode']:
        form, argv = argv[1], argv[2:]
    for name in argv:
        if not os.path.exists(f'{HERE}/dialog/{name}.t'):
            sys.exit(f'no dialogue {name}; ' + __doc__.split('\n')[2])
    failed = False
    if form in (None, 'user'):
        failed |= run('user', argv)
    if form in (None, 'root') and os.geteuid() != 0:
        print('ok - dialog: full separation # SKIP not root')
    elif form in (None, 'root'):
        failed |= play_in_namespace(argv)
    return int(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
