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

sys.dont_write_bytecode = True

from clients import Failure, Place, SECRET, Box, expect, give_up_root, varied

SECONDS = 20  # for any wait
JOE = {'joe': 65534}
INJECTED = b'STLS\r\nUSER joe\r\nPASS ' + SECRET.encode() + b'\r\nDELE 1\r\nQUIT\r\n'


class Superserver:
    """Listens; each connection gets a program, and TLS when it asks."""

    def __init__(self, place, *options, policy=None):
        self.place, self.policy = place, policy
        self.options = ['--no-pam', f'--secrets={place.dir}/secrets', f'--mailbox={place.spool}/%u', *options]
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(f'{place.dir}/cert', f'{place.dir}/key')
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
        for fd in (r1, w2):
            os.close(fd)
        theirs.close()
        try:
            if ours.recv(1) == b'y':
                self.go_between(connection, r2, w1)
        finally:
            ours.close()
            connection.close()
            for fd in (w1, r2):
                os.close(fd)
            program.wait(SECONDS)

    def go_between(self, connection, from_program, to_program):
        try:
            tls = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            return  # no handshake

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


def never(place, box, server):
    got = talk(server, b'CAPA\r\nSTLS\r\nQUIT\r\n')
    if b'\r\nSTLS' in got or b'-ERR no STLS here' not in got:
        raise Failure(f'{got!r}')


def main():
    box, failed = Box('varied', varied()), False
    place = Place('user', JOE)
    try:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-keyout', f'{place.dir}/key', '-out', f'{place.dir}/cert'],
                       check=True, capture_output=True)
        place.deliver('joe', b''.join(box.raw))
        offer = Superserver(place)
        cases = [('poplib upgrades', by_poplib, offer),
                 ('commands behind STLS are dropped', nothing_is_carried_over, offer),
                 ('what was said before is forgotten', nothing_is_remembered, Superserver(place, '--plaintext')),
                 ('there is one STLS', twice, offer),
                 ('UCSPITLS=! requires it', required, Superserver(place, policy='!')),
                 ('UCSPITLS=- does not offer it', never, Superserver(place, policy='-'))]
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
