#!/usr/bin/env python3
"""Memory runs out: each allocation of a whole session fails, alone, and then
with all that come after it; in each of the session's processes. TAP.

tests/oom.py [--one KIND PROCESS N once|lasting]

No process dies of it. The client is told that something has failed which may
pass, or the connection ends; the log says so; and the next session finds the
mailbox as it was, or as QUIT has said that it is. Which allocations these are
says oom.c: ours, and those of libraries that are linked in.
"""
import collections
import concurrent.futures as futures
import glob
import os
import re
import shutil
import socket
import struct
import subprocess
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

import answers
from scene import Scene, enter_namespace
from variant import place

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 60  # seconds for any wait
PAGE = struct.Struct('<4IQ8I')  # what oom.c shares with us
NAMES = ('monitor', 'session', 'login') + ('child',) * 5
COUNT, DELETED = 300, (2, 7, 250)  # their index has to grow
HASH = '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1'

GONE = 'QUIT has failed, but something is gone'
# What depends on the secrets file is not offered while it cannot be read.
FOR_NOW = (b'-ERR [SYS/TEMP]', b'-ERR that mechanism is not offered here')


def message(n):
    lines = ''.join(f'line {i} of message {n}\n' for i in range(n % 7 * 20))
    return f'From ada@example.org Mon Mar  4 09:12:00 2024\nSubject: number {n}\n\n{lines}\n'.encode()


MESSAGES = [message(n) for n in range(1, COUNT + 1)]
OLD, EARLIER = b''.join(MESSAGES), b''.join(MESSAGES[:100])
NEW = b''.join(m for n, m in enumerate(MESSAGES, 1) if n not in DELETED)

Kind = collections.namedtuple('Kind', 'login steps form')
CHECK = [('options', '--checkpassword={dir}/check'), ('script', 'check #!/bin/sh'),
         ('script', 'check exec "$@" 3<&-'), ('no-secrets', '')]
KINDS = {
    'plain': Kind('pass', [], 'user'),
    'hash': Kind('pass', [('no-secrets', ''), ('secrets', 'joe:{CRYPT}' + HASH)], 'user'),
    'apop': Kind('apop', [], 'user'),
    'scram': Kind('scram', [], 'user'),
    'grown': Kind('pass', [], 'user'),  # there is an index of some of them
    'open': Kind('pass', [], 'user'),  # there is an update to be finished
    'recover': Kind('none', [], 'user'),  # that by --recover
    'checkpassword': Kind('pass', CHECK, 'user'),
    'root': Kind('pass', [], 'root'),
    'pam': Kind('pass', [('no-secrets', '')], 'root'),
}
PASSWORDS = {'pam': "anna's unix password"}  # joe has the same


class Talk:
    """The client's end: each command waits for its answer, until one fails."""

    def __init__(self, sock):
        self.sock, self.file = sock, sock.makefile('rb')
        self.heard = []  # answers, whole; an unfinished one is cut by the end

    def line(self):
        try:
            return self.file.readline()
        except ConnectionError:
            return b''

    def answer(self, has_body):
        first = text = self.line()
        while has_body and first.startswith(b'+OK') and text.endswith(b'\n') and not text.endswith(b'\n.\r\n'):
            more = self.line()
            text += more
            if not more:
                break
        self.heard.append(text)
        return first.startswith((b'+OK', b'+ ')) and text.endswith(b'\r\n')

    def say(self, command, has_body=False):
        try:
            self.sock.sendall(command.encode() + b'\r\n')
        except OSError:
            pass
        return self.answer(has_body)

    def log_in(self, how, password):
        if not self.answer(False):
            return False
        if how == 'apop':
            stamp = re.search(rb'<.*>', self.heard[0])  # not there if the secrets cannot be read
            return stamp and self.say(f'APOP joe {answers.apop(stamp[0], password)}')
        if how == 'scram':
            client = answers.Scram('SCRAM-SHA-256')
            if not self.say(f'AUTH SCRAM-SHA-256 {client.first("joe")}'):
                return False
            client.challenge(self.heard[-1][2:].strip())
            return self.say(client.final(password)[0]) and self.say('')
        return self.say('USER joe') and self.say(f'PASS {password}')

    def work(self, deleted):
        """Whether QUIT was answered, and all before it."""
        return (self.say('STAT') and self.say('LIST', True) and self.say('UIDL', True) and
                self.say('RETR 6', True) and self.say(f'TOP {COUNT - 3} 1', True) and
                all(self.say(f'DELE {n}') for n in deleted) and self.say('QUIT'))

    def close(self):
        self.file.close()
        self.sock.close()


def comparable(heard):
    """Nonces and challenges differ."""
    return [re.sub(rb'^(\+OK POP3 ready) <.*>|^(\+ )\S+', rb'\1\2', a) for a in heard]


class Trial:
    """A scene, a session that runs out of memory, and one after it."""

    def __init__(self, directory, name, process=0, nth=0, lasting=False):
        self.place, self.name, self.kind = directory, name, KINDS[name]
        self.asked = process, nth, int(lasting)
        self.password = PASSWORDS.get(name, 'secret')
        self.wrong, self.heard, self.is_told, self.logged = [], [], False, ''
        self.status = self.failed = self.caller = 0
        self.made = []

    def __str__(self):
        process, nth, lasting = self.asked
        return f'--one {self.name} {process} {nth} {"lasting" if lasting else "once"}'

    def expect(self, holds, what):
        if not holds:
            self.wrong.append(what)

    def play(self, clean=None):
        """"clean" is the same without a fault: its answers are the right ones."""
        self.scene = Scene(f'{self.place}/pop3d', self.kind.steps, self.kind.form)
        self.page = f'{self.scene.dir}/page'
        try:
            self.scene.build()
            self.prepare()
            log = len(self.scene.log())
            self.starve()
            self.logged = self.scene.log()[log:].decode(errors='backslashreplace')
            self.judge(clean)
            self.look_after()
        except (OSError, subprocess.TimeoutExpired) as e:
            self.wrong.append(repr(e))
        finally:
            self.scene.remove()
        return self

    def prepare(self):
        """What the kind's mailbox has behind it."""
        self.scene.write_mailbox(EARLIER if self.name == 'grown' else OLD)
        if self.name == 'grown':
            self.session({})
            self.scene.write_mailbox(OLD)
        if self.name in ('open', 'recover'):
            self.session({}, ['./inject', '2:fsync:2:crash-after'], DELETED)
            assert any(os.path.getsize(p) for p in glob.glob(f'{self.scene.state}/*.journal'))
            self.scene.do_unlock()

    def start(self, env, stdio, before=(), more=()):
        scene = self.scene
        with open(f'{scene.dir}/log', 'ab') as log:
            argv = [f'{self.place}/oom' if env else scene.program, '--stderr'] + scene.options() + list(more)
            return subprocess.Popen(list(before) + argv, stdin=stdio, stdout=stdio, stderr=log,
                                    env={'PATH': os.environ['PATH'], **env}, cwd=self.place, **scene.ids())

    def session(self, env, before=(), deleted=()):
        """A whole one; its exit status."""
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        with theirs:
            process = self.start(env, theirs, before)
        talk = Talk(ours)
        try:
            self.is_told = talk.log_in(self.kind.login, self.password) and talk.work(deleted)
            self.heard = comparable(talk.heard)
            talk.close()
            return process.wait(LIMIT)
        finally:
            talk.close()
            if process.poll() is None:
                process.kill()
            process.wait()

    def starve(self):
        with open(self.page, 'wb') as f:
            f.write(PAGE.pack(*self.asked, 0, 0, *[0] * 8))
        os.chmod(self.page, 0o666)
        env = {'OOM': self.page}
        if self.kind.login == 'none':
            with open(os.devnull, 'r+b') as null:
                process = self.start(env, null, more=['--recover'])
            self.status = process.wait(LIMIT)
        else:
            self.status = self.session(env, deleted=() if self.name == 'open' else DELETED)
        with open(self.page, 'rb') as f:
            _, _, _, self.failed, self.caller, *self.made = PAGE.unpack(f.read(PAGE.size))

    def judge(self, clean):
        """Right answers, up to one that says that it may pass, or the end."""
        self.expect(self.status >= 0, f'it ended by signal {-self.status}')
        self.expect('by signal' not in self.logged, 'a process was ended by a signal')
        if clean is None:
            self.expect(self.is_told or self.kind.login == 'none', f'without a fault: {self.heard[-1:]}')
            return
        if self.heard == clean.heard and self.status == clean.status:
            return
        *right, last = self.heard or [b'']
        self.expect(right == clean.heard[:len(right)], 'an answer is another one')
        is_cut = (clean.heard + [b''])[len(right)].startswith(last)
        self.expect(is_cut or last.startswith(FOR_NOW), f'the last answer is {last!r}')
        routine = re.compile(r'pop3d\\[\\d+\\]: (LOGIN, |LOGOUT, (?!.*error))')
        self.expect([line for line in self.logged.splitlines() if not routine.match(line)], 'nothing was logged')

    def where(self):
        """The functions that wanted memory."""
        if not self.caller:
            return []
        return subprocess.run(['addr2line', '-sfe', f'{self.place}/oom', hex(self.caller)], check=False,
                              stdout=subprocess.PIPE, text=True).stdout.split()

    def look_after(self):
        heard, is_told = self.heard, self.is_told
        if self.kind.login == 'none':
            self.kind = self.kind._replace(login='pass')
        for _ in range(400):  # a lock file may still be about to be removed
            if not os.path.exists(self.scene.mailbox + '.lock'):
                break
        status = self.session({})
        self.expect(status == 0 and self.is_told, f'no session afterwards: {self.heard[-1:]}')
        with open(self.scene.mailbox, 'rb') as f:
            data = f.read()
        if self.name in ('open', 'recover') or is_told:
            self.expect(data == NEW, 'the messages are still there')
        elif heard[-1:] and heard[-1].startswith(b'-ERR'):
            self.expect(data == OLD, GONE)
        else:
            self.expect(data in (OLD, NEW), 'the mailbox is neither the old nor the new one')
        try:
            self.scene.check_remains()
        except Exception as e:  # pylint: disable=broad-exception-caught
            self.wrong.append(str(e))
        self.heard, self.is_told = heard, is_told


def blame(trial):
    for line in [f'{trial}: {" ".join(trial.where())}'] + trial.wrong + trial.logged.splitlines()[-6:]:
        print(f'# {line}')


def run_kind(directory, name, pool):
    """All allocations of all processes."""
    clean = Trial(directory, name).play()
    bad, counts = int(bool(clean.wrong)), []
    if clean.wrong:
        blame(clean)
    jobs = [Trial(directory, name, process, nth, lasting) for process, most in enumerate(clean.made)
            for nth in range(1, most + 1) for lasting in (False, True)]
    failed = collections.Counter()
    for trial in pool.map(lambda t: t.play(clean), jobs):
        failed[trial.asked[0]] += trial.failed > 0
        if trial.wrong:
            bad += 1
            if bad <= 10:
                blame(trial)
    counts = ', '.join(f'{NAMES[p]} {n}' for p, n in enumerate(clean.made) if n)
    print(f'{"not " if bad else ""}ok - oom: {name}: {counts} allocations; {sum(failed.values())} times out of memory')
    sys.stdout.flush()
    return not bad


def run(form, argv):
    pool = futures.ThreadPoolExecutor(8)  # most of them wait, for two seconds
    with place('pop3d-oom-') as directory:
        copy_programs(directory)
        try:
            if argv:
                name, process, nth, lasting = argv
                clean = Trial(directory, name).play()
                trial = Trial(directory, name, int(process), int(nth), lasting == 'lasting').play(clean)
                blame(trial)
                return not trial.wrong
            return all([run_kind(directory, name, pool) for name, kind in KINDS.items() if kind.form == form])
        finally:
            pool.shutdown(cancel_futures=True)


def copy_programs(directory):
    for source, name in (('pop3d', 'pop3d'), ('tests/bin/pop3d-oom', 'oom'), ('tests/fault/bin/inject', 'inject')):
        shutil.copy(f'{HERE}/../{source}', f'{directory}/{name}')


def in_namespace(script, argv):
    sys.stdout.flush()
    inner = subprocess.Popen(['unshare', '--mount', '--propagation', 'private', sys.executable, script, '--inside'] + argv)
    try:
        return inner.wait() == 0
    finally:
        if inner.poll() is None:
            inner.terminate()
        inner.wait()


def main(argv):
    os.umask(0o022)
    inside = argv[:1] == ['--inside']
    argv = [a for a in argv if a not in ('--inside', '--one')]
    if inside:
        enter_namespace()
        return not run('root', argv)
    if argv and KINDS[argv[0]].form == 'root':
        return not in_namespace(os.path.abspath(__file__), ['--one'] + argv)
    good = run('user', argv)
    if not argv and os.geteuid() == 0:
        good &= in_namespace(os.path.abspath(__file__), [])
    elif not argv:
        print('ok - oom: full separation # SKIP not root')
    return not good


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
