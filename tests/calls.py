#!/usr/bin/env python3
"""The system calls that the filters allow are those that are made, and prints TAP.

That no other is made, the filter itself sees to in every test of the suite.
That no rule is there for nothing, strace shows here: of a session that reads
a mailbox of some size, deletes and leaves, and of one without a login, on a
machine that is slow to tell the time, with all processes stopped and woken
meanwhile.
"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from scene import NOBODY, Scene
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGE = 'From a@b Mon Jan  1 10:00:00 2024\nSubject: {0}\n\nbody\n\n'
TABLES = {'login': 'login_rules', 'session': 'session_rules'}


def allowed(table):
    with open(os.path.join(os.path.dirname(HERE), 'filter_write.c'), encoding='ascii') as f:
        text = f.read()
    rules = re.search(table + r'\[\] = \{\n(.*?)\n\};', text, re.DOTALL)[1]
    names = set(re.findall(r'SCMP_SYS\((\w+)\)', rules))
    if os.uname().machine != 'x86_64':
        names = names - {'poll', 'restart_syscall'} | {'ppoll'}
    return names


def made(traces):
    """By each child, once it is locked in."""
    calls = {child: set() for child in TABLES}
    for path in traces:
        with open(path, encoding='utf-8', errors='replace') as f:
            text = f.read()
        locked_in = re.search(r'^seccomp\(SECCOMP_SET_MODE_FILTER, .* = 0\n', text, re.MULTILINE)
        if locked_in:
            child = 'login' if 'PR_SET_PDEATHSIG' in text else 'session'
            calls[child] |= set(re.findall(r'^(\w+)\(', text[locked_in.end():], re.MULTILINE))
    return calls


def descendants(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
            children = [int(c) for c in f.read().split()]
    except FileNotFoundError:
        return []
    return children + [d for c in children for d in descendants(c)]


def stop_and_wake(server):
    """All processes but strace, which wait for something meanwhile."""
    time.sleep(0.2)  # where they are not waiting yet, a rule is found unused
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in descendants(server.pid):
            os.kill(pid, number)
        time.sleep(0.1)


def talk(scene, has_login):
    ours, theirs = socket.socketpair()
    server = scene.start(theirs, theirs)
    theirs.close()
    wire = Wire(ours, ours)
    try:
        wire.line()
        stop_and_wake(server)
        if has_login:
            wire.send(b'USER joe\r\nPASS secret\r\n')
            for _ in range(2):
                wire.line()
            stop_and_wake(server)
            wire.send(b'UIDL\r\nRETR 1\r\nDELE 1\r\n')
        wire.send(b'QUIT\r\n')
        while not wire.ended:
            wire.exchange()
        return server.wait(30)
    finally:
        wire.close()
        if server.poll() is None:
            server.kill()
            server.wait()


def run(place):
    os.chmod(place, 0o755)
    os.mkdir(f'{place}/trace')
    if os.geteuid() == 0:
        os.chown(f'{place}/trace', NOBODY, NOBODY)
    shutil.copy(f'{HERE}/bin/pop3d-slow-clock', place)
    program = f'{place}/traced'
    with open(program, 'w', encoding='ascii') as f:
        f.write(f'#!/bin/sh\nexec strace -ff -qq -o {place}/trace/of {place}/pop3d-slow-clock "$@"\n')
    os.chmod(program, 0o755)
    scene = Scene(program, [], 'user')
    scene.build()
    scene.write_mailbox(''.join(MESSAGE.format(i) for i in range(20000)).encode())
    status = talk(scene, False) or talk(scene, True)
    calls = made(glob.glob(f'{place}/trace/of.*'))
    failed = status != 0 or b'dele=1' not in scene.log()
    print(f'{"not " * failed}ok - calls: the session that is traced is a good one')
    for child, table in TABLES.items():
        unused, unlisted = allowed(table) - calls[child], calls[child] - allowed(table)
        wrong = bool(unused or unlisted)
        failed |= wrong
        print(f'{"not " * wrong}ok - calls: {child} makes all {len(allowed(table))} calls that it may, and no other'
              + (f'\n# unused: {sorted(unused)}; not allowed: {sorted(unlisted)}' if wrong else ''))
    return int(failed)


def main():
    os.umask(0o022)
    if shutil.which('strace') is None:
        print('ok - calls # SKIP not installed: strace')
        return 0
    with tempfile.TemporaryDirectory(prefix='pop3d-calls-') as place:
        return run(place)


if __name__ == '__main__':
    sys.exit(main())
