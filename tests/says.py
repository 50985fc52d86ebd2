#!/usr/bin/env python3
"""What the program says without a client: --check, --help, --version; and how it starts where something is odd. TAP."""
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from oom import in_namespace
from scene import JOE, Scene, enter_namespace
from variant import place

HERE = os.path.dirname(os.path.abspath(__file__))
HASH = '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1'

# The form, the scene, the option, the status, and lines that are among those.
CASES = (
    ('user', [], '--check', 0, ['ok    PAM is not used', 'ok    secrets file .*', 'ok    state directory .*',
                                'ok    confinement: jail=.*, which is not all.*', 'ok    spool .*/mail']),
    ('root', [], '--check', 0, ['ok    PAM service pop3d', 'ok    jail user pop3d has uid 2003', 'ok    spool .*/mail']),
    ('root', [('options', '--pam=none-such')], '--check', 78, ['WRONG PAM service none-such: there is none.*']),
    ('root', [('options', '--jail-user=none-such')], '--check', 78, ['WRONG jail user none-such: there is none.*']),
    ('root', [('options', '--jail-user=root')], '--check', 78, ['WRONG jail user root has uid 0']),
    ('root', [('options', '--mail-group=none-such')], '--check', 78, ['WRONG group none-such: there is none.*']),
    ('root', [('mailbox-is', 'closed-directory')], '--check', 78, ['WRONG spool .*: group mail cannot write to it.*']),
    ('root', [('options', '--lock=fcntl'), ('mailbox-is', 'closed-directory')], '--check', 0, ['ok    spool .*/mail']),
    ('root', [('secrets', 'nobody-such:{PLAIN}x')], '--check', 78, ['WRONG user nobody-such: .*']),
    ('root', [('secrets', 'nobody-such:joe:{PLAIN}x')], '--check', 0, ['ok    secrets file .*']),
    ('user', [('secrets', 'anna:{CRYPT}no hash')], '--check', 78, [r'WRONG user anna: that is no hash behind \{CRYPT\}']),
    ('user', [('secrets', 'anna:{CRYPT}' + HASH)], '--check', 0, ['ok    secrets file .*']),
    ('user', [('secrets-is', 'readable')], '--check', 78, ['WRONG secrets file .*: see above', r'pop3d\[\d+\]: secrets file .*can be read.*']),
    ('user', [('no-secrets', '')], '--check', 78, ['WRONG secrets file .*: there is none, and no PAM: .*']),
    ('user', [('state-is', 'missing')], '--check', 78, ['WRONG state directory .*']),
    ('user', [('mailbox-is', 'no-directory')], '--check', 78, ['WRONG spool .*: there is no such directory']),
    ('user', [('options', '--mailbox=%h/Mailbox')], '--check', 0, ['ok    spool|ok    mailboxes are at %h/Mailbox']),
    ('user', [('options', '--mailbox=%u')], '--check', 0, ['ok    spool .*']),
    ('user', [('options', '--mailbox=/%u')], '--check', 0, ['ok    spool /']),
    ('user', [], '--version', 0, [r'pop3d \d.*']),
    ('user', [], '--help', 0, ['usage: pop3d .*', r'  -\w, --check +\S.*', r'  -\w, --mailbox=\S+ +\S.*']),
    ('user', [('options', '--mailbox=/' + 'm' * 1100)], '--check', 64, ['.*--mailbox /mmm.*']),
)


def play(directory, form, steps, option, status, lines):
    scene = Scene(f'{directory}/pop3d', steps, form)
    try:
        scene.mailbox = f'{scene.mail}/joe'
        scene.build()
        # A pager has both: what is said there is for a person, not for a client.
        errors = subprocess.STDOUT if option == '--check' else subprocess.PIPE
        done = subprocess.run([scene.program] + scene.options() + [option], stdin=subprocess.DEVNULL, check=False, cwd='/',
                              stdout=subprocess.PIPE, stderr=errors, text=True, timeout=60, **scene.ids())
    finally:
        scene.remove()
    said = ((done.stderr or '') + done.stdout).splitlines()
    wrong = [line for line in lines if not any(re.fullmatch(line, s) for s in said)]
    if done.returncode != status:
        wrong.append(f'status {done.returncode}')
    if option == '--check' and any(s.startswith('WRONG') for s in said) != (status == 78):
        wrong.append('the status is not that of the lines')
    what = ' '.join([option] + [' '.join(s)[:40] for s in steps])
    print(f'{"not " if wrong else ""}ok - says: {what} ({form})')
    for line in [f'not said: {w}' for w in wrong] + said if wrong else ():
        print(f'# {line}')


SORRY = '-ERR [SYS/PERM] the server is not set up rightly, tell your postmaster\r\n'
HELLO = r'\+OK POP3 ready.*\r\n'

# The form, what is odd, the options, a command before the program, variables, what is done to the scene, the status (the
# injector's is 0 if there was such a call), what the client hears (a pattern), and the log.
STARTS = (
    ('user', 'a directory that is gone', '--mailbox=mail/%u', 'cd {dir}; mkdir x; cd x; rmdir ../x;', {}, '', 71, '',
     'cannot find the current directory: No such file or directory'),
    ('user', 'a relative mailbox', '--mailbox=mail/%u', 'cd {dir};', {}, '', 0, HELLO, None),
    ('user', 'no descriptor 2', '', 'exec 2>&-;', {}, '', 0, HELLO, None),
    ('user', 'no client', '', 'exec <&-;', {}, '', 64, '', None),
    ('user', 'a client that is gone', '--state=/none', '', {}, 'close', 78, '', 'state directory /none is not there: .*'),
    ('user', 'no such mail group, without root', '--mail-group=none-such', '', {}, '', 0, HELLO, None),
    ('user', 'a user whose name is long', '--authenticated', '', {'USER': 'u' * 256}, '', 78, re.escape(SORRY),
     '--authenticated without USER, .*'),
    ('user', 'no HOME', '--authenticated --mailbox=%h/x', '', {'USER': 'joe'}, '', 78, re.escape(SORRY),
     '--authenticated without USER, .*'),
    ('user', 'a socket pair too few', '--authenticated', '{dir}/../inject -s 0:socketpair:1:24', {'USER': 'joe'}, '', 0, '',
     'cannot start the session process: Too many open files'),
    ('user', 'no random numbers', '', '{dir}/../deny getrandom=ENOSYS --', {}, '', 71, '',
     'cannot draw a random number: Function not implemented'),
    ('user', 'a layer that is denied, and --check', '--check', '{dir}/../deny landlock_create_ruleset=EPERM --', {}, '', 78,
     '(?s).*WRONG Landlock: denied, .*', None),
    ('root', 'no such mail group', '--mail-group=none-such', '', {}, '', 78, re.escape(SORRY), 'group none-such: there is none, .*'),
    ('root', 'none, and none is needed', '--mail-group=none-such --lock=fcntl', '', {}, '', 0, HELLO, None),
    ('root', 'a file for a jail', '', '', {}, 'empty-file', 78, re.escape(SORRY), 'jail directory .*: not a directory that only .*'),
    ('root', "another's jail", '', '', {}, 'empty-foreign', 78, re.escape(SORRY), 'jail directory .*: not a directory that only .*'),
    ('root', 'a jail for all', '', '', {}, 'empty-open', 78, re.escape(SORRY), 'jail directory .*: not a directory that only .*'),
)


def spoil(scene, deed):
    empty = f'{scene.state}/empty'
    if deed == 'empty-file':
        with open(empty, 'w', encoding='ascii'):
            pass
    elif deed.startswith('empty-'):
        os.mkdir(empty)
        os.chmod(empty, 0o777 if deed == 'empty-open' else 0o555)
        os.chown(empty, JOE if deed == 'empty-foreign' else 0, 0)


def start(directory, form, what, options, before, variables, deed, status, heard, logged):
    """A connection, whose client has closed his side; or also the other."""
    scene = Scene(f'{directory}/pop3d', [('options', o) for o in options.split()], form)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)  # as superservers that live by events have it
    try:
        scene.build()
        spoil(scene, deed)
        ours.shutdown(socket.SHUT_WR)
        if deed == 'close':
            ours.close()
        words = [scene.program, '--stderr'] + scene.options()
        shell = before.replace('{dir}', scene.dir) + (' exec' if before.endswith(';') or not before else '') + ' "$@"'
        done = subprocess.run(['/bin/sh', '-c', shell, 'sh'] + words, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True,
                              env={'PATH': os.environ['PATH'], **variables}, cwd='/', timeout=60, check=False, **scene.ids())
        is_blocking = not fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK
        theirs.close()
        said = b'' if deed == 'close' else b''.join(iter(lambda: ours.recv(4096), b''))
    finally:
        theirs.close()
        ours.close()
        scene.remove()
    lines = [line.partition(': ')[2] for line in done.stderr.splitlines()]
    good = status == done.returncode and re.fullmatch(heard, said.decode()) is not None
    good = good and (logged is None or any(re.fullmatch(logged, line) for line in lines))
    good = good and (is_blocking or heard != HELLO)
    print(f'{"not " * (not good)}ok - says: {what} ({form})')
    if not good:
        print(f'# {done.returncode}, {said!r}, {is_blocking}, {done.stderr!r}')


def run(form):
    with place('pop3d-says-') as directory:
        for program in ('../pop3d', 'fault/bin/inject', 'bin/deny'):
            shutil.copy(f'{HERE}/{program}', directory)
        for case in CASES:
            if case[0] == form:
                play(directory, *case)
        for case in STARTS:
            if case[0] == form:
                start(directory, *case)


def main(argv):
    os.umask(0o022)
    if argv == ['--inside']:
        enter_namespace()
        run('root')
        return True
    run('user')
    if os.geteuid() == 0:
        return in_namespace(os.path.abspath(__file__), [])
    print('ok - says: full separation # SKIP not root')
    return True


if __name__ == '__main__':
    sys.exit(not main(sys.argv[1:]))
