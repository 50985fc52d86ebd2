#!/usr/bin/env python3
"""Real proxies before the real program: PROXY protocol, --proxy. TAP.

HAProxy with both versions of the header, with TLS, and with health checks
that expect the greeting; nginx's mail proxy, which logs in for its clients.
What is fetched through them is compared with what was delivered, and the log
has the client's address, which is 127.0.0.2, not the proxy's. Without root.
"""
import contextlib
import http.server
import os
import poplib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

from clients import Failure, Place, SECRET, Box, expect, give_up_root, varied

CLIENT = '127.0.0.2'
SECONDS = 20  # for any wait
UID = {'joe': 65534}

HAPROXY = '''
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option tcp-check
  tcp-check expect string +OK\\ POP3\\ ready
  default-server check inter 100ms rise 2
'''

NGINX = '''
load_module {module};
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log;
events {{ worker_connections 32; }}
mail {{
  auth_http 127.0.0.1:{auth}/;
  proxy_pass_error_message on;
  server {{
    listen 127.0.0.1:{port};
    protocol pop3;
    proxy_protocol on;
  }}
}}
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Client(poplib.POP3):
    """Comes from CLIENT, and over TLS if it has a context."""

    def __init__(self, port, tls=None):
        self.tls = tls
        super().__init__('127.0.0.1', port, SECONDS)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self.host, self.port), timeout, (CLIENT, 0))
        return self.tls.wrap_socket(plain) if self.tls else plain


class Proxies:
    def __init__(self, place, backend):
        self.dir, self.backend, self.children = place.home('proxy'), backend, []

    def run(self, *argv):
        with open(f'{self.dir}/proxy.log', 'ab') as log:
            self.children.append(subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **give_up_root()))

    def stop(self):
        for child in self.children:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def write(self, name, text):
        with open(f'{self.dir}/{name}', 'w', encoding='ascii') as f:
            f.write(text)
        os.chmod(f.name, 0o644)
        return f.name

    def certificate(self):
        both = f'{self.dir}/pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-keyout', both + '.key', '-out', both], check=True, capture_output=True)
        with open(both + '.key', encoding='ascii') as key, open(both, 'a', encoding='ascii') as f:
            f.write(key.read())
        os.chmod(both, 0o644)
        return both

    def haproxy(self):
        """Three ports: version 1, version 2, version 2 with TLS."""
        ports = [free_port() for _ in range(3)]
        binds = ['', '', f' ssl crt {self.certificate()}']
        sends = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl']
        config = HAPROXY + ''.join(
            f'listen {send}\n  bind 127.0.0.1:{port}{bind}\n'
            f'  server pop3d 127.0.0.1:{self.backend} {send}\n'
            for port, bind, send in zip(ports, binds, sends))
        self.run('haproxy', '-f', self.write('haproxy.cfg', config))
        return ports

    def nginx(self, module):
        port, auth = free_port(), self.authority()
        config = NGINX.format(dir=self.dir, module=module, auth=auth, port=port)
        self.run('nginx', '-p', self.dir, '-e', f'{self.dir}/nginx.log', '-c', self.write('nginx.conf', config))
        return port

    def authority(self):
        """What nginx asks for the server of a user: this one, for all."""
        backend = str(self.backend)

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                for name, value in (('Status', 'OK'), ('Server', '127.0.0.1'), ('Port', backend)):
                    self.send_header('Auth-' + name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]


def meet(port, tls=None):
    """A client with a greeting, as soon as the proxy serves."""
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(OSError, EOFError, poplib.error_proto):
            return Client(port, tls)
        if time.monotonic() > end:
            raise Failure('no greeting through the proxy')
        time.sleep(0.05)


def fetch_all(place, box, port, tls=None, log_tls=0):
    client = meet(port, tls)
    client.user('joe')
    client.pass_(SECRET)
    count = client.stat()[0]
    got = [b'\n'.join(client.retr(n)[1]) + b'\n' for n in range(1, count + 1)]
    client.quit()
    expect('messages', got, box.messages)
    want = f'LOGIN, ip=[{CLIENT}], method=PASS, tls={log_tls}, user=joe'
    place.mailbox('joe')
    line = [x for x in place.log_of('joe') if 'LOGIN, ' in x][-1]
    if want not in line:
        raise Failure(f'the log has no {want!r} but {line!r}')


def refused(place, port):
    client = meet(port)
    client.user('joe')
    try:
        client.pass_('wrong')
    except poplib.error_proto as e:
        if not e.args[0].startswith(b'-ERR [AUTH]'):
            raise Failure(f'refused with {e.args[0]!r}') from None
    else:
        raise Failure('logged in with a wrong password')
    finally:
        client.close()
    if f'LOGIN FAILED, ip=[{CLIENT}], method=PASS, user=joe' not in place.whole_log():
        raise Failure('the log does not have the address of who failed')


def no_noise(place):
    """The health checks of all that time have left no trace."""
    if 'PROXY header' in place.whole_log():
        raise Failure(place.whole_log())


class ProxyPlace(Place):
    def whole_log(self):
        with open(f'{self.dir}/log', encoding='ascii') as f:
            return f.read()


def cases(place, proxies, box):
    """Pairs of a title and what to do, or None where a proxy is missing."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    if shutil.which('haproxy'):
        one, two, tls = proxies.haproxy()
        yield 'HAProxy, send-proxy', lambda: fetch_all(place, box, one)
        yield 'HAProxy, send-proxy-v2', lambda: fetch_all(place, box, two)
        yield 'HAProxy, send-proxy-v2-ssl', lambda: fetch_all(place, box, tls, trusting, 1)
        yield 'HAProxy, a wrong password', lambda: refused(place, two)
    else:
        yield 'HAProxy', None
    module = '/usr/lib/nginx/modules/ngx_mail_module.so'
    if shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin') and os.path.exists(module):
        port = proxies.nginx(module)
        yield 'nginx, mail proxy', lambda: fetch_all(place, box, port)
        yield 'nginx, a wrong password', lambda: refused(place, port)
    else:
        yield 'nginx', None
    yield 'health checks are no events', lambda: no_noise(place)


def main():
    box, failed = Box('varied', varied()), False
    place = ProxyPlace('user', UID)
    proxies = None
    try:
        place.deliver('joe', b''.join(box.raw))
        backend = place.serve('--proxy', '--no-pam', f'--secrets={place.dir}/secrets',
                              f'--mailbox={place.spool}/%u')
        proxies = Proxies(place, backend)
        for title, run in cases(place, proxies, box):
            if run is None:
                print(f'ok - proxies: {title} # SKIP not installed', flush=True)
                continue
            try:
                run()
                print(f'ok - proxies: {title}', flush=True)
            except (Failure, OSError, EOFError, poplib.error_proto) as e:
                failed = True
                print(f'not ok - proxies: {title}\n# ' + repr(e).replace('\\n', '\n# '), flush=True)
    finally:
        if proxies:
            proxies.stop()
        place.stop()
    return failed


if __name__ == '__main__':
    sys.exit(main())
