#!/usr/bin/env python3
"""The suite under gcc's sanitizers, and under valgrind. TAP.

tests/sanitize.py               the unit tests and the dialogues in one form
tests/sanitize.py all           more of the suite, and valgrind (make sanitize)

A copy of the tree is built with AddressSanitizer and the sanitizer of undefined
behaviour, which end a process that has done wrong, and with a jail that leaves
them the memory that they need and has no filter. What they have said is
found at the end, see variant/reports.c. Nothing is suppressed.
"""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from variant import copy_tree, make, make_shared, place

FLAGS = '-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
JAIL = ['CPPFLAGS=-DJAIL_FOR_SANITIZERS']
PARTS = ('dialog', 'secret', 'delivery', 'proxies', 'ucspi')
SESSIONS = (  # for valgrind: what is said, and how many replies are +OK
    (b'USER joe\r\nPASS secret\r\nSTAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 2 1\r\nDELE 1\r\nQUIT\r\n', 10),
    (b'AUTH PLAIN AGpvZQBzZWNyZXQ=\r\nUIDL\r\nDELE 1\r\nRSET\r\nRETR 1\r\nQUIT\r\n', 7),
    (b'CAPA\r\nLANG *\r\nAUTH SCRAM-SHA-256 biwsbj1qb2Uscj1hYmM=\r\n*\r\nUSER joe\r\nPASS wrong\r\nQUIT\r\n', 5),
)


failures = []


def expect(holds, what, more=''):
    if not holds:
        failures.append(what)
    print(f'{"" if holds else "not "}ok - sanitize: {what}')
    for line in more.splitlines() if not holds else ():
        print(f'# {line}')
    sys.stdout.flush()


def play(tree, what, argv, **env):
    """A part of the suite; its TAP is passed on."""
    done = subprocess.run(argv, cwd=tree, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, text=True, errors='backslashreplace')
    lines = done.stdout.splitlines()
    for line in lines:
        if line.startswith(('ok', 'not ok', '#')):
            print(re.sub(r'^not (ok \d+ # SKIP)', r'\1', line))  # which cmocka says so
    expect(done.returncode == 0, f'{what} ends well', '\n'.join(line for line in lines[-40:] if line[:2] not in ('ok', 'no', '# ')))


def units(tree):
    return sorted(p for p in glob.glob(f'{tree}/tests/unit/bin/*') if os.access(p, os.X_OK))


def build(directory):
    tree = copy_tree(directory)
    reports = make_shared(directory, 'reports')
    subprocess.run(['gcc', '-O1', '-g', '-fPIC', '-D_GNU_SOURCE', f'-DREPORTS="{reports}"', '-c',
                    '-o', f'{tree}/reports.lo', 'tests/variant/reports.c'], cwd=tree, check=True)
    tests = [f'tests/unit/bin/{os.path.basename(p)[:-2]}' for p in glob.glob(f'{tree}/tests/unit/*.c')]
    make(tree, FLAGS, f'{tree}/reports.lo', ['all', *tests], JAIL)
    return tree


def sanitize(directory, parts):
    tree = build(directory)
    for path in units(tree):
        play(tree, os.path.basename(path), [path], CMOCKA_MESSAGE_OUTPUT='TAP', ASAN_OPTIONS='detect_leaks=1')
    if parts:
        for part in parts:
            play(tree, part, [f'tests/{part}.py'])
    else:
        play(tree, 'dialog', ['tests/dialog.py', '--mode', 'root' if os.geteuid() == 0 else 'user'])
    with open(f'{directory}/reports/report', 'rb') as f:
        said = f.read()[8:].rstrip(b'\0').decode(errors='backslashreplace')
    expect(said == '', 'the sanitizers have found nothing', said)


# -- valgrind

SWEEPS = ('journal', 'history')  # thousands of sessions or processes: an hour of valgrind's
VALGRIND = ['valgrind', '-q', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite,indirect',
            '--track-fds=no', '--trace-children=no',
            '--soname-synonyms=somalloc=nouserintercepts']  # a test's own malloc() stays its own


def memcheck(directory):
    """What valgrind finds goes to a file for each process, which is opened
    before the process is locked in."""
    tree = copy_tree(directory)
    tests = [f'tests/unit/bin/{os.path.basename(p)[:-2]}' for p in glob.glob(f'{tree}/tests/unit/*.c')]
    make(tree, '-O1 -g', '', ['all', *tests], JAIL)
    for path in units(tree):
        if os.path.basename(path) in SWEEPS:
            continue
        play(tree, f'{os.path.basename(path)} under valgrind', VALGRIND + [path], CMOCKA_MESSAGE_OUTPUT='TAP',
             UNDER_VALGRIND='1')
    for i, (said, want) in enumerate(SESSIONS, 1):
        memcheck_session(f'{directory}/{i}', tree, said, want, i)


def memcheck_session(here, tree, said, want, i):
    os.mkdir(here)
    for name in ('mail', 'state'):
        os.mkdir(f'{here}/{name}', 0o711)
    shutil.copy(f'{tree}/tests/mailboxes/two.mbox', f'{here}/mail/joe')
    with open(f'{here}/secrets', 'w', encoding='ascii') as f:
        f.write('joe:{PLAIN}secret\n')
    os.chmod(f'{here}/secrets', 0o600)
    ids = {}
    if os.geteuid() == 0:
        ids = {'user': 65534, 'group': 65534, 'extra_groups': []}
        subprocess.run(['chown', '-R', '65534:65534', here], check=True)
    ours, theirs = socket.socketpair()
    with theirs, open(f'{here}/log', 'wb') as log:
        p = subprocess.Popen(VALGRIND + [f'--log-file={here}/found.%p', f'{tree}/pop3d', '--stderr', '--no-pam',
                                         f'--secrets={here}/secrets', f'--state={here}/state',
                                         f'--mailbox={here}/mail/%u'],
                             stdin=theirs, stdout=theirs, stderr=log, cwd='/', **ids)
    ours.settimeout(120)
    ours.sendall(said)
    with ours, ours.makefile('rb') as f:
        answers = f.read()
    status = p.wait(120)
    found = ''
    for path in glob.glob(f'{here}/found.*'):
        with open(path, encoding='utf-8', errors='backslashreplace') as f:
            found += ''.join(line for line in f if line.startswith('=='))  # "--" is what valgrind does not know
    oks = answers.count(b'+OK')
    expect(status == 0 and oks == want and not found, f'session {i} under valgrind: nothing is found',
           f'status {status}, {oks} +OK\n{answers}\n{found}')


def main(argv):
    with place('pop3d-sanitize-') as directory:
        sanitize(directory, PARTS if argv == ['all'] else ())
        if argv == ['all']:
            os.mkdir(f'{directory}/valgrind')
            memcheck(f'{directory}/valgrind')
    return bool(failures)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
