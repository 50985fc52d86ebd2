#!/usr/bin/env python3
"""The jail where a layer of it is not to be had, and prints TAP.

A layer that this kernel has not got: the rest is served with, the log says so,
and --strict refuses. One that is there but denied, or a call that the jail
consists of: nothing is served, whatever the options. A filter that
tests/bin/deny puts around the program makes the calls fail.

As root this runs in a mount namespace with users and PAM files of its own.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from scene import Scene, enter_namespace
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
SORRY = b'-ERR [SYS/PERM] the server is not set up rightly, tell your postmaster\r\n'
NO_CHROOT = 'setpriv --bounding-set=-sys_chroot'

# how it is started, and which layer that takes away
MISSING = (
    ('deny seccomp=ENOSYS', 'seccomp'),
    ('deny landlock_create_ruleset=ENOSYS', 'landlock'),
    ('deny landlock_create_ruleset=EOPNOTSUPP', 'landlock'),
    ('deny seccomp=ENOSYS landlock_create_ruleset=ENOSYS', 'seccomp landlock'),
    (NO_CHROOT, 'chroot'),
)

# what is denied, and what the log says; None: it is said before the log is open
DENIED = (
    ('seccomp=EPERM', 'jail seccomp: it is denied to us'),
    ('seccomp=EACCES', 'jail seccomp: it is denied to us'),
    ('landlock_create_ruleset=EPERM', 'jail Landlock: it is denied to us'),
    ('landlock_create_ruleset=EACCES', 'jail Landlock: it is denied to us'),
    ('landlock_restrict_self=EPERM', 'there is Landlock, but it is denied'),
    ('landlock_restrict_self=ENOSYS', 'there is Landlock, but it is denied'),
    ('prctl=EPERM', None),
    ('prctl=ENOSYS', None),
    ('prlimit64=EPERM', None),
)
DENIED_ROOT = (
    ('chroot=EPERM', 'empty: Operation not permitted'),
    ('chroot=ENOSYS', 'empty: Function not implemented'),
    ('capset=EPERM', 'cannot read or set capabilities: Operation not permitted'),
    ('setgroups=EPERM', 'cannot set the groups: Operation not permitted'),
    ('setresuid=EPERM', ''),
    ('setresgid=EPERM', ''),
)


def talk(place, form, how, *options):
    """What the client of a program that is started so hears, the exit status, and the log."""
    program = f'{place}/start'
    words = how.replace('deny', f'{place}/deny', 1).split()
    with open(program, 'w', encoding='ascii') as f:  # the last one is over
        f.write(f'#!/bin/sh\nexec {" ".join(words)} {"-- " * how.startswith("deny")}{place}/pop3d "$@"\n')
    os.chmod(program, 0o755)
    scene = Scene(program, [('mailbox', 'two.mbox'), *(('options', o) for o in options)], form)
    scene.build()
    ours, theirs = socket.socketpair()
    server = scene.start(theirs, theirs)
    theirs.close()
    wire = Wire(ours, ours)
    try:
        wire.send(b'USER joe\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n')
        while not wire.ended:
            wire.exchange()
        return wire.input, server.wait(30), scene
    finally:
        wire.close()
        if server.poll() is None:
            server.kill()
            server.wait()


def level(log):
    """The layers that the log names."""
    return set(re.findall(r'[a-z]+', re.search(rb'jail=([\w,]+)', log)[1].decode()))


class Report:
    failed = False

    def line(self, good, text, said, status, scene):
        self.failed |= not good
        print(f'{"not " * (not good)}ok - layers: {text}' + ('' if good else f'\n# {status}, {said!r}\n# {scene.log()!r}'),
              flush=True)


def is_untouched(scene):
    with open(scene.mailbox, 'rb') as f:
        return f.read() == scene.bytes


def missing(report, place, form, full):
    for how, layers in MISSING:
        if how == NO_CHROOT and form == 'user':
            continue
        said, status, scene = talk(place, form, how)
        good = b'messages left' in said and level(scene.log()) == full - set(layers.split())
        report.line(good, f'{how}: served with the rest, {form} form', said, status, scene)
        said, status, scene = talk(place, form, how, '--strict')
        good = said == SORRY and status == 78 and is_untouched(scene) and b'--strict: the full jail is not to be had, only' in scene.log()
        report.line(good, f'{how}: refused by --strict, {form} form', said, status, scene)


def denied(report, place, form):
    for what, logged in DENIED + DENIED_ROOT * (form == 'root'):
        said, status, scene = talk(place, form, f'deny {what}')
        # What no question tells of is found out behind the greeting; and who has lost its capabilities with its uid
        # needs no capset(): it takes a name, until the monitor ends.
        is_asked = logged is not None and logged.startswith('jail ')
        good = said == SORRY if is_asked else said.count(b'+OK') <= 1 + (what == 'capset=EPERM')
        good = good and is_untouched(scene) and (logged is None or logged.encode() in scene.log())
        report.line(good, f'{what}: nothing is served, {form} form', said, status, scene)


def run(place, forms):
    report = Report()
    os.chmod(place, 0o755)
    for program in ('../pop3d', 'bin/deny'):
        shutil.copy(f'{HERE}/{program}', place)
    for form in forms:
        said, status, scene = talk(place, form, 'env')
        full = level(scene.log())
        report.line(b'messages left' in said, f'all is served where nothing is denied, {form} form', said, status, scene)
        missing(report, place, form, full)
        denied(report, place, form)
    return int(report.failed)


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() == 0 and argv != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'], check=False).returncode
    if argv == ['--inside']:
        enter_namespace()
    else:
        print('ok - layers: in full separation # SKIP not root')
    with tempfile.TemporaryDirectory(prefix='pop3d-layers-') as place:
        return run(place, ('user', 'root')[:1 + (argv == ['--inside'])])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
