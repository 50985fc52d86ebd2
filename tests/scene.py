"""What there is besides the connection: mailbox, secrets, state, users.

Everything is in a temporary directory, or in the mount namespace that
enter_namespace() prepares: nothing outside is touched.
"""
import fcntl
import glob
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile
import time

from pattern import Failure, matches
from wire import LIMIT

MAILBOXES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mailboxes')
NOBODY, MAIL = 65534, 8
JOE, ANNA, JAIL, GONE, LOCKED, UTE = 2001, 2002, 2003, 2004, 2005, 2006
MUST_CHANGE, AGED, FADED, LEAVING, NO_SHELL, OPEN = range(2011, 2017)
TODAY = int(time.time() // 86400)
OLD_TIMES = (1700000000123456789, 1700000001123456789)  # written after it was read


def read_file(name):
    with open(os.path.join(MAILBOXES, name), 'rb') as f:
        return f.read()


def read_files(names):
    return b''.join(read_file(name) for name in names.split())


def messages_of(data):
    """Where no body has a line that looks like a From_ line behind a blank."""
    return re.findall(rb'\s*From .*?(?:(?<=\n\n)(?=From )|(?<=\n\r\n)(?=From )|\Z)', data, re.DOTALL)


def read_untouched(path):
    """Leaves the access time alone."""
    with open(os.open(path, os.O_RDONLY | os.O_NOATIME), 'rb') as f:
        return f.read()


class Scene:
    """A mailbox, a secrets file and a state directory in a place of their own."""

    def __init__(self, program, steps, form):
        self.program, self.steps, self.form = program, steps, form
        self.dir = tempfile.mkdtemp(dir=os.path.dirname(program))
        self.mail, self.state = f'{self.dir}/mail', f'{self.dir}/state'
        if self.has('default-places'):
            self.mail, self.state = '/var/mail', '/var/lib/pop3d'
        self.mailbox = f'{self.mail}/joe'
        self.secrets = f'{self.dir}/secrets'
        self.keeps_lock = False  # somebody else's lock file is to stay
        self.bytes = self.before = self.held = None

    def words(self, word):
        return [rest for w, rest in self.steps if w == word]

    def has(self, word):
        return bool(self.words(word))

    def build(self):
        os.chmod(self.dir, 0o755)
        for path, mode in ((self.mail, 0o755), (self.state, 0o711)):
            if not os.path.isdir(path):
                os.mkdir(path)
            os.chmod(path, mode)
        if self.form == 'root':
            os.chown(self.mail, 0, MAIL)
            os.chmod(self.mail, 0o2775)
        elif os.geteuid() == 0:
            for path in (self.dir, self.mail, self.state):
                os.chown(path, NOBODY, NOBODY)
        for names in self.words('mailbox'):
            self.write_mailbox(read_files(names))
        for what in self.words('mailbox-is'):
            self.spoil_mailbox(what)
        if not self.has('default-places'):
            self.write_secrets()
        for words in self.words('script'):
            name, _, line = words.partition(' ')
            with open(f'{self.dir}/{name}.draft', 'a', encoding='utf-8') as f:
                f.write(line + '\n')
        for path in glob.glob(f'{self.dir}/*.draft'):
            # A process that another dialogue starts at this moment has our files open for a while, and what is
            # open for writing cannot be executed: not so what another process has written.
            subprocess.run(['install', '-m', '755', path, path[:-len('.draft')]], check=True)
        for words in self.words('trace-is'):
            self.write_trace(*words.split(' '))
        if self.has('pam'):
            self.write_service()
        for what in self.words('state-is'):
            if what == 'missing':
                os.rmdir(self.state)
            elif what == 'writable':
                os.chmod(self.state, 0o777)
            else:
                raise Failure(f'state-is {what}?')

    def service(self):
        """Name of the dialogue's own PAM service."""
        return 'pop3d-' + os.path.basename(self.dir)

    def write_service(self):
        """In /etc, which is that of our namespace, or we are no root."""
        says = os.path.dirname(self.program) + '/pam_says.so'
        with open('/etc/pam.d/' + self.service(), 'w', encoding='utf-8') as f:
            for line in self.words('pam'):
                f.write(line.replace('{dir}', self.dir).replace('{says}', says) + '\n')

    def write_mailbox(self, data):
        self.bytes = data
        with open(self.mailbox, 'wb') as f:
            f.write(data)
        self.give(self.mailbox)
        os.utime(self.mailbox, ns=OLD_TIMES)
        self.before = os.stat(self.mailbox)

    def give(self, path):
        os.chmod(path, 0o660)
        if self.form == 'root':
            os.chown(path, JOE, MAIL)
        elif os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def spoil_mailbox(self, what):
        path, other = self.mailbox, self.mailbox + '.other'
        if what in ('missing', 'directory', 'fifo', 'symlink', 'dangling', 'device') \
                and os.path.exists(path):
            os.rename(path, other)
        deeds = {
            'missing': lambda: None,
            'directory': lambda: os.mkdir(path),
            'fifo': lambda: os.mkfifo(path),
            'device': lambda: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)),
            'symlink': lambda: os.symlink(other, path),
            'dangling': lambda: os.symlink(other + '.none', path),
            'hardlink': lambda: os.link(path, other),
            'unreadable': lambda: os.chmod(path, 0),
            'readonly': lambda: os.chmod(path, 0o440),
            'foreign': lambda: (os.chown(path, ANNA, MAIL), os.chmod(path, 0o666)),
            'no-directory': lambda: shutil.rmtree(self.mail),
            'closed-directory': self.close_directory,
        }
        deeds[what]()

    def close_directory(self):
        os.chmod(self.mail, 0o555)
        if self.form == 'root':
            os.chown(self.mail, 0, 0)

    def write_secrets(self):
        path = self.secrets
        if self.has('no-secrets') and not self.has('secrets'):
            return
        with open(path, 'w', encoding='utf-8') as f:
            if not self.has('no-secrets'):
                f.write('# a comment\n\njoe:{PLAIN}secret\n')
            for line in self.words('secrets'):
                f.write(line.replace('{dir}', self.dir) + '\n')
        os.chmod(path, 0o600)
        if self.form == 'user' and os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        deeds = {
            'readable': lambda: os.chmod(path, 0o644),
            'symlink': lambda: (os.rename(path, path + '.other'), os.symlink(path + '.other', path)),
            'directory': lambda: (os.unlink(path), os.mkdir(path, 0o755)),
            'foreign': lambda: os.chown(path, JOE, JOE),
        }
        for what in self.words('secrets-is'):
            deeds[what]()

    def write_trace(self, name, what):
        path = f'{self.dir}/{name}'
        with open(path, 'w', encoding='utf-8'):
            os.chmod(path, 0o666 if what == 'writable' else 0o600)
        if self.form == 'user' and os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        if what == 'symlink':
            os.rename(path, path + '.other')
            os.symlink(path + '.other', path)

    def remove(self):
        if self.has('default-places'):
            for path in glob.glob('/var/mail/*') + glob.glob('/var/lib/pop3d/*.*'):
                os.unlink(path)
        elif os.path.isdir(self.mail):
            os.chmod(self.mail, 0o755)
        if self.has('pam'):
            os.unlink('/etc/pam.d/' + self.service())
        shutil.rmtree(self.dir)

    def start(self, inside, outside):
        """A server on these descriptors."""
        argv = [self.program, '--stderr']
        for size in self.words('file-limit'):
            argv[:0] = ['prlimit', f'--fsize={size}']
        argv += self.options()
        env = {'PATH': os.environ['PATH']}
        env.update(e.split('=', 1) for e in self.words('env'))
        with open(f'{self.dir}/log', 'ab') as log:
            return subprocess.Popen(argv, stdin=inside, stdout=outside, stderr=log, env=env, cwd='/', **self.ids())

    def options(self):
        argv = []
        if not self.has('default-places'):
            argv += [f'--secrets={self.secrets}', f'--state={self.state}', f'--mailbox={self.mail}/%u']
        if self.form == 'user':
            argv.append('--no-pam')
        elif self.has('pam'):
            argv.append('--pam=' + self.service())
        for words in self.words('options'):
            argv += words.replace('{dir}', self.dir).split()
        return argv

    def ids(self):
        if self.form == 'user' and os.geteuid() == 0:
            return {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
        return {}

    def look_recovered(self, status, pattern=''):
        with open(f'{self.dir}/log', 'ab') as log:
            done = subprocess.run([self.program, '--recover'] + self.options(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=log, timeout=LIMIT, cwd='/', **self.ids())
        if done.returncode != int(status) or not matches(pattern, done.stdout.strip(), {}):
            raise Failure(f'--recover said {done.stdout!r}, and ended with {done.returncode}')

    def log(self):
        if not os.path.exists(f'{self.dir}/log'):
            return b''
        with open(f'{self.dir}/log', 'rb') as f:
            return f.read()

    # -- what others do meanwhile

    def do(self, what):
        word, _, rest = what.partition(' ')
        deed = getattr(self, 'do_' + word, None)
        if deed is None:
            raise Failure(f'do {what}?')
        deed(*rest.split())

    def do_append(self, name):
        with open(self.mailbox, 'ab') as f:
            f.write(read_file(name))
        self.give(self.mailbox)

    def do_install(self, name):
        with open(self.mailbox, 'r+b') as f:
            f.write(read_file(name))
            f.truncate()

    def do_truncate(self):
        os.truncate(self.mailbox, os.path.getsize(self.mailbox) - 1)

    def do_rewrite(self):
        time.sleep(.02)  # before Linux 6.13 a file's clock stands still for some ms
        was = os.stat(self.mailbox)
        with open(self.mailbox, 'r+b') as f:
            data = f.read()
            f.seek(0)
            f.write(data.replace(b'Subject', b'sUBJECT'))
        os.utime(self.mailbox, ns=(was.st_atime_ns, was.st_mtime_ns))

    def do_replace(self):
        with open(self.mailbox + '.new', 'wb') as f:
            f.write(self.bytes)
        self.give(self.mailbox + '.new')
        os.rename(self.mailbox + '.new', self.mailbox)

    def do_remove(self):
        os.unlink(self.mailbox)

    def do_touch(self):
        os.utime(self.mailbox)

    def do_wait(self, seconds):
        time.sleep(float(seconds))

    def do_lock(self, whose):
        if whose == 'fcntl':
            self.held = open(self.mailbox, 'r+b')
            fcntl.fcntl(self.held, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
            return
        self.await_unlock()
        holder = {'pid': str(os.getpid()), 'dead': str(dead_pid()), 'old': '1', 'empty': ''}
        with open(self.mailbox + '.lock', 'x') as f:
            f.write(holder[whose])
        self.give(self.mailbox + '.lock')
        self.keeps_lock = whose in ('pid', 'empty')
        if whose == 'old':
            os.utime(self.mailbox + '.lock', (time.time() - 400,) * 2)

    def await_unlock(self):
        """The monitor may still be about to remove its own."""
        for _ in range(LIMIT * 100):
            if not os.path.exists(self.mailbox + '.lock'):
                return
            time.sleep(0.01)

    def do_unlock(self):
        if self.held:
            self.held.close()
        else:
            os.unlink(self.mailbox + '.lock')
        self.keeps_lock = False

    # -- what a session has left

    def check_remains(self):
        """What holds after every session, whatever it was."""
        is_killed = ('do', 'kill') in self.steps  # its lock file is stale then
        if os.path.lexists(self.mailbox + '.lock') != self.keeps_lock and not is_killed:
            raise Failure('a lock file is left, or another program\'s is gone')
        for path in glob.glob(f'{self.state}/*.*'):
            st = os.lstat(path)
            owners = (JOE, ANNA, GONE, LEAVING, NO_SHELL, UTE) if self.form == 'root' else (os.geteuid() or NOBODY,)
            if path.endswith('.login') and self.form == 'root':
                owners = (0,)
            if st.st_uid not in owners or st.st_mode != stat.S_IFREG | 0o600:
                raise Failure(f'state file {path}: uid {st.st_uid}, mode {st.st_mode:o}')
            if path.endswith('.journal') and st.st_size > 0 and not self.has_spoilt_journal():
                raise Failure(f'an unfinished update in {path}')

    def has_spoilt_journal(self):
        return ('do', 'spoil-journal') in self.steps

    def look(self, word, rest):
        if word == 'recover':
            self.look_recovered(*rest.split(' ', 1))
            return
        if word in ('log', 'no-log'):
            lines = [line.partition(b' ')[2] for line in self.log().splitlines()]
            if any(matches(rest, line, {}) for line in lines) != (word == 'log'):
                raise Failure(f'{word} {rest}')
            return
        if word == 'trace':
            self.look_traced(*rest.split(' ', 1))
            return
        if word == 'holds':
            name, _, words = rest.partition(' ')
            with open(f'{self.dir}/{name}', encoding='utf-8') as f:
                lines = f.read().split('\n')[:-1]
            if lines != words.split():
                raise Failure(f'{name} holds {lines}')
            return
        now = os.stat(self.mailbox)
        data = read_untouched(self.mailbox)
        if word == 'mailbox-unchanged':
            self.look_unchanged(now, data)
            return
        want = b''
        if word == 'mailbox-keeps':
            all_ = messages_of(self.bytes)
            want = b''.join(all_[int(n) - 1] for n in rest.split())
        elif word == 'mailbox-becomes':
            want = read_files(rest)
        if data != want:
            raise Failure(f'the mailbox is {data!r}, not {want!r}')
        for part in ('st_ino', 'st_mode', 'st_uid', 'st_gid'):
            if getattr(now, part) != getattr(self.before, part):
                raise Failure(f'{part} of the mailbox has changed')
        if now.st_atime_ns >= now.st_mtime_ns:
            raise Failure('the mailbox seems to have been read since mail came')

    def look_traced(self, name, patterns):
        """Its lines, without what is other in each session, are just these."""
        with open(f'{self.dir}/{name}', 'rb') as f:
            lines = [line.split(b' ', 2)[2] for line in f.read().splitlines()]
        want = patterns.split(' | ') if patterns != 'empty' else []
        if len(lines) != len(want) or not all(matches(w, line, {}) for w, line in zip(want, lines)):
            raise Failure(f'the trace {name} is {lines}')

    def look_unchanged(self, now, data):
        if data != self.bytes:
            raise Failure(f'the mailbox is {data!r}')
        for part in ('st_ino', 'st_mode', 'st_uid', 'st_gid', 'st_nlink', 'st_atime_ns', 'st_mtime_ns'):
            if getattr(now, part) != getattr(self.before, part):
                raise Failure(f'{part} of the mailbox has changed')


def dead_pid():
    p = subprocess.Popen(['true'])
    p.wait()
    return p.pid


def enter_namespace():
    """Users, PAM and spool of our own: in this mount namespace only."""
    d = tempfile.mkdtemp(prefix='pop3d-root-')
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'pop3d', d], check=True)
    for name in ('passwd', 'group', 'shadow'):
        shutil.copy('/etc/' + name, f'{d}/{name}')
    shutil.copytree('/etc/pam.d', f'{d}/pam.d')
    hash_, utes = subprocess.run(['openssl', 'passwd', '-6', "anna's unix password", 'grün²'],
                                 capture_output=True, check=True, text=True).stdout.split()
    # Ages of passwords: the day of the last change, least, most, warning, grace; the account's end
    ages = '19000:0:99999:7::'
    users = (('joe', JOE, hash_, ages, 'sh'), ('anna', ANNA, hash_, ages, 'sh'), ('pop3d', JAIL, '*', ages, 'sh'),
             ('gone', GONE, hash_, ages + '1', 'sh'), ('locked', LOCKED, '!' + hash_, ages, 'sh'),
             ('mustchange', MUST_CHANGE, hash_, '0:0:99999:7::', 'sh'), ('aged', AGED, hash_, '19000:0:30:7::', 'sh'),
             ('faded', FADED, hash_, '19000:0:30:7:30:', 'sh'), ('leaving', LEAVING, hash_, f'{TODAY - 99}:0:100:7::', 'sh'),
             ('noshell', NO_SHELL, hash_, ages, 'nologin'), ('open', OPEN, '', ages, 'sh'), ('toor', 0, hash_, ages, 'sh'),
             ('ute', UTE, utes, ages, 'sh'))
    with open(d + '/passwd', 'a') as p, open(d + '/group', 'a') as g, open(d + '/shadow', 'a') as s:
        for name, uid, password, age, shell in users:
            p.write(f'{name}:x:{uid}:{uid}::/nonexistent:/bin/{shell}\n')
            g.write(f'{name}:x:{uid}:\n')
            s.write(f'{name}:{password}:{age}:\n')
    with open(d + '/pam.d/pop3d', 'w') as f:
        f.write('auth required pam_unix.so\naccount required pam_unix.so\n')
    with open(d + '/pam.d/other', 'w') as f:
        f.write('auth required pam_deny.so\naccount required pam_deny.so\n')
    for name in ('passwd', 'group', 'shadow', 'pam.d'):
        subprocess.run(['mount', '--bind', f'{d}/{name}', '/etc/' + name], check=True)
    subprocess.run(['umount', '-l', d], check=True)
    os.rmdir(d)
    for path in (os.path.realpath('/var/mail'), '/var/lib'):
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'pop3d', path], check=True)
    os.mkdir('/var/lib/pop3d', 0o711)
