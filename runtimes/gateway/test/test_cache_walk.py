"""Two gateways on one volume, half of whose requests are equal, are killed in the middle: no wrong answer, and the file stays whole.

By default with small gateways (only the cache, and an application in LiteLLM's place). With SWITCHYARD_SOAK=1 also with two real ones.
"""

import asyncio
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOAK = os.environ.get('SWITCHYARD_SOAK') == '1'
CLIENTS = 32


def text_of(number: int) -> str:
    """The question of a request: every second one is one of 40 that are asked again and again."""
    return f'again {number // 2 % 40}' if number % 2 else f'once {number}'


def answer_to(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() * (1 + len(text) % 50)


def small_gateway(folder: Path, numbers: list[int]) -> None:
    """Ask the questions with these numbers, and print for each one its number and what the header said, or "wrong"."""
    from functools import partial

    import requests_log
    from body import check_body
    from cache import Cache
    from cache_file import AnswerFile
    from cache_key import Meanings
    from field_types import FieldTypes
    from known_fields import KnownFields
    from served_models import ServedModels
    from settings import CacheSettings

    config = {'model_list': [{'model_name': 'gpt', 'litellm_params': {'model': 'openai/gpt'}, 'model_info': {'id': 'gpt@K'}}]}
    # So small that answers are removed all the time.
    cache = Cache(CacheSettings(enabled=True, maxMb=1), Meanings(config, '1'), lambda body: False, partial(AnswerFile, folder))
    served, waiting = ServedModels({'gpt': 'chat'}), list(numbers)

    async def ask(number: int) -> str:
        requests_log.begin([]).key_name = 'master'
        text, got = text_of(number), []
        body = json.dumps({'model': 'gpt', 'messages': [{'role': 'user', 'content': text}]}).encode()
        body = check_body(body, '/v1/chat/completions', served, FieldTypes(), KnownFields({}), None)

        async def send(message):
            got.append(message)

        question = cache.question('/v1/chat/completions', [], body)
        if stored := await cache.find(question):
            await stored.send(send)
        else:
            recording = cache.recording(question, send)
            headers = [(b'content-type', b'application/json'), (b'x-litellm-model-id', b'gpt@K')]
            await recording.send({'type': 'http.response.start', 'status': 200, 'headers': headers})
            await asyncio.sleep(0.002)
            answer = json.dumps({'choices': [{'finish_reason': 'stop', 'message': {'content': answer_to(text)}}]}).encode()
            await recording.send({'type': 'http.response.body', 'body': answer})
            recording.end()
        right = json.loads(got[1]['body'])['choices'][0]['message']['content'] == answer_to(text)
        return dict(got[0]['headers'])[b'x-switchyard-cache'].decode() if right else 'wrong'

    async def client() -> None:
        while waiting:
            number = waiting.pop(0)
            print(number, await ask(number), flush=True)

    async def clients() -> None:
        await asyncio.gather(*(asyncio.create_task(client()) for _ in range(CLIENTS // 2)))

    asyncio.run(clients())


class SmallGateways(unittest.TestCase):
    COUNT, KILLS = (20_000, 100) if SOAK else (1_000, 6)

    def test_no_wrong_answer_and_a_whole_file_after_kills(self):
        home = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        chance = random.Random(13)
        waiting = {side: list(range(side, self.COUNT, 2)) for side in (0, 1)}
        outcomes, kills = [], 0
        running = {side: self.start(home, waiting[side]) for side in waiting}
        while running:
            for side, process in list(running.items()):
                # A killed one answers some requests first, and is killed at any moment of the next ones.
                lines = []
                for line in process.stdout:
                    lines.append(line.split())
                    if kills < self.KILLS and len(lines) >= chance.randrange(20, 60):
                        time.sleep(chance.random() / 100)
                        process.kill()
                        kills += 1
                        break
                lines += [line.split() for line in process.stdout if line.endswith('\n')]
                process.stdout.close()
                ended = process.wait(60)
                outcomes += [outcome for _, outcome in lines]
                done = {int(number) for number, _ in lines}
                waiting[side] = [number for number in waiting[side] if number not in done]
                self.assertIn(ended, (0, -signal.SIGKILL))
                if waiting[side]:
                    running[side] = self.start(home, waiting[side])
                else:
                    del running[side]
        self.assertEqual(kills, self.KILLS)
        self.assertEqual(set(outcomes), {'hit', 'miss'})
        self.assertGreaterEqual(len(outcomes), self.COUNT)
        # All that is asked once is a miss; most of the rest is a hit.
        self.assertGreater(outcomes.count('hit'), 0.2 * self.COUNT)
        with sqlite3.connect(home / 'answers' / 'answers.db') as db:
            self.assertEqual(db.execute('PRAGMA integrity_check').fetchall(), [('ok',)])

    @staticmethod
    def start(home, numbers):
        command = [sys.executable, __file__, str(home / 'answers'), json.dumps(numbers)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@unittest.skipUnless(SOAK, 'skipped: two real gateways run only with SWITCHYARD_SOAK=1')
class RealGateways(unittest.TestCase):
    """2,000 requests of 32 clients to two gateways with LiteLLM; one of them is killed in the middle and started again."""

    COUNT = 2000

    def test_no_wrong_answer_and_a_whole_file_after_a_kill(self):
        import test_gateway as gateway

        gateway.prepare()
        config = gateway.HOME / 'config.yaml'
        config.write_text(config.read_text().replace('max_in_flight_requests_per_worker: 6', 'max_in_flight_requests_per_worker: 100'))
        second = Path('/tmp/second')
        shutil.copytree(gateway.HOME, second)
        # Each gateway has a container of its own in a stack; here the second one needs other ports.
        readiness = second / 'readiness.py'
        readiness.write_text(re.sub(r'^PORT = \d+', 'PORT = 4101', readiness.read_text(), flags=re.MULTILINE))
        settings = json.loads((second / 'gateway.json').read_text())
        (second / 'gateway.json').write_text(json.dumps(settings | {'port': 4100}))
        upstream = subprocess.Popen([sys.executable, '/sandbox/fake_upstream.py', '9000'], stdout=subprocess.DEVNULL)
        ports = (4000, 4100)
        gateways = {4000: gateway.Gateway(gateway.HOME, 4000), 4100: gateway.Gateway(second, 4100)}
        try:
            for one in gateways.values():
                one.wait_ready()
            outcomes = []

            def ask(number):
                word = hashlib.sha256(text_of(number).encode()).hexdigest()
                body = {'model': 'gpt', 'stream': number % 4 > 1, 'messages': [{'role': 'user', 'content': f'#text={word} #chunks=3'}]}
                for port in (ports[number // 4 % 2], *ports) * 40:
                    try:
                        status, text, headers = gateway.ask(port, 'POST', '/v1/chat/completions', body, timeout=120)
                    except (OSError, http.client.HTTPException):
                        time.sleep(0.5)  # killed, or not started yet: the edge would send it to the other one
                        continue
                    self.assertEqual((status, gateway.answer_text(text)), (200, word))
                    outcomes.append('hit' if 'x-switchyard-cache: hit' in headers else 'miss')
                    return
                self.fail(f'request {number} was not answered')

            with ThreadPoolExecutor(CLIENTS) as pool:
                asked = [pool.submit(ask, number) for number in range(self.COUNT)]
                while len(outcomes) < self.COUNT / 2:
                    time.sleep(0.01)
                os.kill(gateways[4100].child, signal.SIGKILL)
                gateways[4100].process.wait(60)
                gateways[4100] = gateway.Gateway(second, 4100)
                for one in asked:
                    one.result()
            print(f'{len(outcomes)} answers, {outcomes.count("hit")} of them from the cache', file=sys.stderr)
            self.assertGreater(outcomes.count('hit'), self.COUNT / 4)
            with sqlite3.connect('/data/answers-1/answers.db') as db:
                self.assertEqual(db.execute('PRAGMA integrity_check').fetchall(), [('ok',)])
        finally:
            for one in gateways.values():
                one.process.kill()
            upstream.kill()


if __name__ == '__main__':
    small_gateway(Path(sys.argv[1]), json.loads(sys.argv[2]))
