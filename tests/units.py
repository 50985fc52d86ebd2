#!/usr/bin/env python3
"""The units in contrib, and the program that they run, and prints TAP.

systemd-analyze says what each unit leaves open. Then, as root, the program is
run as the unit would run it, without systemd: with its capabilities, its
system calls, its address families, no new privileges and no network; by PAM
for the one for everybody.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from scene import NOBODY, Scene, enter_namespace
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRIB = os.path.join(os.path.dirname(HERE), 'contrib')
SCORES = {'pop3d@.service': 20, 'pop3d-recover.service': 20, 'pop3d-single@.service': 6}  # in tenths, at most

# Runs a command as a unit's settings have it, given as JSON.
RESTRICT = r'''#!/usr/bin/python3
import ctypes, json, os, sys
unit = json.loads(sys.argv[1])
lib = ctypes.CDLL('libseccomp.so.2')
lib.seccomp_init.restype = ctypes.c_void_p
class Compare(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]
def denied(error):
    return 0x00050000 | error
calls = ctypes.c_void_p(lib.seccomp_init(denied(1)))
for name in unit['calls']:
    number = lib.seccomp_syscall_resolve_name(name.encode())
    if number >= 0 and lib.seccomp_rule_add_array(calls, 0x7fff0000, number, 0, None) != 0:
        sys.exit(f'no rule for {name}')
families = ctypes.c_void_p(lib.seccomp_init(0x7fff0000))
not_unix = Compare(0, 1, 1, 0)  # argument 0 is not AF_UNIX
lib.seccomp_rule_add_array(families, denied(97), lib.seccomp_syscall_resolve_name(b'socket'), 1, ctypes.byref(not_unix))
if lib.seccomp_load(families) != 0 or lib.seccomp_load(calls) != 0:
    sys.exit('cannot filter')
os.execv(sys.argv[2], sys.argv[2:])
'''


def settings(unit):
    """{name: [values]}, in order."""
    found = {}
    with open(f'{CONTRIB}/{unit}', encoding='ascii') as f:
        for name, value in re.findall(r'^(\w+)=(.*)$', f.read().replace('\\\n', ''), re.MULTILINE):
            found.setdefault(name, []).append(value)
    return found


def calls_of(words):
    """The names of all calls in these groups."""
    names = set()
    for word in words:
        if word[0] != '@':
            names.add(word)
            continue
        listed = subprocess.run(['systemd-analyze', 'syscall-filter', word], capture_output=True, check=True, text=True)
        names |= calls_of([w for line in listed.stdout.split('\n')[1:] for w in line.partition('#')[0].split()])
    return names


def filter_of(unit):
    allowed = set(calls_of(['@default']))
    for value in settings(unit)['SystemCallFilter']:
        if value[0] == '~':
            allowed -= calls_of(value[1:].split())
        else:
            allowed |= calls_of(value.split())
    return sorted(allowed)


def score(unit, place):
    name = unit.replace('@', '@x')
    shutil.copy(f'{CONTRIB}/{unit}', f'{place}/{name}')
    said = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--json=short', '--no-pager',
                           f'--threshold={SCORES[unit]}', f'{place}/{name}'], capture_output=True, check=False, text=True)
    wrong = said.returncode != 0
    print(f'{"not " * wrong}ok - units: {unit} is exposed at most {SCORES[unit] / 10}'
          + (f'\n# {said.stdout[-1000:]}{said.stderr}' if wrong else ''))
    return wrong


def serve(unit, place, form, user, password, jail):
    """Joe's or Anna's mail, as that unit has it fetched."""
    with open(f'{place}/restrict', 'w', encoding='ascii') as f:
        f.write(RESTRICT)
    os.chmod(f'{place}/restrict', 0o755)
    shutil.copy(f'{HERE}/../pop3d', f'{place}/pop3d')
    bounds = ['-all'] + ['+' + c[4:].lower() for value in settings(unit)['CapabilityBoundingSet'] for c in value.split()]
    ids = [f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups'] if form == 'user' else []
    words = ['unshare', '--net', 'setpriv', *ids, '--bounding-set=' + ','.join(bounds), '--inh-caps=-all', '--no-new-privs',
             f'{place}/restrict', json.dumps({'calls': filter_of(unit)}), f'{place}/pop3d']
    program = f'{place}/{form}'
    with open(program, 'w', encoding='ascii') as f:
        f.write('#!/bin/sh\nexec ' + ' '.join(f"'{w}'" for w in words) + ' "$@"\n')
    os.chmod(program, 0o755)
    scene = Scene(program, [('mailbox', 'two.mbox'), ('options', '--lock=fcntl' if form == 'user' else '--lock=fcntl,dotlock')],
                  form)
    scene.build()
    if user == 'anna':
        scene.mailbox = f'{scene.mail}/anna'
    form_was, scene.form = scene.form, 'root'  # it is unshare that needs to be root, and lets go of that
    if form_was == 'user':
        scene.steps.append(('options', '--no-pam'))
    ours, theirs = socket.socketpair()
    server = scene.start(theirs, theirs)
    theirs.close()
    wire = Wire(ours, ours)
    try:
        wire.send(f'USER {user}\r\nPASS {password}\r\nSTAT\r\nDELE 1\r\nQUIT\r\n'.encode())
        while not wire.ended:
            wire.exchange()
        server.wait(30)
    finally:
        wire.close()
        if server.poll() is None:
            server.kill()
            server.wait()
    said, log = wire.input.decode(), scene.log().decode()
    good = 'messages left' in said if user == 'joe' else said.count('+OK') >= 4
    wrong = not good or jail not in log or 'signal' in log
    print(f'{"not " * wrong}ok - units: {user} is served as {unit} has it' + (f'\n# {said!r}\n# {log!r}' if wrong else ''))
    return wrong


def run(place):
    os.chmod(place, 0o755)
    failed = [score(unit, place) for unit in SCORES]
    if os.geteuid() != 0:
        print('ok - units: sessions as the units have them # SKIP not root')
        return int(any(failed))
    checked = subprocess.run([f'{HERE}/../pop3d', '--check'], capture_output=True, check=False, text=True).stdout
    full = re.search(r'jail=[\w,]+', checked)[0]  # of this kernel, without a unit
    failed.append(serve('pop3d@.service', place, 'root', 'joe', 'secret', full))
    failed.append(serve('pop3d@.service', place, 'root', 'anna', "anna's unix password", full))
    failed.append(serve('pop3d-single@.service', place, 'user', 'joe', 'secret',
                        full.replace('uid,chroot,', '')))
    return int(any(failed))


def main(argv):
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if shutil.which('systemd-analyze') is None:
        print('ok - units # SKIP not installed: systemd')
        return 0
    if os.geteuid() == 0 and argv != ['--inside']:
        return subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable,
                               os.path.abspath(__file__), '--inside'], check=False).returncode
    if argv == ['--inside']:
        enter_namespace()
    with tempfile.TemporaryDirectory(prefix='pop3d-units-') as place:
        return run(place)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
