#!/usr/bin/env python3
"""superservers.py - does mail come through under each real superserver?

Each superserver that is installed runs pop3d on a free port of 127.0.0.1, in
its single-user form and, when this is root, with full separation and PAM.
Two users log in, one with PASS and one with APOP, and what they get is
compared with what was delivered, byte by byte. They come from 127.0.0.2: the
log has to say so, also where a pipe or stunnel stands between. Whatever
descriptor 2 is, only POP3 may reach the client.

As root this runs in a mount namespace with users, PAM files and a /dev/log of
its own.
"""

import concurrent.futures
import contextlib
import os
import poplib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLIENT = "127.0.0.2"
SECONDS = 20  # for a client to get an answer, and a superserver to listen
NOBODY = 65534

PASSWORD = "harbour.lights"
CRYPT = ("$6$superservers$4oiMqkb6OboAlDKFCQPO7p3fgT6AURw2UI"
         "fddwm.C6CQaQxxQd0gAX8rAe8SURzd49SWftzVEquKQdkuYuJoG/")
SECRET = "stone and ferry"  # of the user of APOP

MESSAGES = [
    b"From: a@example.org\nSubject: short\n\nhello\n",
    b"From: b@example.org\nSubject: dots\n\n.\n..\n.text\n",
    b"From: c@example.org\nSubject: 8 bit\n\n"
    + bytes(range(1, 10)) + bytes(range(14, 256)) + b"\n\n\nend\n",
    b"From: d@example.org\nSubject: long\n\n" + b"x" * 1900 + b"\n"
    + b"line of a long message\n" * 20000,
]


def ok(what):
    return f"ok - {what}\n"


def not_ok(what, why):
    return f"not ok - {what}\n" + "".join(
        f"# {line}\n" for line in str(why).splitlines())


def skip(what, why):
    return f"ok - {what} # SKIP {why}\n"


# --- superservers: how each is started -------------------------------------
# Each takes a Form and returns its command line. The form's "command" is
# pop3d with its options.

def tcpserver(form):
    return ["tcpserver", "-H", "-R", "-l", "0", "127.0.0.1", form.port,
            *form.command]


def tcpsvd(form):
    return ["tcpsvd", "-l", "0", "127.0.0.1", form.port, *form.command]


def socat(form):
    return ["socat", f"TCP-LISTEN:{form.port},bind=127.0.0.1,fork,reuseaddr",
            f"EXEC:{' '.join(form.command)}"]


def socat_nofork(form):
    command = socat(form)
    command[-1] += ",nofork"
    return command


def ncat(form):
    return ["ncat", "-l", "-k", "127.0.0.1", form.port,
            "--exec", " ".join(form.command)]


def systemd_socket_activate(form):
    return ["systemd-socket-activate", "--inetd", "--accept",
            f"--listen=127.0.0.1:{form.port}", *form.command]


def inetd_conf(form):
    return form.write(
        "inetd.conf",
        f"127.0.0.1:{form.port} stream tcp nowait.1000 {form.user} "
        f"{form.command[0]} {' '.join(form.command)}\n")


def openbsd_inetd(form):
    return [find_openbsd_inetd(), "-i", inetd_conf(form)]


def inetutils_inetd(form):
    return ["inetutils-inetd", "-d", inetd_conf(form)]


def xinetd(form):
    arguments = " ".join(form.command[1:])
    conf = form.write("xinetd.conf", f"""
service pop3d
{{
    type = UNLISTED
    socket_type = stream
    protocol = tcp
    bind = 127.0.0.1
    port = {form.port}
    wait = no
    user = {form.user}
    server = {form.command[0]}
    {"server_args = " + arguments if arguments else ""}
}}
""")
    return ["xinetd", "-dontfork", "-f", conf, "-filelog",
            form.path("xinetd.log"), "-pidfile", form.path("xinetd.pid")]


def stunnel(form):
    cert = form.path("cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-keyout", cert, "-out", cert + ".c"],
        check=True, capture_output=True)
    with open(cert, "a") as key, open(cert + ".c") as public:
        key.write(public.read())
    form.own(cert)
    conf = form.write("stunnel.conf", f"""
foreground = yes
pid =
debug = err
[pop3s]
accept = 127.0.0.1:{form.port}
cert = {cert}
exec = {form.command[0]}
execArgs = {' '.join(form.command)} --tls
TIMEOUTclose = 0
""")
    return ["stunnel", conf]


def find_openbsd_inetd():
    """inetd, unless that is another one under an alternative name."""
    path = shutil.which("inetd")
    if path and os.path.basename(os.path.realpath(path)) == "inetd":
        return path
    return None


# name, start, is it installed?, is descriptor 2 the client?
SUPERSERVERS = [
    ("tcpserver", tcpserver, "tcpserver", False),
    ("tcpsvd", tcpsvd, "tcpsvd", False),
    ("socat", socat, "socat", False),
    ("socat with nofork", socat_nofork, "socat", False),
    ("ncat", ncat, "ncat", False),
    ("systemd-socket-activate", systemd_socket_activate,
     "systemd-socket-activate", False),
    ("openbsd-inetd", openbsd_inetd, find_openbsd_inetd, True),
    ("inetutils-inetd", inetutils_inetd, "inetutils-inetd", True),
    ("xinetd", xinetd, "xinetd", True),
    ("stunnel", stunnel, "stunnel", False),
]


# --- pop3d and what it serves ----------------------------------------------

class Form:
    """pop3d's mail, secrets and command line, in a directory of its own.

    "full" is root's form: the superserver runs as root. Otherwise all
    belongs to, and runs as, one user without privileges.
    """

    def __init__(self, where, full):
        self.uid = NOBODY if os.getuid() == 0 and not full else os.getuid()
        self.dir = where
        self.user = subprocess.run(["id", "-un", str(self.uid)], check=True,
                                   capture_output=True, text=True
                                   ).stdout.strip()
        self.port = None
        self.log = self.path("log")
        os.chmod(self.dir, 0o755)
        os.mkdir(self.path("mail"), 0o755)
        os.mkdir(self.path("state"), 0o711)
        self.own(self.dir, self.path("mail"), self.path("state"))
        entries = f"ann:{{PLAIN}}{SECRET}\n"
        if not full:
            entries += f"joe:{{CRYPT}}{CRYPT}\n"
        self.write("secrets", entries)
        for user in "joe", "ann":
            path = self.write(f"mail/{user}", b"".join(
                b"From x@example.org Mon Mar  4 09:12:44 2024\n" + m + b"\n"
                for m in MESSAGES))
            if full:
                shutil.chown(path, user)
        if full:
            shutil.chown(self.path("mail"), group="mail")
            os.chmod(self.path("mail"), 0o2775)
        self.program = [
            os.path.join(os.path.dirname(where), "pop3d"), "--stderr",
            "--secrets=" + self.path("secrets"),
            "--state=" + self.path("state"),
            "--mailbox=" + self.path("mail/%u"),
            "--pam=pop3d" if full else "--no-pam"]
        self.command = self.program  # what the superserver starts

    def path(self, name):
        return os.path.join(self.dir, name)

    def own(self, *paths):
        for path in paths:
            os.chown(path, self.uid, -1)

    def write(self, name, content, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())
        os.chmod(path, mode)
        self.own(path)
        return path

    def log_by_a_script(self):
        """For a superserver that makes descriptor 2 the client."""
        words = " ".join(f"'{word}'" for word in self.program)
        self.command = [self.write(
            "logged", f"#!/bin/sh\nexec {words} \"$@\" 2>>'{self.log}'\n",
            0o755)]

    def logged(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def last_logged(self):
        return "\n".join(self.logged().split("\n")[-20:])


@contextlib.contextmanager
def running(start, form):
    """A superserver, from when it listens until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        form.port = str(free.getsockname()[1])
    ids = {}
    if form.uid != os.getuid():
        ids = {"user": form.uid, "group": form.uid, "extra_groups": []}
    form.write("log", "")
    with open(form.log, "ab") as log:
        child = subprocess.Popen(
            start(form), cwd="/", stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True, **ids)
    try:
        wait_for_listener(child, form)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for_listener(child, form):
    """Without a connection, which the superserver would count."""
    wanted = f"0100007F:{int(form.port):04X} 00000000:0000 0A"
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and child.poll() is None:
        with open("/proc/net/tcp") as table:
            if wanted in table.read():
                return
        time.sleep(0.02)
    raise RuntimeError("it does not listen:\n" + form.last_logged())


# --- clients ---------------------------------------------------------------

def connect(form, tls):
    plain = socket.create_connection(("127.0.0.1", form.port), SECONDS,
                                     (CLIENT, 0))
    if not tls:
        return plain
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


class Client(poplib.POP3):
    def __init__(self, form, tls):
        self.connected = connect(form, tls)
        super().__init__("127.0.0.1", form.port, SECONDS)

    def _create_socket(self, timeout):
        return self.connected


def fetch_all(form, tls, log_in):
    client = Client(form, tls)
    try:
        log_in(client)
        count, octets = client.stat()
        got = [b"".join(line + b"\r\n" for line in client.retr(n + 1)[1])
               for n in range(count)]
        client.quit()
    finally:
        client.close()
    wanted = [m.replace(b"\n", b"\r\n") for m in MESSAGES]
    if got != wanted:
        raise RuntimeError(f"{count} messages, not as delivered")
    if octets != sum(map(len, wanted)):
        raise RuntimeError(f"STAT said {octets} octets")


def by_pass(client):
    client.user("joe")
    client.pass_(PASSWORD)


def by_apop(client):
    client.apop("ann", SECRET)


def only_pop3(form, tls):
    """A refusal, rubbish, a good login: each with one answer, no more."""
    told = [b"NONSENSE", b"USER joe", b"PASS wrong", b"USER joe",
            b"PASS " + PASSWORD.encode(), b"RETR 9", b"QUIT"]
    wanted = [br"\+OK", br"-ERR", br"\+OK", br"-ERR \[AUTH\]", br"\+OK",
              br"\+OK", br"-ERR", br"\+OK"]
    got = []
    with connect(form, tls) as peer:
        answers = peer.makefile("rb")
        got.append(answers.readline())
        for line in told:
            peer.sendall(line + b"\r\n")
            got.append(answers.readline())
        got += answers.readlines()
    if (len(got) != len(wanted) or not all(
            re.fullmatch(w + br"( [ -~]*)?\r\n", g)
            for w, g in zip(wanted, got))):
        raise RuntimeError("the client got " + repr(got))


def log_names_client(form, tls):
    """LOGOUT is written when the client has gone: wait for that."""
    wanted = [
        rf"LOGIN, ip=\[{re.escape(CLIENT)}\], method={method}, tls={tls:d},"
        rf" user={user}," for method, user in (("PASS", "joe"),
                                               ("APOP", "ann"))]
    wanted.append(
        rf"LOGIN FAILED, ip=\[{re.escape(CLIENT)}\], method=PASS, user=joe")
    end = time.monotonic() + SECONDS
    while form.logged().count("LOGOUT") < 3 and time.monotonic() < end:
        time.sleep(0.02)
    log = form.logged()
    for line in wanted:
        if not re.search(line, log):
            raise RuntimeError(
                f"no line {line} in the log:\n{form.last_logged()}")


# --- the tests -------------------------------------------------------------

PROBLEMS = (RuntimeError, OSError, EOFError, poplib.error_proto,
            subprocess.CalledProcessError)


def test(what, run, *args):
    try:
        run(*args)
    except PROBLEMS as e:
        return not_ok(what, f"{type(e).__name__}: {e}")
    return ok(what)


def on_descriptor_2(name, start, form):
    """The program's log lines must not go where the client reads."""
    with running(start, form):
        return test(f"{name}: nothing but POP3, though descriptor 2 is the"
                    " client", only_pop3, form, False)


def all_tests(name, start, form):
    tls = start is stunnel
    with running(start, form):
        return (
            test(f"{name}: USER and PASS, all mail", fetch_all, form, tls,
                 by_pass)
            + test(f"{name}: APOP, all mail", fetch_all, form, tls, by_apop)
            + test(f"{name}: nothing but POP3", only_pop3, form, tls)
            + test(f"{name}: the log has the client's address",
                   log_names_client, form, tls))


def try_one(where, full, name, start, find, fd2_is_client):
    """The lines to print for one superserver in one form."""
    if full:
        name += ", as root"
    if not (find() if callable(find) else shutil.which(find)):
        return skip(name, "not installed")
    said = ""
    try:
        form = Form(tempfile.mkdtemp(dir=where), full)
        if fd2_is_client:
            said += on_descriptor_2(name, start, form)
            form.log_by_a_script()
        return said + all_tests(name, start, form)
    except PROBLEMS as e:
        return said + not_ok(name, e)


class Syslog:
    """Reads /dev/log, and keeps what has come."""

    def __init__(self):
        self.said = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            self.said.append(self.socket.recv(4096).decode("latin1"))

    def wait_for(self, wanted, since):
        end = time.monotonic() + SECONDS
        while not any(re.match(wanted, line) for line in self.said[since:]):
            if time.monotonic() > end:
                raise RuntimeError(f"no line {wanted} in:\n"
                                   + "\n".join(self.said[since:]))
            time.sleep(0.02)


def try_syslog(where, syslog, start):
    """Without --stderr lines go to syslog, whatever descriptor 2 is."""
    form = Form(tempfile.mkdtemp(dir=where), True)
    form.command = [word for word in form.program if word != "--stderr"]
    since = len(syslog.said)
    with running(start, form):
        fetch_all(form, False, by_pass)
        syslog.wait_for(  # facility mail, level info
            rf"<22>pop3d\[\d+\]: LOGIN, ip=\[{re.escape(CLIENT)}\],"
            " method=PASS, tls=0, user=joe", since)


def own_devices(where):
    """A /dev without a log yet."""
    devices = os.path.join(where, "dev")
    os.mkdir(devices)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs",
                    devices], check=True)
    for name in "null", "zero", "random", "urandom":
        path = os.path.join(devices, name)
        open(path, "x").close()
        subprocess.run(["mount", "--bind", "/dev/" + name, path], check=True)
    subprocess.run(["mount", "--move", devices, "/dev"], check=True)


def own_namespace(where):
    """Users and PAM files for the tests alone, bound over the real ones."""
    users = {"joe": 61001, "ann": 61002, "pop3d": 61003}
    shadow = {"joe": CRYPT}
    lines = {
        "passwd": [f"{u}:x:{n}:{n}::/nonexistent:/bin/sh\n"
                   for u, n in users.items()],
        "group": [f"{u}:x:{n}:\n" for u, n in users.items()],
        "shadow": [f"{u}:{shadow.get(u, '*')}:19000::::::\n" for u in users],
    }
    for name, more in lines.items():
        copy = os.path.join(where, name)
        shutil.copy("/etc/" + name, copy)
        shutil.copystat("/etc/" + name, copy)
        with open(copy) as f:
            old = [line for line in f if line.split(":")[0] not in users]
        with open(copy, "w") as f:
            f.writelines(old + more)
        subprocess.run(["mount", "--bind", copy, "/etc/" + name], check=True)
    services = os.path.join(where, "pam.d")
    os.mkdir(services)
    with open(os.path.join(services, "pop3d"), "w") as f:
        f.write("auth required pam_unix.so\naccount required pam_unix.so\n")
    subprocess.run(["mount", "--bind", services, "/etc/pam.d"], check=True)
    own_devices(where)


def run_all(where, fulls):
    os.chmod(where, 0o755)
    shutil.copy(os.path.join(TREE, "pop3d"), where)
    if True in fulls:
        own_namespace(where)
        syslog = Syslog()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for said in [pool.submit(try_one, where, full, *superserver)
                     for superserver in SUPERSERVERS for full in fulls]:
            sys.stdout.write(said.result())
            sys.stdout.flush()
    for name, start, find, _ in SUPERSERVERS if True in fulls else []:
        if name in ("tcpserver", "xinetd") and shutil.which(find):
            sys.stdout.write(test(f"{name}, as root: lines go to syslog",
                                  try_syslog, where, syslog, start))


def main():
    if not os.path.exists(os.path.join(TREE, "pop3d")):
        sys.stdout.write(not_ok("superservers", "there is no pop3d: make"))
        return
    fulls = [False]
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    apart = ["unshare", "--mount", "--propagation", "private"]
    if "--apart" in sys.argv:
        fulls.append(True)
    elif os.getuid() == 0 and subprocess.run(
            apart + ["true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp("unshare", apart + [sys.executable, __file__, "--apart"])
    else:
        sys.stdout.write(skip("superservers, as root",
                              "not root with a mount namespace"))
        sys.stdout.flush()
    with tempfile.TemporaryDirectory() as where:
        run_all(where, fulls)


if __name__ == "__main__":
    main()
