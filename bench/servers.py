"""The servers: pop3d, its peers from Debian's packages, and the floor.

Nothing of a peer is installed. Its files are unpacked into a directory, which
is laid over the system's in a mount namespace: nothing outside changes, and
peers that would be in each other's way are not.
"""
import ctypes
import glob
import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.dirname(HERE), 'pop3d')
USERS = 32
FIRST_UID, MAIL = 61000, 8
HASH = '$5$rounds=1000$bench$2RUTyK9Gbf8hCuyPD8mFiCuwXem8hXrkTOn91WSw6p3'  # benchpass, for every server
COURIER = '/usr/lib/courier/courier'
OTHER_USERS = ('pop3d', 'popa3d', 'spop3d', 'dovecot', 'dovenull', 'courier')
PAM = '@include common-auth\n@include common-account\n'
DOVECOT = """protocols = pop3
listen = 127.0.0.1
base_dir = {work}/dovecot
log_path = {work}/dovecot.log
info_log_path = /dev/null
ssl = no
disable_plaintext_auth = no
mail_location = mbox:{work}/indexes/%u:INBOX=/var/mail/%u
mail_privileged_group = mail
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=crypt username_format=%u /etc/dovecot-users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u /etc/dovecot-users
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
  process_min_avail = 2
  service_count = 0
}}
"""


def pop3d(w, how):
    return [PROGRAM, f'--state={w}/state', f'--mailbox={w}/mail/%u'] + how


# name: (Debian's package, kind of mailbox, command line under tcpserver)
SERVERS = {
    'pop3d': (None, 'mbox', lambda w: pop3d(w, [f'--secrets={w}/none'])),
    'pop3d-secrets': (None, 'mbox', lambda w: pop3d(w, [f'--secrets={w}/secrets', '--no-pam'])),
    'popa3d': ('popa3d', 'mbox', lambda w: ['/usr/sbin/popa3d']),
    'solid': ('solid-pop3d', 'mbox', lambda w: ['/usr/sbin/solid-pop3d', '-a', '10m', '-f', '/etc/spop3d.conf']),
    'mailutils': ('mailutils-pop3d', 'mbox', lambda w: ['/usr/sbin/pop3d', '--inetd', '--config-file=/etc/mu.conf']),
    'courier': ('courier-pop', 'maildir',
                lambda w: [f'{COURIER}/courierpop3login', f'{COURIER}/courierpop3d', 'Maildir']),
    'dovecot': ('dovecot-pop3d', 'mbox', None),
    'floor': (None, 'mbox', lambda w: [f'{w}/judge', 'pam']),
    'floor-secrets': (None, 'mbox', lambda w: [f'{w}/judge', 'three', HASH]),
    'greeter': (None, None, lambda w: [f'{w}/floor', 'greet']),
    'cat': (None, None, lambda w: ['/bin/cat', f'{w}/mail/bench1']),
    'sender': (None, 'mbox', lambda w: [f'{w}/floor', 'sender', f'{w}/mail/bench1']),
    'sendfile': (None, None, lambda w: [f'{w}/floor', 'sendfile', f'{w}/mail/bench1']),
}
PEERS = [name for name, (package, _, _) in SERVERS.items() if package]


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def fetch(package, work, tree):
    """Unpacks it, and what it needs and the system has not; false if it is not to be had."""
    debs = f'{work}/debs/{package}'
    os.makedirs(debs + '/partial', exist_ok=True)
    if not glob.glob(f'{debs}/{package}_*'):
        subprocess.run(['apt-get', '-q', '-y', '-o', f'Dir::Cache::archives={debs}', '-o', 'APT::Sandbox::User=root',
                        'install', '--no-install-recommends', '--download-only', package],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for deb in glob.glob(f'{debs}/*.deb'):
        subprocess.run(['dpkg', '-x', deb, tree], check=True)
    if os.path.isdir(f'{tree}/lib'):
        shutil.copytree(f'{tree}/lib', f'{tree}/usr/lib', symlinks=True, dirs_exist_ok=True)
    return bool(glob.glob(f'{debs}/{package}_*'))


def write_etc(work, etc):
    """Users and configurations, for all of them alike."""
    lines = {name: read('/etc/' + name) for name in ('passwd', 'group', 'shadow')}
    for number, name in enumerate(OTHER_USERS):
        if f'\n{name}:' not in lines['passwd']:
            lines['passwd'] += f'{name}:x:{FIRST_UID - 100 + number}:{FIRST_UID - 100 + number}::/var/lib/{name}:/bin/false\n'
            lines['group'] += f'{name}:x:{FIRST_UID - 100 + number}:\n'
            lines['shadow'] += f'{name}:*:19000::::::\n'
    users = ''
    for number in range(1, USERS + 1):
        user, uid, home = f'bench{number}', FIRST_UID + number, f'{work}/home/bench{number}'
        lines['passwd'] += f'{user}:x:{uid}:{MAIL}::{home}:/bin/sh\n'
        lines['shadow'] += f'{user}:{HASH}:19000:0:99999:7:::\n'
        users += f'{user}:{HASH}:{uid}:{MAIL}::{home}::\n'
    for name, text in lines.items():
        write(f'{etc}/{name}', text, 0o600 if name == 'shadow' else 0o644)
    write(f'{etc}/dovecot-users', users)
    for service in ('pop3d', 'popa3d', 'solid-pop3d', 'gnu-pop3d', 'pop3'):
        write(f'{etc}/pam.d/{service}', PAM)
    write(f'{etc}/spop3d.conf', '<Global>\n MailDropName "/var/mail/%s"\n MailDropType mailbox\n</Global>\n')
    write(f'{etc}/mu.conf', 'mailbox { mail-spool "/var/mail"; };\nlogging { syslog no; };\npam { service gnu-pop3d; };\n')


def children_of(pid):
    """All that it has started, and what they have."""
    parents = {}
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            fields = read(path).rpartition(')')[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.split('/')[2]))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found[1:]


def adopt_orphans():
    """What a server leaves behind becomes our child: we wait for it, and know what it has used."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:  # PR_SET_CHILD_SUBREAPER
        raise OSError(ctypes.get_errno(), 'prctl')


class Server:
    """One of them, in a namespace of its own that lasts until close()."""

    def __init__(self, name, work):
        package, self.kind, command = SERVERS[name]
        self.name, self.work, self.is_there = name, work, True
        tree = f'{work}/tree-{name}'
        if package:
            self.is_there = fetch(package, work, tree)
        write_etc(work, f'{tree}/etc')
        self.command = command and command(work)
        self.process = self.port = None
        script = f'mount --bind {work}/mail {os.path.realpath("/var/mail")}\n'
        for part in ('etc', 'usr', 'var/lib'):
            if os.path.isdir(f'{tree}/{part}'):
                script += f'mount -t overlay -o lowerdir={tree}/{part}:/{part} pop3d-bench /{part}\n'
        if name == 'courier':
            script += 'mount -t tmpfs pop3d-bench /run; mkdir -p /run/courier/authdaemon\n'
        self.space = subprocess.Popen(
            ['unshare', '--mount', '--propagation', 'private', 'sh', '-e', '-c', script + 'echo; exec cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        if self.space.stdout.readline() != b'\n':
            raise OSError('no mount namespace is to be had')

    def close(self):
        self.space.stdin.close()
        self.space.wait()

    def inside(self, argv):
        return ['nsenter', f'--mount=/proc/{self.space.pid}/ns/mnt', '--'] + argv

    def start(self):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        argv = ['tcpserver', '-DHR', '-l0', '-c400', '-b400', '127.0.0.1', str(self.port)]
        if self.name == 'dovecot':
            write(f'{self.work}/dovecot.conf', DOVECOT.format(work=self.work, port=self.port))
            argv = ['dovecot', '-F', '-c', f'{self.work}/dovecot.conf']
        elif self.name == 'courier':
            argv = ['sh', '-c', 'set -a; . /etc/courier/authdaemonrc; '
                    '/usr/lib/courier/courier-authlib/authdaemond & exec "$@"', 'sh'] + argv
        with open(f'{self.work}/log', 'ab') as log:
            self.process = subprocess.Popen(self.inside(argv + (self.command or [])), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self.await_port()

    def await_port(self):
        for _ in range(500):
            with open('/proc/net/tcp', encoding='ascii') as f:
                if f'0100007F:{self.port:04X} 00000000:0000 0A' in f.read():
                    time.sleep(0.3 if self.name in ('courier', 'dovecot') else 0)
                    return
            time.sleep(0.01)
        raise OSError(f'{self.name} does not listen')

    def settle(self):
        """Waits for the sessions to end; a daemon's processes stay."""
        for _ in range(100):
            if self.name in ('courier', 'dovecot') or not children_of(self.process.pid):
                return
            time.sleep(0.01)

    def stop(self):
        """Returns the CPU seconds of it and all that it has started."""
        self.settle()
        os.killpg(self.process.pid, signal.SIGTERM)
        cpu_s, self.process.returncode = 0, 0  # we wait for it, not subprocess
        for tries in range(1000):
            try:
                pid, _, used = os.wait4(-self.process.pid, os.WNOHANG)
            except ChildProcessError:
                break
            if pid:
                cpu_s += used.ru_utime + used.ru_stime
                continue
            time.sleep(0.01)
            if tries == 500:
                os.killpg(self.process.pid, signal.SIGKILL)
        return cpu_s

    def memory(self):
        """KiB that no other process has, of all its processes."""
        kib = 0
        for pid in children_of(self.process.pid):
            for line in read(f'/proc/{pid}/smaps_rollup').splitlines():
                if line.startswith(('Private_Clean:', 'Private_Dirty:')):
                    kib += int(line.split()[1])
        return kib
