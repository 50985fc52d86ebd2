#!/usr/bin/env python3
"""Who hangs, stands still or vanishes, and what becomes of the rest; prints TAP.

A PAM module that never answers, processes that somebody has stopped, clients
that are gone while a password is judged or a refusal waits for its time. Of all
of them nothing is left. No time is measured: the program that is asked about
refusals takes ten minutes for one, so who waits for it is found out.

As root this runs in a mount namespace with users and PAM files of its own.
"""
import concurrent.futures as futures
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from ids import AFTER, BEFORE, UNIX, Session, status_of
from pattern import Failure
from scene import Scene, enter_namespace
from wire import LIMIT, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
MAIL = b'From a@b Mon Jan  1 10:00:00 2024\nSubject: long\n\n' + 4000 * (b'a long line ' * 80 + b'\n') + b'\n'
# A module of PAM's that says when it is asked, and answers when it may.
MODULE = '#!/bin/sh\n[ "$PAM_TYPE" = {phase} ] || exit 0\necho $$ >{dir}/asked.new\nmv {dir}/asked.new {dir}/asked\nexec cat {dir}/may\n'


def wait_for(what, claim):
    for _ in range(LIMIT * 100):
        if claim():
            return
        time.sleep(0.01)
    raise Failure(f'{what}: not in time')


def await_refusal(scene):
    wait_for('a refusal', lambda: b'LOGIN FAILED' in scene.log())


def is_gone(pid):
    try:
        return status_of(pid)['State'][0] in 'ZX'
    except OSError:
        return True


class Case(Session):
    """A session whose processes are known, and have to be gone in the end."""

    started = {}  # pids, by the program's name

    def __init__(self, program, form, *options):
        scene = Scene(program, [('options', ' '.join(options))], form)
        scene.build()
        scene.write_mailbox(MAIL)
        super().__init__(scene)
        self.started[os.path.basename(program)] = [self.server.pid]
        self.wire.line()
        self.pids = self.processes(BEFORE)
        self.started[os.path.basename(program)] = list(self.pids.values())

    def log_in(self):
        self.say('USER joe\r\nPASS secret')
        for _ in range(2):
            self.wire.line()
        self.pids['session'] = self.processes(AFTER)['session']

    def stop(self, name):
        os.kill(self.pids[name], signal.SIGSTOP)
        wait_for(f'{name} stops', lambda: status_of(self.pids[name])['State'][0] == 'T')

    def await_end(self, status, *logged):
        if self.server.wait(LIMIT) != status:
            raise Failure(f'exit status {self.server.returncode}')
        wait_for('all processes end', lambda: all(is_gone(pid) for pid in self.pids.values()))
        self.scene.check_remains()
        for text in logged:
            if text.encode() not in self.scene.log():
                raise Failure(f'the log lacks {text!r}')


class Module:
    """The one in /etc/pam.d/pop3d, which is our own by now."""

    def __init__(self, scene, verdict, phase='auth'):
        self.dir = scene.dir
        script = f'{self.dir}/module'
        os.mkfifo(f'{self.dir}/may')
        with open(script, 'w', encoding='ascii') as f:
            f.write(MODULE.format(dir=self.dir, phase=phase))
        os.chmod(script, 0o755)
        with open('/etc/pam.d/pop3d', 'w', encoding='ascii') as f:
            f.write(f'auth required pam_exec.so {script}\nauth required pam_{verdict}.so\naccount required pam_permit.so\n'
                    f'session required pam_exec.so {script}\n')

    def await_question(self):
        wait_for('PAM is asked', lambda: os.path.exists(f'{self.dir}/asked'))

    def answer(self):
        with open(f'{self.dir}/may', 'w', encoding='ascii'):
            pass

    def end(self):
        """What a module starts is its own."""
        with open(f'{self.dir}/asked', encoding='ascii') as f:
            os.kill(int(f.read()), signal.SIGKILL)


def stopped_session(program, form):
    case = Case(program, form, '--idle=1')
    case.log_in()
    case.stop('session')
    case.await_end(0, 'session process: does not answer; ended')


def stopped_and_gone(program, form):
    case = Case(program, form, '--idle=1')
    case.log_in()
    case.stop('session')
    case.wire.close()
    case.await_end(0, 'session process: does not answer; ended')


def stopped_login(program, form):
    case = Case(program, form, '--login-timeout=1')
    case.stop('login')
    case.await_end(0, 'login process: does not answer; ended')


def slow_client(program, form):
    """A session may work for one client for long, and say nothing to the monitor."""
    case = Case(program, form, '--idle=1')
    case.log_in()
    case.say('RETR 1')
    for _ in range(40):
        time.sleep(0.1)
        case.wire.exchange()
    while case.wire.line() != b'.':
        pass
    case.say('QUIT')
    case.wire.line()
    case.await_end(0, 'retr=1')


def gone_while_refused(program, form):
    case = Case(program, form, '--login-timeout=600')
    case.say('USER joe\r\nPASS wrong')
    case.wire.line()
    await_refusal(case.scene)
    case.wire.close()
    case.await_end(0)


def reset_while_refused(program, form):
    """As most clients vanish, over TCP: what has come is not read."""
    scene = Scene(program, [('options', '--login-timeout=600')], form)
    scene.build()
    with socket.create_server(('127.0.0.1', 0)) as listener:
        ours = socket.create_connection(listener.getsockname(), LIMIT)
        theirs = listener.accept()[0]
    theirs.setblocking(True)
    server = scene.start(theirs, theirs)
    theirs.close()
    wire = Wire(ours, ours)
    wire.line()
    wire.send(b'USER joe\r\nPASS wrong\r\n')
    wire.line()
    await_refusal(scene)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    wire.close()
    server.wait(LIMIT)


def silent_client(program, form):
    case = Case(program, form, '--login-timeout=1')
    case.wire.end()
    case.await_end(0, 'no login in time')


def hanging_module(program, form):
    case = Case(program, form, '--login-timeout=1')
    module = Module(case.scene, 'permit')
    case.say(f'USER anna\r\nPASS {UNIX}')
    case.wire.line()
    module.await_question()
    try:
        case.wire.end()
        case.await_end(75, 'login, ip=[unknown]: no verdict in 6 s: a PAM module, or a service that knows the users, hangs; ended')
    finally:
        module.end()


def hanging_close(program, form):
    """When nobody needs it any more: the lock is gone, and what was to be deleted."""
    case = Case(program, form, '--pam-session')
    module = Module(case.scene, 'permit', 'close_session')
    case.say(f'USER anna\r\nPASS {UNIX}\r\nQUIT')
    for _ in range(3):
        case.wire.line()
    case.wire.end()
    module.await_question()
    try:
        case.await_end(75, 'session of anna: PAM has not closed its own in 1 s: a module hangs; ended')
    finally:
        module.end()


def gone_while_judged(program, form, verdict='permit', logged='ended'):
    """PAM is not interrupted: a module may be about to count the failure."""
    case = Case(program, form, '--login-timeout=600')
    module = Module(case.scene, verdict)
    case.say(f'USER anna\r\nPASS {UNIX}')
    case.wire.line()
    module.await_question()
    case.wire.close()
    wait_for('the login process goes', lambda: is_gone(case.pids['login']))
    if is_gone(case.pids['monitor']):
        raise Failure('the monitor is gone')
    module.answer()
    case.await_end(0)
    if (b'LOGIN FAILED' in case.scene.log()) != (verdict == 'deny') or b'LOGIN, ' in case.scene.log():
        raise Failure(f'logged: {case.scene.log()}')


def gone_while_denied(program, form):
    gone_while_judged(program, form, 'deny')


LONG = 'tests/bin/pop3d-long-floor'
CASES = (
    (stopped_session, 'pop3d', 'a session that was stopped is ended'),
    (stopped_and_gone, 'pop3d', 'a session that was stopped, without a client, is ended'),
    (stopped_login, 'pop3d', 'a login process that was stopped is ended'),
    (slow_client, 'pop3d', 'a session that is busy for long is left alone'),
    (silent_client, 'pop3d', 'a client that says nothing has its time to log in'),
    (gone_while_refused, LONG, 'a client that goes while it is refused frees everything'),
    (reset_while_refused, LONG, 'a client that resets its connection while it is refused frees everything'),
)
BY_PAM = (
    (hanging_module, 'pop3d', 'a PAM module that hangs: the monitor says so and ends'),
    (hanging_close, LONG, 'a PAM module that hangs when its session is closed: the monitor says so and ends'),
    (gone_while_judged, LONG, 'a client that goes while PAM judges is not logged in'),
    (gone_while_denied, LONG, 'a client that goes while PAM refuses is not waited for'),
)


def perform(place, form, case, program, title):
    """The TAP lines of a case."""
    wrong = None
    try:
        own = f'{place}/{case.__name__}-{form}'
        os.link(f'{place}/{os.path.basename(program)}', own)
        case(own, form)
    except (Failure, OSError, LookupError, subprocess.TimeoutExpired) as e:
        wrong = repr(e).replace('\n', '\n# ')
    finally:
        for pid in Case.started.pop(f'{case.__name__}-{form}', ()):
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)
    return f'{"not " * bool(wrong)}ok - ends: {title}, {form} form' + f'\n# {wrong}' * bool(wrong)


def perform_all(*cases):
    return [perform(*case) for case in cases]


def run(jobs):
    """Each is a list of cases that are not in each other's way."""
    failed = False
    with futures.ThreadPoolExecutor(8) as pool:  # they mostly wait
        for job in [pool.submit(perform_all, *job) for job in jobs]:
            for line in job.result():
                print(line, flush=True)
                failed |= line.startswith('not')
    return failed


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() == 0 and argv != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'], check=False).returncode
    if argv == ['--inside']:
        enter_namespace()
    with tempfile.TemporaryDirectory(prefix='pop3d-ends-') as place:
        os.chmod(place, 0o755)
        # Copied while nobody forks: who inherits the copy would keep it from being run.
        for program in ('pop3d', LONG):
            shutil.copy(f'{HERE}/../{program}', place)
        jobs = [[(place, 'user', *case)] for case in CASES]
        if argv == ['--inside']:
            jobs += [[(place, 'root', *case)] for case in CASES]
            jobs.append([(place, 'root', *case) for case in BY_PAM])  # there is one configuration of PAM
        else:
            print('ok - ends: with PAM and in full separation # SKIP not root')
        return int(run(jobs))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
