"""Runs the cases of docs/failures.md against two real gateways in this container and prints their results. Started by failures.test.ts.

The fake provider runs in this container too. For each case there is one request to each gateway while the first key of its alias fails; then
a further one to the last of them immediately afterwards, when nothing fails any more, which shows the cooldowns; and more until the first key is
called again. The gateways share a volume, as two replicas do.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, '/fake-upstream')
import fake_upstream as fake  # noqa: E402

CONFIGS = Path('/configs')
KEY = 'client-key-of-the-failures-test'
MAX_CONCURRENT = 6
TRIES = 5
# How often to check for something that happens soon, but takes a while on a busy machine.
ATTEMPTS = 40
PATHS = {'chat': '/v1/chat/completions', 'responses': '/v1/responses', 'messages': '/v1/messages', 'embeddings': '/v1/embeddings'}


class Cells:
    """Finds the case of a request by its model, and records what was called for each case."""

    def __init__(self, cells: list[dict]) -> None:
        self.by_model = {cell[name]: cell for cell in cells for name in ('alias', 'fallback')}
        self.failing: set[str] = set()
        self.called: dict[str, list[str]] = {cell['alias']: [] for cell in cells}

    def of(self, exchange) -> tuple[dict, str]:
        """The case of a request, and what is called: `first key`, `second key` or `fallback`."""
        model = exchange.model or re.search(r'models/([^:/]+)', exchange.path)[1]
        cell = self.by_model[model]
        key = exchange.key or exchange.headers.get('x-goog-api-key', '') or exchange.query.get('key', [''])[0]
        return cell, 'fallback' if model == cell['fallback'] else 'second key' if key.endswith('_2') else 'first key'


class FakeProvider:
    def __init__(self, cells: Cells) -> None:
        self.cells, self.answer_normally = cells, fake.answer

    async def answer(self, exchange, record) -> None:
        cell, who = self.cells.of(exchange)
        self.cells.called[cell['alias']].append(who)
        if who != 'first key' or cell['alias'] not in self.cells.failing:
            return await self.answer_normally(exchange, record)
        outcome = cell['outcome']
        if answer := outcome.get('answer'):
            body = answer['anthropic' if exchange.path.endswith('/messages') else 'openai']
            return await exchange.send(answer['status'], body, answer.get('headers'))
        await getattr(self, outcome['effect'].replace('-', '_'))(exchange)

    async def reset(self, exchange) -> None:
        raise fake.Abort('close')

    async def hang(self, exchange) -> None:
        await asyncio.sleep(30)
        raise fake.Abort('close')

    async def garbage(self, exchange) -> None:
        kind = 'text/event-stream' if exchange.stream else 'application/json'
        await exchange.send(200, '<html>Welcome to the wrong host</html>', {'content-type': kind})

    async def begin(self, exchange, events: int, last: str | None) -> None:
        """Send the beginning of a stream, up to its first token or a bit further."""
        make = next(make for suffix, make in fake.STREAMED if exchange.path.endswith(suffix))
        _, whole = make(exchange, 'one two three four', 4)
        await exchange.head(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'})
        for event in (*whole[:events], *([last] if last else [])):
            exchange.writer.write(f'{len(event.encode()):x}\r\n{event}\r\n'.encode())
            await exchange.writer.drain()
            await asyncio.sleep(0.02)
        if not last:
            # Data that is written but not sent yet would be lost with the connection.
            await asyncio.sleep(0.5)
            raise fake.Abort('cut')
        exchange.writer.write(b'0\r\n\r\n')
        await exchange.writer.drain()

    async def cut_before(self, exchange) -> None:
        await self.begin(exchange, self.before(exchange), None)

    async def cut_after(self, exchange) -> None:
        await self.begin(exchange, self.before(exchange) + 3, None)

    async def error_before(self, exchange) -> None:
        await self.begin(exchange, self.before(exchange), self.error(exchange))

    async def error_after(self, exchange) -> None:
        await self.begin(exchange, self.before(exchange) + 3, self.error(exchange))

    @staticmethod
    def before(exchange) -> int:
        """The number of events before a stream's first token."""
        return {'completions': 0, 'messages': 2, 'responses': 2}[exchange.path.rsplit('/', 1)[1]]

    @staticmethod
    def error(exchange) -> str:
        message = "The provider's message: overloaded in the middle."
        if exchange.path.endswith('/messages'):
            return 'event: error\n' + fake.sse({'type': 'error', 'error': {'type': 'overloaded_error', 'message': message}})
        if exchange.path.endswith('/responses'):
            return fake.sse({'type': 'error', 'code': 'server_error', 'message': message, 'param': None, 'sequence_number': 9})
        return fake.sse({'error': {'message': message, 'type': 'server_error', 'param': None, 'code': None}})


class Gateway:
    """A gateway's process and its log."""

    def __init__(self, port: int) -> None:
        self.lines: list[str] = []
        self.url = f'http://127.0.0.1:{port}'
        self.folder = Path(f'/tmp/gateway-{port}')
        shutil.copytree(CONFIGS, self.folder)
        settings = json.loads((self.folder / 'gateway.json').read_text())
        (self.folder / 'gateway.json').write_text(json.dumps({**settings, 'port': port}))

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            'python3', str(self.folder / 'supervisor.py'), stdout=pipe, stderr=asyncio.subprocess.STDOUT, limit=1 << 22
        )
        self.reader = asyncio.create_task(self.read())
        async with aiohttp.ClientSession() as session:
            while self.process.returncode is None:
                try:
                    async with session.get(f'{self.url}/health/readiness') as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.2)
        raise RuntimeError('the gateway did not start:\n' + '\n'.join(self.lines[-40:]))

    async def read(self) -> None:
        async for line in self.process.stdout:
            self.lines.append(line.decode('utf-8', 'replace').rstrip())

    async def about(self, answer: dict) -> list[str]:
        """The log lines about the request of a response, which come through a pipe: on a busy machine a moment after the response."""
        name = answer['headers'].get('x-request-id', 'no id')
        for _ in range(15):
            if found := [line for line in self.lines if f'request {name}:' in line]:
                return found
            await asyncio.sleep(0.1)
        return []

    async def stop(self) -> None:
        self.process.kill()
        await self.process.wait()


def body_of(cell: dict) -> dict:
    hello = [{'role': 'user', 'content': 'hello'}]
    body = {
        'chat': {'messages': hello},
        'responses': {'input': 'hello'},
        'messages': {'messages': hello, 'max_tokens': 8},
        'embeddings': {'input': 'hello'},
    }[cell['api']]
    return {'model': cell['alias'], **body, **({'stream': True} if cell['stream'] else {})}


async def ask(session, gateway: Gateway, cells: Cells, cell: dict) -> dict:
    """Send one request; return its response and what was called for it."""
    before = len(cells.called[cell['alias']])
    started = time.monotonic()
    try:
        async with session.post(gateway.url + PATHS[cell['api']], json=body_of(cell), headers={'authorization': f'Bearer {KEY}'}) as answer:
            text = (await answer.read()).decode('utf-8', 'replace')
            status, headers = answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except (aiohttp.ClientError, asyncio.IncompleteReadError) as error:
        status, headers, text = 0, {}, repr(error)
    return {
        'status': status,
        'body': text,
        'headers': {name: headers[name] for name in ('retry-after', 'x-request-id', 'content-type', 'x-litellm-call-id') if name in headers},
        'called': cells.called[cell['alias']][before:],
        'seconds': time.monotonic() - started,
    }


async def fail(session, gateway: Gateway, cells: Cells, cell: dict) -> tuple[dict, list[str], list[float]]:
    """Send a request while the first key fails; return its response, and the log lines and cooldowns of it."""
    cells.failing.add(cell['alias'])
    answer = await ask(session, gateway, cells, cell)
    cells.failing.discard(cell['alias'])
    log = await gateway.about(answer)
    return answer, log, [float(found[1]) for line in log if (found := re.search(r'cooldown ([\d.]+) s', line))]


async def run(session, gateways: list[Gateway], cells: Cells, cell: dict) -> dict:
    other, gateway = gateways
    peer, _, peer_cooldowns = await fail(session, other, cells, cell)
    for _ in range(TRIES):
        began = time.monotonic()
        first, log, cooldowns = await fail(session, gateway, cells, cell)
        second = await ask(session, gateway, cells, cell)
        skipped = second['called'][:1] != ['first key']
        # On a busy machine the second request may have come after the cooldown.
        late = bool(cooldowns) and time.monotonic() - began >= min(cooldowns)
        if skipped or not late:
            break
    again = second
    refused = cell['outcome'].get('effect') == 'refuse'
    for _ in range(ATTEMPTS):
        if refused or again['called'][:1] == ['first key']:
            break
        await asyncio.sleep(0.2)
        again = await ask(session, gateway, cells, cell)
    recovered = refused or again['called'][:1] == ['first key']
    found = {'first': first, 'second': second, 'log': log, 'cooldowns': cooldowns, 'skipped': skipped, 'late': late, 'recovered': recovered}
    return {**found, 'peer': peer, 'peerCooldowns': peer_cooldowns}


async def main() -> None:
    cells = json.loads(open('/cells.json').read())
    table = Cells(cells)
    fake.answer = FakeProvider(table).answer
    server = await asyncio.start_server(fake.serve, '127.0.0.1', 9000, limit=1 << 20)
    gateways = [Gateway(4000), Gateway(4010)]
    await asyncio.gather(*(gateway.start() for gateway in gateways))
    limit = asyncio.Semaphore(MAX_CONCURRENT)
    seen = {}
    async with server, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:

        async def one(cell: dict) -> None:
            async with limit:
                seen[cell['id']] = await run(session, gateways, table, cell)
                print(len(seen), 'of', len(cells), cell['id'], file=sys.stderr, flush=True)

        await asyncio.gather(*map(one, cells))
    for gateway in gateways:
        await gateway.stop()
        sys.stderr.write('\n'.join(gateway.lines))
    print(json.dumps(seen))


asyncio.run(main())
