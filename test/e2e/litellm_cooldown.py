"""Fails every alias of /configs/config.yaml once in every way, and prints what the next request got. Run by litellm-cooldown.test.ts."""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request

sys.path.insert(0, '/configs')

from litellm.proxy.proxy_server import ProxyConfig  # noqa: E402

UPSTREAM = 'http://127.0.0.1:9000'
# The effect of each on the fake upstream; a refused connection is what remains when it is not there at all.
FAULTS = {
    **{str(status): {'status': status} for status in (401, 404, 408, 500, 503)},
    '429': {'status': 429, 'headers': {'retry-after': '30'}},
    'timeout': {'hang': True},
    'closed': {'close': True},
}


def control(method: str, path: str, body: object = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(UPSTREAM + path, data, method=method)).read()


@contextlib.contextmanager
def upstream():
    process = subprocess.Popen([sys.executable, '/upstream.py', '9000'], stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def ask(router, alias: str) -> str:
    """The deployment that answered, or the failure's status."""
    try:
        if alias == 'embed':
            answer = await router.aembedding(model=alias, input=['hello'])
        else:
            answer = await router.acompletion(model=alias, messages=[{'role': 'user', 'content': 'hello'}])
        return answer._hidden_params['model_id']
    except Exception as error:  # its status is what the test is about
        return str(getattr(error, 'status_code', type(error).__name__))
    finally:
        # The failure is counted in a task of its own.
        await asyncio.sleep(0.3)


async def main() -> None:
    aliases = sys.argv[1].split(',')
    seen: dict = {}
    with contextlib.redirect_stdout(sys.stderr):
        router, _, _ = await ProxyConfig().load_config(router=None, config_file_path='/configs/config.yaml')
    for name, fault in {**FAULTS, 'refused': None}.items():
        for alias in aliases:
            # One failure must not be left over for the next.
            router.cooldown_cache.in_memory_cache.flush_cache()
            if fault is not None:
                with upstream():
                    control('POST', '/_faults', fault)
                    failed = await ask(router, alias)
                    control('DELETE', '/_faults')
                    seen.setdefault(alias, {})[name] = [failed, await ask(router, alias)]
            else:
                failed = await ask(router, alias)
                with upstream():
                    seen.setdefault(alias, {})[name] = [failed, await ask(router, alias)]
    print(json.dumps(seen))


asyncio.run(main())
