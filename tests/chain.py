#!/usr/bin/env python3
"""checkpassword programs, before pop3d and behind it, and prints TAP.

"popup checkpassword pop3d --authenticated" is what qmail's users have. The popup
is tests/popup.sh; the checkpassword is a script and, as root, where they are
installed, Debian's checkpassword.login, checkpw and checkapoppw, which become
joe. Then the same three serve "pop3d --checkpassword".
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

import answers
from ids import children_of, status_of
from pattern import Failure
from scene import JOE, MAIL, NOBODY, Scene, enter_namespace, read_file
from wire import LIMIT, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
UNIX, FILE = "anna's unix password", 'what the file says'
ADMITS_JOE = f"""#!/bin/sh
question=$(tr '\\000' '/' <&3)
exec 3<&-
case $question in
"joe/{FILE}/<"*"@here>/") ;;
*) exit 1 ;;
esac
export USER=joe HOME=/nonexistent SHELL=/bin/sh
exec "$@"
"""


# -- a session through it

class Session:
    def __init__(self, scene, argv):
        ours, theirs = socket.socketpair()
        ids = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} \
            if scene.form == 'user' and os.geteuid() == 0 else {}
        with open(f'{scene.dir}/log', 'ab') as log:
            self.server = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=log, cwd='/', **ids)
        theirs.close()
        self.wire = Wire(ours, ours)
        self.stamp = self.hear('+OK').partition(b'<')
        self.stamp = b'<' + self.stamp[2]

    def hear(self, start):
        line = self.wire.line()
        if not line.startswith(start.encode()):
            raise Failure(f'expected {start}, got {line!r}')
        return line

    def say(self, line):
        self.wire.send(line.encode() + b'\r\n')

    def log_in(self, user, password, is_apop):
        if is_apop:
            self.say(f'APOP {user} {answers.apop(self.stamp, password)}')
            return
        self.say(f'USER {user}')
        self.hear('+OK')
        self.say(f'PASS {password}')

    def close(self):
        self.wire.close()
        try:
            return self.server.wait(LIMIT)
        finally:
            if self.server.poll() is None:
                self.server.kill()
                self.server.wait()


def descendants(pid):
    return [p for child in children_of(pid) for p in [child] + descendants(child)]


def deletes_one(scene, argv, password, is_apop, uid):
    """Logs in, and has the mailbox's first message deleted, by processes with that uid."""
    scene.write_mailbox(read_file('two.mbox'))
    session = Session(scene, argv)
    try:
        session.log_in('joe', password, is_apop)
        session.hear('+OK 2 messages')
        uids = {status_of(p)['Uid'] for p in descendants(session.server.pid)}
        if uid is not None and uids != {'\t'.join([str(uid)] * 4)}:
            raise Failure(f'uids {uids}')
        session.say('DELE 1')
        session.hear('+OK')
        session.say('QUIT')
        session.hear('+OK 1')
    finally:
        status = session.close()
    with open(scene.mailbox, 'rb') as f:
        if f.read() != read_file('second.mbox') or status != 0:
            raise Failure(f'status {status}, the mailbox is not what it should be')


def is_refused(scene, argv, password, is_apop, answer):
    scene.write_mailbox(read_file('two.mbox'))
    session = Session(scene, argv)
    try:
        session.log_in('joe', password, is_apop)
        session.hear(answer)
    finally:
        session.close()
    scene.look('mailbox-unchanged', '')
    if b'LOGIN, ' in scene.log():
        raise Failure('there was a login')


# -- all of them

class Tests:
    failed = False

    def __init__(self, place):
        self.place = place
        self.program = shutil.copy(f'{HERE}/../pop3d', place)
        self.popup = shutil.copy(f'{HERE}/popup.sh', place)

    def scene(self, form, *steps):
        scene = Scene(self.program, list(steps), form)
        scene.build()
        return scene

    def report(self, what, play, scene, *rest):
        try:
            play(scene, *rest)
            print(f'ok - chain: {what}', flush=True)
        except (Failure, OSError, subprocess.TimeoutExpired) as e:
            self.failed = True
            log = scene.log().decode(errors='backslashreplace')
            print(f'not ok - chain: {what}\n# {e!r}\n# ' + log.replace('\n', '\n# '), flush=True)

    def chain(self, scene, checker):
        return [self.popup, checker, self.program, '--authenticated',
                '--stderr', f'--mailbox={scene.mail}/%u', f'--state={scene.state}', '--lock=fcntl']

    def behind(self, form, checker, password, is_apop, uid):
        """pop3d is the last of the chain."""
        name = os.path.basename(checker)
        scene = self.scene(form)
        if form == 'root':
            os.chown(scene.state, JOE, JOE)
        argv = self.chain(scene, checker)
        self.report(f'popup, {name}, pop3d, refused', is_refused, scene, argv, 'wrong', is_apop,
                    '-ERR authorization failed')
        self.report(f'popup, {name}, pop3d', deletes_one, scene, argv, password, is_apop, uid)

    def before(self, form, checker, password, is_apop):
        """It is asked by pop3d; a secret of somebody's makes for APOP."""
        name = os.path.basename(checker)
        steps = [('no-secrets', ''), ('secrets', 'anna:{PLAIN}x'), ('options', f'--checkpassword={checker}')]
        scene = self.scene(form, *steps)
        argv = [self.program, '--stderr'] + scene.options()
        self.report(f'pop3d asks {name}, refused', is_refused, scene, argv, 'wrong', is_apop, '-ERR [AUTH]')
        self.report(f'pop3d asks {name}', deletes_one, scene, argv, password, is_apop, None)

    def scripted(self):
        checker = f'{self.place}/admits-joe'
        with open(checker, 'w', encoding='utf-8') as f:
            f.write(ADMITS_JOE)
        os.chmod(checker, 0o755)
        self.behind('user', checker, FILE, False, os.geteuid() or NOBODY)

    def real(self):
        settle_joe(f'{self.place}/home')
        for name, password, is_apop in (('checkpassword.login', UNIX, False), ('checkpw', FILE, False),
                                        ('checkapoppw', FILE, True)):
            checker = shutil.which(name)
            if checker is None:
                print(f'ok - chain: {name} # SKIP not installed')
                continue
            self.behind('root', checker, password, is_apop, JOE)
            self.before('root', checker, password, is_apop)


def settle_joe(home):
    """In our own /etc/passwd; his mail password is where Debian's programs look for it."""
    with open('/etc/passwd', 'r+', encoding='utf-8') as f:
        lines = [line.replace(':/nonexistent:', f':{home}:') if line.startswith('joe:') else line for line in f]
        f.seek(0)
        f.writelines(lines)
        f.truncate()
    os.makedirs(f'{home}/Maildir')
    with open(f'{home}/Maildir/.password', 'w', encoding='utf-8') as f:
        f.write(FILE)
    for path in (home, f'{home}/Maildir', f.name):
        os.chown(path, JOE, MAIL)
        os.chmod(path, 0o600 if path == f.name else 0o700)


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() == 0 and argv != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'], check=False).returncode
    if argv == ['--inside']:
        enter_namespace()
    with tempfile.TemporaryDirectory(prefix='pop3d-chain-') as place:
        os.chmod(place, 0o755)
        tests = Tests(place)
        tests.scripted()
        if argv == ['--inside']:
            tests.real()
        else:
            print('ok - chain: real checkpassword programs # SKIP not root')
        return int(tests.failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
