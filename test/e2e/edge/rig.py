"""HAProxy with its real configuration; in place of Docker's DNS and of the gateways small fakes. All in one container."""

import itertools
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

EDGE = ('127.0.0.1', 8080)
CONFIG = '/etc/switchyard/haproxy.cfg'
HOLD = int(os.environ['HOLD_SECONDS'])
numbers = itertools.count(1)


class Dns:
    """Answers `gateway` with the addresses in `gateways`, and nothing else."""

    def __init__(self):
        self.gateways = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.11', 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            end = query.index(b'\0', 12)
            found = self.gateways if query[12:end] == b'\7gateway' and query[end + 1 : end + 3] == b'\0\1' else []
            answer = query[:2] + b'\x81\x80' + struct.pack('>HHHH', 1, len(found), 0, 0) + query[12 : end + 5]
            for address in found:
                answer += b'\xc0\x0c\0\1\0\1' + struct.pack('>IH', 1, 4) + socket.inet_aton(address)
            self.socket.sendto(answer, client)


class Gateway:
    """At an address of its own. Takes `delay` seconds for an answer; `closes`: gives none, and closes the connection."""

    def __init__(self):
        number = next(numbers)
        self.address = f'127.0.{1 + number // 200}.{1 + number % 200}'
        self.ready, self.closes, self.delay = True, False, 0.0
        self.requests = []

    def listen(self):
        self.listener = socket.create_server((self.address, 4000), backlog=1024)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        with connection, connection.makefile('rb') as stream:
            line, headers = stream.readline().decode(), {}
            while header := stream.readline().decode().strip():
                name, value = header.split(':', 1)
                headers[name.lower()] = value.strip()
            size = len(stream.read(int(headers.get('content-length', 0))))
            if line.startswith('GET /health/readiness'):
                return connection.sendall(answer(200 if self.ready else 503))
            self.requests.append((headers, size))
            time.sleep(self.delay)
            if not self.closes:
                connection.sendall(answer(200))


def answer(status):
    return b'HTTP/1.1 %d x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}' % status


class Edge:
    """HAProxy; `changes` are patterns in its configuration and what to put there."""

    def __init__(self, changes=()):
        with open(CONFIG) as file:
            text = file.read()
        for pattern, wanted in changes:
            text, count = re.subn(pattern, wanted, text)
            assert count == 1, pattern
        with open('/tmp/haproxy.cfg', 'w') as file:
            file.write(text)
        command = ['haproxy', '-db', '-f', '/tmp/haproxy.cfg']
        subprocess.run([*command, '-c'], stdout=subprocess.DEVNULL, check=True)
        # What it says of each server's ups and downs would hide a failure's report.
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: ask(path='/health/edge')[0] == 200, 'the edge to start')

    def stop(self):
        self.process.kill()
        self.process.wait()

    def megabytes(self):
        with open(f'/proc/{self.process.pid}/status') as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith('VmRSS'))


def wait_for(condition, what, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'waited in vain for {what}'
        time.sleep(0.05)


def send(body=b'{}', path='/v1/chat/completions', headers='', keep=False):
    """The connection on which a request was sent."""
    connection = socket.create_connection(EDGE, 60)
    method = 'GET' if path.startswith('/health/') else 'POST'
    head = f'{method} {path} HTTP/1.1\r\nhost: edge\r\n{headers}content-length: {len(body)}\r\n'
    connection.sendall(f'{head}{"" if keep else "connection: close" + chr(13) + chr(10)}\r\n'.encode() + body)
    return connection


def receive(connection):
    """The status and the error's code, if any; the status is 0 when there was no answer."""
    with connection, connection.makefile('rb') as stream:
        head, _, body = stream.read().partition(b'\r\n\r\n')
    if not head:
        return 0, None
    status = int(head.split(b' ')[1])
    return status, json.loads(body)['error']['code'] if status >= 400 else None


def ask(body=b'{}', path='/v1/chat/completions', headers=''):
    try:
        return receive(send(body, path, headers))
    except OSError:
        return 0, None


def ask_together(bodies, meanwhile):
    """The answers to these requests, sent at once; `meanwhile` is done while they wait."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = [pool.submit(ask, body) for body in bodies]
        time.sleep(1)
        meanwhile()
        return [one.result() for one in answers]
