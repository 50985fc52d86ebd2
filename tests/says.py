#!/usr/bin/env python3
"""What the program says without a client: --check, --help, --version. TAP."""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from oom import in_namespace
from scene import Scene, enter_namespace
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


def run(form):
    with place('pop3d-says-') as directory:
        shutil.copy(f'{HERE}/../pop3d', directory)
        for case in CASES:
            if case[0] == form:
                play(directory, *case)


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
