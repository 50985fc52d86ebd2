#!/usr/bin/env python3
"""STLS by UCSPI-TLS: a superserver that speaks it, with real TLS. TAP.

The superserver is a thread here: it gives the program the connection, a
control socket and two pipes, and when the program writes a "y" it does the
TLS handshake and goes between. curl and poplib upgrade through it; whatever
was said in the clear before must not count afterwards.
"""
import os
import poplib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

from clients import Failure, Place, SECRET, Box, expect, give_up_root, varied

SECONDS = 20  # for any wait
JOE = {'joe': 65534}
NAME, CERTIFIED = 'SSL_PEER_CERT_SUBJECT_CN', 'Joe Example'
INJECTED = b'STLS\r\nUSER joe\r\nPASS ' + SECRET.encode() + b'\r\nDELE 1\r\nQUIT\r\n'


class Superserver:
    """Listens; each connection gets a program, and TLS when it asks."""

    def __init__(self, place, *options, policy=None, told=lambda der: b''):
        """What is told of a client's certificate is bytes, made of it, or of None."""
        self.place, self.policy, self.told, self.letters = place, policy, told, []
        self.options = ['--no-pam', f'--secrets={place.dir}/secrets', f'--mailbox={place.spool}/%u', *options]
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(f'{place.dir}/cert', f'{place.dir}/key')
        self.context.load_verify_locations(f'{place.dir}/joe')
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        ours, theirs = socket.socketpair()
        (r1, w1), (r2, w2) = os.pipe(), os.pipe()
        env = {'SSLCTLFD': str(theirs.fileno()), 'SSLREADFD': str(r1), 'SSLWRITEFD': str(w2),
               'TCPREMOTEIP': '192.0.2.7'}
        if self.policy:
            env['UCSPITLS'] = self.policy
        with open(f'{self.place.dir}/log', 'ab') as log:
            program = subprocess.Popen(
                [self.place.program, '--stderr', f'--state={self.place.dir}/state', *self.options],
                stdin=connection, stdout=connection, stderr=log, env=env, cwd='/',
                pass_fds=(theirs.fileno(), r1, w2), **give_up_root())
        self.started = program.pid, f'socket:[{os.fstat(theirs.fileno()).st_ino}]'
        for fd in (r1, w2):
            os.close(fd)
        theirs.close()
        try:
            letter = ours.recv(1)
            self.letters.append(letter)
            if letter in (b'y', b'Y'):
                self.go_between(connection, r2, w1, ours)
        finally:
            ours.close()
            connection.close()
            for fd in (w1, r2):
                os.close(fd)
            program.wait(SECONDS)

    def go_between(self, connection, from_program, to_program, control):
        try:
            tls = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            return  # no handshake
        if self.letters[-1] == b'Y':
            control.sendall(self.told(tls.getpeercert()))

        def upstream():
            try:
                while data := tls.recv(65536):
                    os.write(to_program, data)
            except OSError:
                pass

        threading.Thread(target=upstream, daemon=True).start()
        try:
            while data := os.read(from_program, 65536):
                tls.sendall(data)
            tls.unwrap()
        except OSError:
            pass


def trusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def last_login(place):
    place.mailbox('joe')
    return [line for line in place.log_of('joe') if 'LOGIN, ' in line][-1]


def by_poplib(place, box, server):
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    if 'STLS' not in client.capa() or 'USER' in client.capa():
        raise Failure(f'in the clear CAPA has {client.capa()}')
    client.stls(trusting())
    if 'STLS' in client.capa() or 'USER' not in client.capa():
        raise Failure(f'within TLS CAPA has {client.capa()}')
    client.user('joe')
    client.pass_(SECRET)
    expect('messages', [b'\n'.join(client.retr(n)[1]) + b'\n' for n in range(1, len(box.messages) + 1)], box.messages)
    client.quit()
    if not re.search(r'ip=\[192\.0\.2\.7\], method=PASS, tls=1', last_login(place)):
        raise Failure(last_login(place))


def by_curl(place, box, server):
    got = place.run('joe', 'curl', '-sS', '--ssl-reqd', '-k', '-u', f'joe:{SECRET}',
                    f'pop3://127.0.0.1:{server.port}/6')
    expect('message 6', got.replace(b'\r\n', b'\n'), box.messages[5])
    if 'tls=1' not in last_login(place):
        raise Failure(last_login(place))


def talk(server, *said):
    """The answers to what is said at once, in the clear, up to the end."""
    with socket.create_connection(('127.0.0.1', server.port), SECONDS) as s:
        s.sendall(b''.join(said))
        s.shutdown(socket.SHUT_WR)
        got = b''
        while data := s.recv(4096):
            got += data
        return got


def nothing_is_carried_over(place, box, server):
    """A login sent in the clear behind STLS, in one packet, is not heard."""
    logins = len(place.log_of('joe'))
    with socket.create_connection(('127.0.0.1', server.port), SECONDS) as plain:
        plain.recv(4096)  # the greeting
        plain.sendall(INJECTED)
        expect('answer to STLS', plain.recv(4096), b'+OK begin TLS\r\n')
        with trusting().wrap_socket(plain) as tls:
            tls.sendall(b'QUIT\r\n')
            expect('answer within TLS', tls.recv(4096), b'+OK goodbye\r\n')
    expect('log lines', len(place.log_of('joe')), logins)
    expect('mailbox', place.mailbox('joe'), b''.join(box.raw))


def nothing_is_remembered(place, box, server):
    """USER in the clear does not count within TLS."""
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    client.user('joe')
    client.stls(trusting())
    try:
        client.pass_(SECRET)
    except poplib.error_proto:
        client.close()
    else:
        raise Failure('PASS alone logged in')


def twice(place, box, server):
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    client.stls(trusting())
    try:
        client._shortcmd('STLS')
    except poplib.error_proto as e:
        expect('STLS within TLS', e.args[0], b'-ERR TLS has begun already')
        client.close()
    else:
        raise Failure('TLS within TLS')


def required(place, box, server):
    got = talk(server, b'APOP joe 0123456789abcdef0123456789abcdef\r\nUSER joe\r\nQUIT\r\n')
    if got.count(b'-ERR [AUTH] no login on an unencrypted connection: use STLS\r\n') != 2:
        raise Failure(f'{got!r}')
    by_poplib(place, box, server)


def told(certificate):
    """As s6-tlsd-io and sslserver tell of one."""
    names = {} if certificate is None else {name: value for part in certificate['subject'] for name, value in part}
    text = 'SSL_PROTOCOL=TLSv1.3\0' + ''.join(f'{name}={value}\0' for name, value in (
        ('SSL_PEER_CERT_SUBJECT_O', names.get('organizationName')), (NAME, names.get('commonName'))) if value)
    return text.encode() + b'\0'


def with_certificate(place, name):
    context = trusting()
    if name:
        context.load_cert_chain(f'{place.dir}/{name}', f'{place.dir}/{name}.key')
    return context


def external(place, server, name, *lines):
    """What EXTERNAL answers to who has that certificate, or none; whether CAPA offers it."""
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    before = client.capa().get('SASL', [])
    client.stls(with_certificate(place, name))
    offered = 'EXTERNAL' in client.capa()['SASL']
    expect('offered in the clear', 'EXTERNAL' in before, False)
    try:
        answer = client._shortcmd('AUTH EXTERNAL =')
        client.quit()
    except poplib.error_proto as e:
        answer = e.args[0]
        client.close()
    return offered, answer


def by_certificate(place, box, server):
    offered, answer = external(place, server, 'joe')
    if not offered or not answer.startswith(b'+OK'):
        raise Failure(f'{offered}, {answer!r}')
    if 'method=EXTERNAL, tls=1' not in last_login(place):
        raise Failure(last_login(place))
    expect('letters', server.letters, [b'Y'])


def without_certificate(place, box, server):
    expect('no certificate', external(place, server, None), (False, b'-ERR that mechanism is not offered here'))


def by_another(place, box, server):
    """Its name has no entry, though joe's stands in it."""
    expect('another', external(place, server, 'another'), (True, b'-ERR [AUTH] user name or password is wrong'))


def told_badly(place, box, server):
    """Cut off, too long, or another variable: nothing is taken."""
    expect('told badly', external(place, server, 'joe'), (False, b'-ERR that mechanism is not offered here'))


def not_told(place, box, server):
    """Who has not asked for names gets a y."""
    by_poplib(place, box, server)
    expect('letters', server.letters, [b'y'])


def after_login(place, box, server):
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    client.user('joe')
    client.pass_(SECRET)
    try:
        client._shortcmd('STLS')
    except poplib.error_proto as e:
        expect('STLS after the login', e.args[0], b'-ERR unknown command')
        client.quit()
    else:
        raise Failure('TLS begins after the login')


def monitors_alone(place, box, server):
    """Who faces the client could say what it liked, and be believed."""
    client = poplib.POP3('127.0.0.1', server.port, SECONDS)
    monitor, control = server.started
    have = []
    for _ in range(SECONDS * 10):  # the greeting comes before the processes, and one may be about to close it
        with open(f'/proc/{monitor}/task/{monitor}/children', encoding='ascii') as f:
            processes = [monitor] + [int(pid) for pid in f.read().split()]
        try:
            have = [[os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')].count(control)
                    for pid in processes]
        except FileNotFoundError:
            pass  # it has just been closed
        if have == [1, 0, 0]:
            break
        time.sleep(0.1)
    expect('who has the control socket, and how often', have, [1, 0, 0])
    client.quit()


def never(place, box, server):
    got = talk(server, b'CAPA\r\nSTLS\r\nQUIT\r\n')
    if b'\r\nSTLS' in got or b'-ERR no STLS here' not in got:
        raise Failure(f'{got!r}')


def main():
    box, failed, wish = Box('varied', varied()), False, f'--client-cert={NAME}'
    place = Place('user', JOE)
    try:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-keyout', f'{place.dir}/key', '-out', f'{place.dir}/cert'],
                       check=True, capture_output=True)
        for name, subject in (('joe', f'/O=Example/CN={CERTIFIED}'), ('another', f'/O={NAME}={CERTIFIED}/CN=another')):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', subject,
                            '-keyout', f'{place.dir}/{name}.key', '-out', f'{place.dir}/{name}'],
                           check=True, capture_output=True)
        with open(f'{place.dir}/joe', 'a', encoding='ascii') as trusted, \
                open(f'{place.dir}/another', encoding='ascii') as other:
            trusted.write(other.read())
        place.write_secrets('secrets', [f'joe:{{PLAIN}}{SECRET}\n', f'joe:{{EXTERNAL}}{CERTIFIED}\n'])
        place.deliver('joe', b''.join(box.raw))
        offer = Superserver(place)
        cases = [('poplib upgrades', by_poplib, offer),
                 ('commands behind STLS are dropped', nothing_is_carried_over, offer),
                 ('what was said before is forgotten', nothing_is_remembered, Superserver(place, '--plaintext')),
                 ('there is one STLS', twice, offer),
                 ('UCSPITLS=! requires it', required, Superserver(place, policy='!')),
                 ('UCSPITLS=- does not offer it', never, Superserver(place, policy='-')),
                 ('STLS after the login', after_login, Superserver(place, '--plaintext')),
                 ('who has not asked is not told', not_told, Superserver(place, told=told)),
                 ('EXTERNAL by a certificate', by_certificate, Superserver(place, wish, told=told)),
                 ('no EXTERNAL without one', without_certificate, Superserver(place, wish, told=told)),
                 ('no EXTERNAL by another', by_another, Superserver(place, wish, told=told))]
        for what, change in (('cut', lambda text: text[:-1]), ('nothing', lambda text: b''), ('empty', lambda text: b'\0\0'),
                             ('another', lambda text: text.replace(b'CN=', b'CN_0=')),
                             ('too long', lambda text: text.replace(b'CN=', b'CN=' + b'x' * 600)),
                             ('far too long', lambda text: b'X=' + b'x' * 20000 + b'\0' + text)):
            cases.append((f'told of it: {what}', told_badly, Superserver(
                place, wish, told=lambda der, change=change: change(told(der)))))
        if os.geteuid() == 0:  # nobody else may look
            cases.append(('the control socket is the monitor\'s', monitors_alone, offer))
        if shutil.which('curl'):
            cases.append(('curl upgrades', by_curl, offer))
        for title, run, server in cases:
            try:
                run(place, box, server)
                print(f'ok - ucspi: {title}', flush=True)
            except (Failure, OSError, EOFError, poplib.error_proto) as e:
                failed = True
                print(f'not ok - ucspi: {title}\n# {e!r}', flush=True)
    finally:
        place.stop()
    return failed


if __name__ == '__main__':
    sys.exit(main())
