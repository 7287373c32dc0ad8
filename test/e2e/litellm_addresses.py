"""Calls each model of /cases/config.yaml through LiteLLM's own proxy, by every route of its mode, and prints the destinations of each
call, one line per model.

Run by litellm-addresses.test.ts in the gateway's image, without a network. Every name resolves to this container, so a request to a
wrong address is also answered and recorded.
"""

import asyncio
import contextlib
import datetime
import json
import os
import re
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

sys.path[:0] = ['/cases', '/cases/sandbox']
import fake_upstream as upstream
import yaml
from addresses import keep_addresses  # runtimes/gateway/image/programs/addresses.py
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CONFIG = Path('/cases/config.yaml')
MESSAGES = [{'role': 'user', 'content': 'Hello.'}]
# Every route of a mode: name, path, body.
ROUTES = {
    'chat': [
        ('chat', '/v1/chat/completions', {'messages': MESSAGES}),
        ('completions', '/v1/completions', {'prompt': 'Hello.'}),
        ('responses', '/v1/responses', {'input': 'Hello.'}),
        ('messages', '/v1/messages', {'messages': MESSAGES, 'max_tokens': 10}),
    ],
    'embedding': [('embeddings', '/v1/embeddings', {'input': 'Hello.'})],
}
COUNT = ('count_tokens', '/v1/messages/count_tokens', {'messages': MESSAGES})

# Only addresses are tested here, of a hundred providers. What their requests contain is tested in runtimes/gateway/test.
upstream.strict.fault = lambda *_: None

asked: list[tuple[str, int]] = []
connected: list[str] = []
real_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, port, *args, **kwargs):
    """Resolves every name to this container and records it."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None:
        asked.append((name, int(port or 0)))
    return real_getaddrinfo('127.0.0.1', port, *args, **kwargs)


def listen_to(event: str, args: tuple) -> None:
    """Records each connection to an address that did not come from a name lookup."""
    if event == 'socket.connect' and isinstance(args[1], tuple) and args[1][0] != '127.0.0.1':
        connected.append(f'{args[1][0]}:{args[1][1]}')


def certificate() -> ssl.SSLContext:
    """A self-signed certificate; the clients are configured not to check it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'anybody')])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    with tempfile.NamedTemporaryFile() as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        file.write(made.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
    return context


def port_of(address: str) -> int:
    url = urlsplit(address)
    return url.port or (443 if url.scheme == 'https' else 80)


async def call(client, path: str, body: dict) -> dict:
    """Sends one call and returns its destinations: the addresses of the received requests, and the resolved names."""
    asked.clear()
    connected.clear()
    upstream.requests.clear()
    status = 0
    text = ''
    # How LiteLLM handles the answer does not matter here, only where it sent requests.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60):
            response = await client.post(path, json=body)
            status, text = response.status_code, response.text[:300]
    await asyncio.sleep(0.02)
    urls = [f"//{one['headers'].get('host', '?')}{one['path']}" for one in upstream.requests]
    return {'status': status, 'text': text, 'requests': urls, 'names': sorted({f'{h}:{p}' for h, p in asked}), 'other': list(connected)}


async def main() -> None:
    models = yaml.safe_load(CONFIG.read_text())['model_list']
    # LiteLLM's own environment variables for addresses: none of them may have an effect.
    for prefix in {one['litellm_params']['model'].split('/')[0].upper() for one in models} | {'OPENAI', 'ANTHROPIC'}:
        for name in ('API_BASE', 'BASE_URL', 'API_URL', 'ENDPOINT'):
            os.environ[f'{prefix}_{name}'] = 'http://environment.test/v1'
    for one in models:
        for name in re.findall(r'os\.environ/(\w+)', json.dumps(one)):
            os.environ[name] = f'value-of-{name}'

    import httpx
    import litellm
    from litellm.proxy import proxy_server

    with contextlib.redirect_stdout(sys.stderr):
        keep_addresses(models)
        await proxy_server.initialize(config=str(CONFIG))
    litellm.suppress_debug_info = True
    sys.addaudithook(listen_to)
    socket.getaddrinfo = getaddrinfo
    context = certificate()
    bases = [one['litellm_params']['api_base'] for one in models if 'api_base' in one['litellm_params']]
    for port in {80, 443, *map(port_of, bases)}:
        await asyncio.start_server(upstream.serve, '127.0.0.1', port, ssl=context if port == 443 else None)

    out = sys.stdout
    transport = httpx.ASGITransport(proxy_server.app, raise_app_exceptions=False)
    with contextlib.redirect_stdout(sys.stderr):
        async with httpx.AsyncClient(transport=transport, base_url='http://gateway', timeout=None) as client:
            for one in models:
                mode = one['model_info']['mode']
                calls = {}
                for name, path, body in ROUTES[mode]:
                    for stream in (False, True) if mode == 'chat' else (False,):
                        more = {'stream': True} if stream else {}
                        calls[f'{name} stream' if stream else name] = await call(client, path, {'model': one['model_name'], **body, **more})
                if mode == 'chat':
                    name, path, body = COUNT
                    calls[name] = await call(client, path, {'model': one['model_name'], **body})
                print(json.dumps({'alias': one['model_name'], 'mode': mode, 'calls': calls}), file=out, flush=True)


asyncio.run(main())
