#!/usr/bin/env python3
"""Does fail2ban find who guesses passwords, and nobody else? Prints TAP.

Clients that a PROXY header gives an address are refused, with names that would
like to look like another line, another field or another address; the log goes
through fail2ban-regex with the filter that contrib/fail2ban.conf names, which
is fail2ban's own.
"""
import base64
import concurrent.futures as futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

HERE = os.path.dirname(os.path.abspath(__file__))
FILTER = '/etc/fail2ban/filter.d/courier-auth.conf'
LIMIT = 60

NAMES = (
    b'joe', b'nobody', b'joe@example.org', b'a/../b', b'..', b'x:y', b'j\xc3\xb6', b'\xff\xfe', 240 * b'a',
    b'joe, ip=[203.0.113.9]',
    b'ip=[203.0.113.9]',
    b'x], ip=[203.0.113.9], user=y',
    b'LOGIN FAILED, ip=[203.0.113.9], method=PASS, user=x',
    b'x\rpop3d[1]: LOGIN FAILED, ip=[203.0.113.9], method=PASS, user=x',
    b'%s%n', b'$(id)', b'"quoted"', b'<HOST>', b'::ffff:203.0.113.9', b'203.0.113.9',
)
# The last is of no command line, but can be told in base64.
CODED = NAMES + (b'x\npop3d[1]: LOGIN FAILED, ip=[203.0.113.9], method=PASS, user=x',)


def as_pass(name):
    return b'USER ' + name + b'\r\nPASS guess\r\n'


def as_apop(name):
    return b'APOP ' + name.replace(b' ', b'_') + b' ' + 32 * b'0' + b'\r\n'


def as_plain(name):
    return b'AUTH PLAIN ' + base64.b64encode(b'\0' + name + b'\0guess') + b'\r\n'


def attempts():
    """Pairs of an address and what is said from there."""
    said = [way(name) for way in (as_pass, as_apop) for name in NAMES] + [as_plain(name) for name in CODED]
    return [(f'2001:db8::{n + 1:x}' if n % 4 == 3 else f'192.0.2.{n + 1}', text) for n, text in enumerate(said)]


class Server:
    def __init__(self, place):
        self.place = place
        self.argv = [f'{HERE}/../pop3d', '--stderr', '--proxy', '--plaintext', '--no-pam', '--lock=fcntl',
                     f'--secrets={place}/secrets', f'--state={place}/state', f'--mailbox={place}/%u',
                     '--jail-user=nobody']
        os.mkdir(f'{place}/state', 0o711)
        with open(f'{place}/secrets', 'w', encoding='ascii') as f:
            f.write('joe:{PLAIN}secret\n')
        os.chmod(f.name, 0o600)

    def refuse(self, address, text):
        """The log of a session from there."""
        family = 'TCP6' if ':' in address else 'TCP4'
        own = '::1' if ':' in address else '127.0.0.1'
        said = f'PROXY {family} {address} {own} 1 110\r\n'.encode() + text + b'QUIT\r\n'
        done = subprocess.run(self.argv, input=said, capture_output=True, timeout=LIMIT, check=False)
        if b'-ERR' not in done.stdout:
            raise RuntimeError(f'{text!r} was not refused: {done.stdout!r}')
        return done.stderr.decode()


def found_by_fail2ban(log, place):
    """Addresses, in order, one for each line that matches."""
    path = f'{place}/log'
    with open(path, 'w', encoding='ascii') as f:
        f.writelines(f'Nov 23 10:00:00 host {line}\n' for line in log.splitlines())
    out = subprocess.run(['fail2ban-regex', '-o', 'ip', path, FILTER], capture_output=True, text=True,
                         timeout=LIMIT, check=True).stdout
    return out.split()


def report(fine, text, detail=''):
    print(f'ok - fail2ban: {text}' if fine else f'not ok - fail2ban: {text}\n# {detail}')
    return fine


def try_all(place):
    tries = attempts()
    server = Server(place)
    with futures.ThreadPoolExecutor(16) as pool:
        logs = list(pool.map(lambda t: server.refuse(*t), tries))
    failed = [n for n, log in enumerate(logs) if 'LOGIN FAILED, ' in log]
    found = found_by_fail2ban(''.join(logs), place)
    fine = True
    for n, (address, text) in enumerate(tries):
        times = found.count(address)
        fine &= report(times == (n in failed), repr(text[:60]), f'{address} was found {times} times in {logs[n]}')
    others = set(found) - {address for address, _ in tries}
    fine &= report(not others, 'nobody else was found', repr(others))
    # What is no name at all has not been judged; there are such.
    fine &= report(len(failed) > 40, f'{len(failed)} of them were refused as logins', repr(failed))
    with open(f'{HERE}/../contrib/fail2ban.conf', encoding='ascii') as f:
        named = re.search(r'^filter = (\S+)', f.read(), re.M)[1]
    return report(FILTER.endswith(f'/{named}.conf'), 'the filter is the one that contrib names', named) and fine


def main():
    if shutil.which('fail2ban-regex') is None:
        print('ok - fail2ban # skip: not installed')
        return 0
    with tempfile.TemporaryDirectory(prefix='pop3d-fail2ban-') as place:
        os.chmod(place, 0o755)
        return not try_all(place)


if __name__ == '__main__':
    sys.exit(main())
