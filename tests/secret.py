#!/usr/bin/env python3
"""pop3d-secret, from a pipe and on a terminal. TAP."""
import collections
import errno
import fcntl
import glob
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import termios
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(TREE, 'pop3d-secret')
INJECT = os.path.join(TREE, 'tests/fault/bin/inject')
LIMIT = 30  # seconds
OTHERS = b'# a comment\n\nann:{CRYPT}$y$x\r\nbroken\njoes:{PLAIN}x\njo:{PLAIN}y'
RIGHT, WRONG, USAGE, DATA, NO_USER, SOFTWARE, IO, CONFIG = 0, 1, 64, 65, 67, 70, 74, 78
NO_START = 127  # the loader's


class Failure(Exception):
    """Something is not as it should be."""


def expect(what, got, want):
    if got != want:
        raise Failure(f'{what}: {got!r}, not {want!r}')


class Place:
    """A directory with a secrets file in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='pop3d-secret-')
        self.file = self.dir + '/secrets'

    def run(self, *argv, say=b'', status=RIGHT):
        done = subprocess.run([PROGRAM, '-f', self.file, *argv], input=say, capture_output=True, timeout=LIMIT,
                              check=False)
        if done.returncode != status:
            raise Failure(f'{argv} ended with {done.returncode}, not {status}: {done.stderr!r}')
        return done.stdout

    def write(self, data, mode=0o600):
        with open(self.file, 'wb') as f:
            os.fchmod(f.fileno(), mode)
            f.write(data)

    def read(self):
        with open(self.file, 'rb') as f:
            return f.read()


def sets_each_scheme(place):
    for scheme, form in ((None, br'\{SCRAM-SHA-256\}4096,[^,]{24},[^,]{44},[^,]{44}'),
                         ('scram-sha-1', br'\{SCRAM-SHA-1\}4096,[^,]{24},[^,]{28},[^,]{28}'),
                         ('CRYPT', br'\{CRYPT\}\$\S+'), ('plain', br'\{PLAIN\} a secret: {x} ')):
        place.run(*(['--scheme', scheme] if scheme else []), 'set', 'joe', say=b' a secret: {x} \n')
        if not re.fullmatch(b'joe:' + form + b'\n', place.read()):
            raise Failure(f'{scheme}: {place.read()!r}')
        expect('mode', stat.S_IMODE(os.stat(place.file).st_mode), 0o600)
        place.run('verify', 'joe', say=b' a secret: {x} ')
        for other in (b' a secret: {x}', b'A secret: {x} ', b'x'):
            expect('verify', place.run('verify', 'joe', say=other, status=WRONG), b'wrong\n')
    expect('what is beside it', os.listdir(place.dir), ['secrets'])


def keeps_all_other_lines(place):
    place.write(OTHERS)
    place.run('set', 'joe', '-s', 'plain', say=b'one')
    expect('behind the others', place.read(), OTHERS + b'\njoe:{PLAIN}one\n')
    place.run('set', 'joe', '-s', 'plain', say=b'two')
    expect('instead of the old one', place.read(), OTHERS + b'\njoe:{PLAIN}two\n')
    place.run('set', 'joe', '-s', 'plain', '--add', say=b'three')
    expect('beside the old one', place.read(), OTHERS + b'\njoe:{PLAIN}two\njoe:{PLAIN}three\n')
    place.run('delete', 'joe')
    expect('without them', place.read(), OTHERS + b'\n')
    place.run('delete', 'joe', status=NO_USER)
    place.run('delete', 'broken')
    place.run('delete', '# a comment', status=USAGE)
    expect('without the broken line', place.read(), OTHERS.replace(b'broken\n', b'') + b'\n')


def names_owner_and_mailbox(place):
    place.run('-s', 'plain', '-o', 'vmail', '-m', '/srv/%d/%n', 'set', 'joe@a', say=b'x')
    place.run('-s', 'plain', '-m', '%h/box', 'set', 'joe@b', say=b'x')
    place.run('-s', 'plain', '-o', 'vmail', 'set', 'joe@c', say=b'x')
    expect('file', place.read(), b'joe@a:vmail:/srv/%d/%n:{PLAIN}x\njoe@b::%h/box:{PLAIN}x\njoe@c:vmail:{PLAIN}x\n')
    expect('list', place.run('list'), b'joe@a\t{PLAIN}\tvmail\t/srv/%d/%n\njoe@b\t{PLAIN}\t-\t%h/box\n'
           b'joe@c\t{PLAIN}\tvmail\t-\n')
    expect('list one', place.run('list', 'joe@c'), b'joe@c\t{PLAIN}\tvmail\t-\n')
    place.write(OTHERS)
    expect('what lets nobody in', place.run('list', 'broken'), b'broken\twrong\t-\t-\n')
    for help_ in ('-h', '--help'):
        expect('help', place.run(help_).startswith(b'usage: '), True)


def refuses_what_cannot_be_read_again(place):
    for say in (b'', b'\n', b'x' * 256, b'a\tb', b'a\0b', b'a\x7fb', b'x\r\n'):
        place.run('set', 'joe', say=say, status=DATA)
    place.run('set', 'joe', '-s', 'plain', say=b'x' * 255)
    place.run('verify', 'joe', say='\u00ad'.encode(), status=DATA)
    for user in ('', 'a:b', 'a b', '#a', '{a', 'a\n', 'a' * 256):
        place.run('set', user, say=b'x', status=USAGE)
    for options in (('-o', ''), ('-o', 'a:b'), ('-o', '{a'), ('-m', 'mail/joe'), ('-m', '/a:b'), ('-m', ''),
                    ('-s', 'MD5'), ('-s', ''), ('-x',), ('-f', '/' * 1025), ('-m', '/' + 'm' * 1023), ('-o', 'o' * 256)):
        place.run(*options, 'set', 'joe', say=b'x', status=USAGE)
    for words in ((), ('set',), ('delete',), ('verify',), ('put', 'joe'), ('set', 'joe', 'secret')):
        place.run(*words, say=b'x', status=USAGE)
    expect('file', place.read(), b'joe:{PLAIN}' + b'x' * 255 + b'\n')


def touches_no_odd_file(place):
    os.symlink(place.dir + '/other', place.file)
    place.run('set', 'joe', say=b'x', status=IO)
    place.run('verify', 'joe', say=b'x', status=CONFIG)
    expect('through the link', os.path.exists(place.dir + '/other'), False)
    os.unlink(place.file)
    place.run('delete', 'joe', status=IO)
    expect('nothing is made', os.listdir(place.dir), [])
    place.write(b'joe:{PLAIN}x\n', mode=0o644)
    place.run('list', status=CONFIG)
    place.run('set', 'ann', '-s', 'plain', say=b'y')
    expect('mode', stat.S_IMODE(os.stat(place.file).st_mode), 0o600)
    expect('list', place.run('list'), b'joe\t{PLAIN}\t-\t-\nann\t{PLAIN}\t-\t-\n')


def loses_none_of_many_at_once(place):
    place.write(b'')
    with open(place.file + '.new', 'wb') as f:
        f.write(b'left by one that was killed')
    jobs = [subprocess.Popen([PROGRAM, '-f', place.file, '-s', 'plain', 'set', f'u{i}'], stdin=subprocess.PIPE)
            for i in range(20)]
    for p in jobs:
        p.communicate(b'x\n', LIMIT)
    expect('who has failed', [p.returncode for p in jobs if p.returncode], [])
    expect('entries', sorted(place.read().splitlines()), sorted(b'u%d:{PLAIN}x' % i for i in range(20)))
    expect('what is beside it', os.listdir(place.dir), ['secrets'])


def waits_for_the_lock(pid):
    with open('/proc/locks', encoding='ascii') as f:
        return re.search(rf'-> FLOCK +ADVISORY +WRITE {pid} ', f.read())


def waits_for_another(place):
    place.write(b'ann:{PLAIN}x\n')
    with open(place.file, 'rb') as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        p = subprocess.Popen([PROGRAM, '-f', place.file, '-s', 'plain', 'set', 'joe'], stdin=subprocess.PIPE)
        p.stdin.write(b'x\n')
        p.stdin.close()
        for _ in range(LIMIT * 100):
            if waits_for_the_lock(p.pid) or p.poll() is not None:
                break
            time.sleep(0.01)
        ended = p.poll()
        with open(place.file + '.mine', 'wb') as f:  # as another would do, who has the lock
            f.write(b'ann:{PLAIN}y\n')
        os.rename(place.file + '.mine', place.file)
    expect('status', (ended, p.wait(LIMIT)), (None, RIGHT))
    expect('file', place.read(), b'ann:{PLAIN}y\njoe:{PLAIN}x\n')


def prepares_names_and_passwords(place):
    """As pop3d does, by SASLprep: a soft hyphen, an accent, a superscript 2."""
    name, password = 'jo\u0308\u00adrg', 'gru\u0308n\u00b2'.encode()
    place.run('-s', 'plain', 'set', name, say=password)
    expect('file', place.read(), 'jörg:{PLAIN}grün2\n'.encode())
    for scheme in ('CRYPT', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        place.run('-s', scheme, 'set', 'jörg', say=password)
        for same in (password, 'grün²'.encode(), 'grün2'.encode()):
            expect('verify', place.run('verify', name, say=same), b'right\n')
        expect('verify', place.run('verify', name, say='grün'.encode(), status=WRONG), b'wrong\n')
    for say in ('a\x85b', '\u0627\u0031', '\u00ad', 'a\ue000', 'a\u0378'):  # the last: not in Unicode yet
        place.run('set', 'joe', say=say.encode(), status=DATA)
    place.run('set', 'joe', say=b'gr\xfcn', status=DATA)
    for user in ('a\x85b', '\u00ad', 'a\uff1ab', '\uff03a', b'j\xf6rg'):  # a colon and a number sign, wide
        place.run('set', user, say=b'x', status=USAGE)
    place.run('delete', name)
    expect('file', place.read(), b'')


def agrees_with_hashes_of_others(place):
    """What crypt() makes of "pencil" by yescrypt, SHA-512 and bcrypt; doveadm pw by bcrypt and for SCRAM."""
    hashes = (
        b'{CRYPT}$y$j9T$LPqVmzXdEvqIgXMfVtE5P1$0Jdkeu5kmkJEqIHDKjLmZAUTmXcOGmYVu5y9ILz48V9',
        b'{CRYPT}$6$qXkW2vRbN0aJt5uE$NEb475Wvwp77JF5jIvjMUtXW6nI/gF3janrI7PfqipMXD./WGNYlTCiKR/P3YUv'
        b'TFp1vlkUNF37vFyBApy7kt/',
        b'{CRYPT}$2b$05$3RuWCgz.HjAzvENPAMXZb.aFwNKF1TJ1zKR8VObDi.XKXS2VRZwhq',
        b'{CRYPT}$2y$05$3RuWCgz.HjAzvENPAMXZb.aFwNKF1TJ1zKR8VObDi.XKXS2VRZwhq',
        b'{SCRAM-SHA-256}4096,cc/84wqrhpzpAj+k2ip7dg==,DSi94b9lH21KNlxYCsfKrR978HnzAR4sGQEW/a5jxxM=,'
        b'oVvcIy6T1Zs/hlfKaGtXRcDCXdYjexOeWPxH6KJS6RQ=',
        b'{SCRAM-SHA-1}4096,OhtA5xz4gH2tpG2L0VIoQw==,d2TgHQr2X0CuzDCsaK7S9+6QWaU=,VY0vyfHUL93lg0yOxEE9QTo7YaM=')
    for value in hashes:
        place.write(b'ann:{PLAIN}slate\njoe:' + value + b'\n')
        expect('verify', place.run('verify', 'joe', say=b'pencil'), b'right\n')
        expect('verify', place.run('verify', 'joe', say=b'pencils', status=WRONG), b'wrong\n')
        expect('verify', place.run('verify', 'joe', say=b'slate', status=WRONG), b'wrong\n')
    place.write(b''.join(b'joe:' + value + b'\n' for value in hashes[:1]) + b'joe:{PLAIN}slate\n')
    for say in (b'pencil', b'slate'):
        expect('several lines', place.run('verify', 'joe', say=say), b'right\n')


def shows_no_secret(place):
    """In what it prints; that it takes none from its command line stands above."""
    out = b''.join(place.run(*words, say=b'pencil\n') for words in
                   (('set', 'joe'), ('-s', 'plain', '-a', 'set', 'joe'), ('list',), ('list', 'joe'), ('verify', 'joe')))
    expect('shown', b'pencil' in out, False)


# Of these every system call fails, once: what they do, to what file, and what it has to be then.
SALTED = br'joe:\{\S+\}\S{40,}\n'
DEEDS = (
    (('-s', 'plain', 'set', 'joe'), OTHERS, re.escape(OTHERS) + br'\njoe:\{PLAIN\}pencil\n'),
    (('-s', 'plain', '-a', 'set', 'joe'), b'joe:{PLAIN}x\n', br'joe:\{PLAIN\}x\njoe:\{PLAIN\}pencil\n'),
    (('-s', 'plain', 'set', 'joe'), None, br'joe:\{PLAIN\}pencil\n'),
    (('-s', 'crypt', 'set', 'joe'), b'joe:{PLAIN}x\n', SALTED),
    (('set', 'joe'), b'joe:{PLAIN}x\n', SALTED),
    (('delete', 'joe'), b'joe:{PLAIN}x\n' + OTHERS, re.escape(OTHERS + b'\n')),
    (('list',), b'ann:{PLAIN}pencil\n', br'ann:\{PLAIN\}pencil\n'),
    (('verify', 'ann'), b'ann:{PLAIN}pencil\n', br'ann:\{PLAIN\}pencil\n'),
)
# What cannot fail, and the loader's own, which may die of it.
SPARED = {'exit_group', 'execve', 'brk', 'close', 'umask', 'mmap', 'munmap', 'arch_prctl', 'rseq', 'set_tid_address',
          'set_robust_list', 'rt_sigaction', 'rt_sigprocmask', 'pread64', 'access', 'mprotect'}
REASONS = (b'pop3d-secret: ', b'Fatal glibc error: cannot get entropy')


def play(place, words, before, fault):
    """A deed, of which a call fails, or, if the fault is a file, calls are listed there: status, output, complaint."""
    for path in glob.glob(place.dir + '/*'):
        os.unlink(path)
    if before is not None:
        place.write(before)
    # The shell says how its child, which is spoilt, has ended.
    done = subprocess.run([INJECT, fault, '/bin/sh', '-c', '"$@"; echo "$?" >"$0"', place.dir + '/status',
                           PROGRAM, '-f', place.file, *words], input=b'pencil\n', capture_output=True, timeout=LIMIT, check=False)
    with open(place.dir + '/status', encoding='ascii') as f:
        return int(f.read()), done.stdout, done.stderr


def judge(place, before, after, whole, got):
    """It was done, and all is said; or the file is as it was, and it is said why. "whole" is the right output."""
    status, out, complaint = got
    expect('what is beside it', set(os.listdir(place.dir)) - {'status', 'secrets', 'calls'}, set())
    data = place.read() if os.path.exists(place.file) else None
    if status == RIGHT:
        expect('output', out, whole)
        expect('file', re.fullmatch(after, data) is not None, True)
    elif status != NO_START:
        expect('a reason', complaint.startswith(REASONS), True)
        expect('file', data or None, before)  # an empty one may have been made, to be locked


def survives_every_fault(place):
    for words, before, after in DEEDS:
        whole = play(place, words, before, place.dir + '/calls')
        with open(place.dir + '/calls', encoding='ascii') as f:
            calls = collections.Counter(call for process, call in map(str.split, f) if process == '1')
        expect('status', whole[0], RIGHT)
        judge(place, before, after, whole[1], whole)
        for call, nth in [(c, n) for c in sorted(calls.keys() - SPARED) for n in range(1, calls[c] + 1)]:
            try:
                judge(place, before, after, whole[1], play(place, words, before, f'1:{call}:{nth}:{errno.EIO}'))
            except Failure as e:
                raise Failure(f'{" ".join(words)}, {call} {nth}: {e}') from None


def needs_room(place):
    """On the disk, and in memory, to hash."""
    with open(PROGRAM, 'rb') as f:
        is_sanitized = b'libasan' in f.read()  # which cannot even begin in so little memory
    for limit, scheme, status in (('--fsize=8', 'plain', IO), ('--data=4194304', 'crypt', SOFTWARE)):
        if is_sanitized and scheme == 'crypt':
            continue
        place.write(OTHERS)
        # Python ignores the signal that comes with the first, and so does what it starts.
        done = subprocess.run(['prlimit', limit, PROGRAM, '-f', place.file, '-s', scheme, 'set', 'joe'], input=b'pencil\n',
                              stderr=subprocess.DEVNULL, restore_signals=False, timeout=LIMIT, check=False)
        expect(limit, done.returncode, status)
        expect('file', place.read(), OTHERS)
        expect('what is beside it', os.listdir(place.dir), ['secrets'])


class Terminal:
    """The program, with a terminal for its standard input, output and error."""

    def __init__(self, place, *argv, before=()):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            argv = [*before, PROGRAM, '-f', place.file, *argv]
            os.execv(argv[0], argv)
        self.said = b''

    def await_text(self, text):
        end = time.monotonic() + LIMIT
        while text not in self.said:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise Failure(f'no {text!r} in {self.said!r}')
            self.said += self.read()

    def read(self):
        try:
            return os.read(self.fd, 1000)
        except OSError:
            raise Failure(f'it ends after {self.said!r}') from None

    def answer(self, prompt, line):
        self.await_text(prompt)
        self.said = b''
        os.write(self.fd, line + b'\n')

    def end(self):
        """The exit status, and all that was said since the last answer."""
        try:
            while True:
                self.said += self.read()
        except Failure:
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status, self.said


def asks_twice_without_echo(place):
    for second, status in ((b'pencil', RIGHT), (b'pencils', DATA), (b'\x03', DATA)):
        t = Terminal(place, 'set', '-s', 'plain', 'joe')
        t.answer(b'Password: ', b'pencil')
        t.await_text(b'Again: ')
        expect('echo', b'pencil' in t.said, False)
        t.answer(b'Again: ', second)
        ended, said = t.end()
        expect('status', ended, status)
        expect('echo', b'pencil' in said, False)
    expect('file', place.read(), b'joe:{PLAIN}pencil\n')
    t = Terminal(place, 'verify', 'joe')
    t.answer(b'Password: ', b'pencil')
    expect('verify', t.end(), (RIGHT, b'\r\nright\r\n'))


def does_not_ask_where_it_would_echo(place):
    """What the terminal is asked: is it one, how it is, and to be silent."""
    for nth in (2, 3, 4):
        t = Terminal(place, 'set', 'joe', before=(INJECT, '-s', f'0:ioctl:{nth}:{errno.EIO}'))
        expect('said', t.end()[1].startswith(b'pop3d-secret: cannot ask the terminal: '), True)
        expect('what is made', os.listdir(place.dir), [])


def main():
    os.umask(0o022)
    failed = False
    for test in (sets_each_scheme, keeps_all_other_lines, names_owner_and_mailbox, refuses_what_cannot_be_read_again,
                 touches_no_odd_file, loses_none_of_many_at_once, waits_for_another, prepares_names_and_passwords,
                 agrees_with_hashes_of_others, shows_no_secret, survives_every_fault, needs_room,
                 asks_twice_without_echo, does_not_ask_where_it_would_echo):
        place = Place()
        try:
            skipped = test in (survives_every_fault, does_not_ask_where_it_would_echo) and not os.path.exists(INJECT)
            if not skipped:
                test(place)
            print(f'ok - secret: {test.__name__}{" # SKIP no injector is built" * skipped}')
        except (Failure, OSError, subprocess.TimeoutExpired) as e:
            print(f'not ok - secret: {test.__name__}\n# {e}')
            failed = True
        finally:
            shutil.rmtree(place.dir)
    return failed


if __name__ == '__main__':
    sys.exit(main())
