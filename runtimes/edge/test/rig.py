"""HAProxy with its real configuration, and small fakes of Docker's DNS and of the gateways, all in one container."""

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

EDGE = ('127.0.0.1', 8080)
CONFIG = '/etc/switchyard'
KEY = 'authorization: Bearer the-key\r\n'
QUEUE_TIMEOUT = int(os.environ['QUEUE_TIMEOUT_SECONDS'])
numbers = itertools.count(1)


class Dns:
    """Resolves `gateway` and `portkey` to the addresses in the list of that name, and no other name."""

    def __init__(self):
        self.gateways, self.portkeys = [], []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.11', 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            end = query.index(b'\0', 12)
            names = {b'\7gateway': self.gateways, b'\7portkey': self.portkeys}
            found = names.get(query[12:end], []) if query[end + 1 : end + 3] == b'\0\1' else []
            answer = query[:2] + b'\x81\x80' + struct.pack('>HHHH', 1, len(found), 0, 0) + query[12 : end + 5]
            for address in found:
                answer += b'\xc0\x0c\0\1\0\1' + struct.pack('>IH', 1, 4) + socket.inet_aton(address)
            self.socket.sendto(answer, client)


class Gateway:
    """A fake gateway at its own address. Responds with `size` bytes after `delay` seconds, in pieces with `pauses` between them.

    `busy_until`: until this time (monotonic) its first port answers nothing. `closes`: it closes the connection without a response. `cut`: a response could not be sent completely. `limit`: a larger body is read and
    discarded up to twice this size, and then answered with 413, as the real gateway does.
    """

    # The second port is the supervisor's, for the edge's health checks.
    PORTS = 4000, 4001

    def __init__(self):
        number = next(numbers)
        self.address = f'127.0.{1 + number // 200}.{1 + number % 200}'
        self.ready, self.closes, self.delay, self.busy_until = True, False, 0.0, 0.0
        self.pauses, self.size, self.cut = [], 2, False
        self.status, self.headers, self.limit = 200, '', 1 << 40
        self.requests, self.key_checks = [], 0

    def listen(self):
        self.listeners = [socket.create_server((self.address, port), backlog=1024) for port in self.PORTS]
        for listener in self.listeners:
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        return self

    def stop(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        if connection.getsockname()[1] == self.PORTS[0]:
            time.sleep(max(0.0, self.busy_until - time.monotonic()))
        with connection, connection.makefile('rb') as stream:
            line, headers = stream.readline().decode(), {}
            while header := stream.readline().decode().strip():
                name, value = header.split(':', 1)
                headers[name.lower()] = value.strip()
            size = sum(received(stream, headers, 2 * self.limit))
            if line.startswith(('GET /health/readiness', 'GET /ready', 'GET /health ')):
                return connection.sendall(answer(200 if self.ready else 503))
            if line.startswith('GET /health/key'):
                self.key_checks += 1
                return connection.sendall(answer(204 if 'Bearer the-key' in (headers.get('authorization'), headers.get('x-litellm-api-key')) else 401))
            self.requests.append((headers, size))
            time.sleep(self.delay)
            if self.closes:
                return
            whole = answer(self.status, b'{' + b' ' * (self.size - 2) + b'}', self.headers)
            if size > self.limit:
                whole = answer(413, b'{"error": {"code": "request_too_large"}}')
            try:
                for pause in self.pauses:
                    whole = whole[connection.send(whole[:-1][:40]) :]
                    time.sleep(pause)
                connection.sendall(whole)
            except OSError:
                self.cut = True


class Portkey(Gateway):
    """A fake of the stack's own Portkey."""

    PORTS = (8787,)


def answer(status, body=b'{}', headers=''):
    head = f'HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n'
    return head.encode() + body


def received(stream, headers, most):
    """The sizes of the pieces of a body, of which at most about this many bytes are read."""
    chunked, left = 'transfer-encoding' in headers, int(headers.get('content-length', 0))
    while most > 0:
        size = int(stream.readline(), 16) if chunked else min(left, 1 << 16)
        stream.read(size)
        if chunked:
            stream.readline()
        if size == 0:
            return
        left, most = left - size, most - size
        yield size


class Edge:
    """The edge's two processes. Each of `changes` is a file, a pattern in it and the replacement."""

    def __init__(self, changes=()):
        folder = f'/tmp/edge-{next(numbers)}'
        shutil.copytree(CONFIG, folder)
        for name, pattern, replacement in (('front.cfg', CONFIG, folder), ('haproxy.cfg', CONFIG, folder), *changes):
            with open(f'{folder}/{name}') as file:
                text, count = re.subn(pattern, replacement, file.read())
            assert count >= 1, pattern
            with open(f'{folder}/{name}', 'w') as file:
                file.write(text)
        for name in ('front.cfg', 'haproxy.cfg'):
            subprocess.run(['haproxy', '-c', '-f', f'{folder}/{name}'], stdout=subprocess.DEVNULL, check=True)
        # In a file: its messages about servers going up and down would bury the report of a failed test.
        self.log_file = f'{folder}/log'
        with open(self.log_file, 'w') as log:
            command = ['bash', f'{folder}/edge.sh', folder]
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: ask(path='/health/edge')[0] == 200, 'the edge to start')

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def processes(self):
        """The ids of the two processes: first the one with haproxy.cfg, then the one with front.cfg."""
        with open(f'/proc/{self.process.pid}/task/{self.process.pid}/children') as file:
            return [int(word) for word in file.read().split()]

    def logged(self, request_id):
        """The log lines of the request with this id."""
        with open(self.log_file) as file:
            return [line for line in file if line.startswith(f'request {request_id}: ')]

    def megabytes(self):
        return sum(resident(process) for process in self.processes())


def resident(process):
    with open(f'/proc/{process}/status') as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith('VmRSS'))


def wait_for(condition, what, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'timed out waiting for {what}'
        time.sleep(0.05)


def send(body=b'{}', path='/v1/chat/completions', headers=KEY, keep=False, method=None):
    """Sends a request and returns its connection. With a `method`, the headers must contain the body's length, and no body is sent."""
    connection = socket.create_connection(EDGE, 60)
    if method:
        body = b''
    elif path.startswith('/health/'):
        method, body = 'GET', b''
    else:
        method, headers = 'POST', f'{headers}content-length: {len(body)}\r\n'
    head = f'{method} {path} HTTP/1.1\r\nhost: edge\r\n{headers}'
    connection.sendall(f'{head}{"" if keep else "connection: close" + chr(13) + chr(10)}\r\n'.encode() + body)
    return connection


def read(connection):
    """A response's status, headers and body. The status is 0 if there was no response."""
    with connection, connection.makefile('rb') as stream:
        head, _, body = stream.read().partition(b'\r\n\r\n')
    if not head:
        return 0, {}, body
    line, *lines = head.decode().split('\r\n')
    return int(line.split(' ')[1]), {name.lower(): value.strip() for name, value in (line.split(':', 1) for line in lines)}, body


def receive(connection):
    """The status and the error's code, if any: for Anthropic's API, the error's type. The status is 0 if there was no response."""
    status, _, body = read(connection)
    if status < 400:
        return status, None
    error = json.loads(body)['error']
    return status, error.get('code') or error.get('type')


def ask(body=b'{}', path='/v1/chat/completions', headers=KEY):
    try:
        return receive(send(body, path, headers))
    except OSError:
        return 0, None


def ask_together(bodies, meanwhile):
    """Sends these requests at the same time, calls `meanwhile` while they wait, and returns the responses."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = [pool.submit(ask, body) for body in bodies]
        time.sleep(1)
        meanwhile()
        return [one.result() for one in answers]
