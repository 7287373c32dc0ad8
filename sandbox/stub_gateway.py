"""Replaces runtimes/gateway/image/programs/server.py in tests that are not about LiteLLM: it starts in a tenth of the time.

Supervisor, probe, request filter, client keys, admission and redaction are the real ones. Only the application behind them is a stub,
which answers every chat with one sentence and lists the models of the configuration.
"""

from __future__ import annotations

import json
import signal
import sys

import settings
import uvicorn
import yaml
from admission import Admission
from clientkeys import ClientKeys
from heartbeat import Heartbeat
from redact import Redactor, RedactResponses
from request_filter import RequestFilter
from served_models import ServedModels

TEXT = 'A stub answers instead of LiteLLM.'


def body_of(path: str, models: list[str]) -> dict:
    if path.endswith('/models'):
        return {'object': 'list', 'data': [{'id': name, 'object': 'model'} for name in models]}
    message = {'role': 'assistant', 'content': TEXT}
    return {'object': 'chat.completion', 'choices': [{'index': 0, 'finish_reason': 'stop', 'message': message}]}


def stub(models: list[str]):
    """The ASGI application."""

    async def app(scope, receive, send) -> None:
        if scope['type'] == 'lifespan':
            Heartbeat(int(sys.argv[1])).start()
            for step in ('startup', 'shutdown'):
                await receive()
                await send({'type': f'lifespan.{step}.complete'})
            return
        body = json.dumps(body_of(scope['path'], models)).encode()
        headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        await send({'type': 'http.response.body', 'body': body})

    return app


def main() -> None:
    config = yaml.safe_load(settings.CONFIG.read_text())
    models = [entry['model_name'] for entry in config.get('model_list') or []]
    request_filter = RequestFilter(stub(models), ClientKeys(), ServedModels.of_config(config), Admission(None))
    signal.signal(signal.SIGUSR1, lambda *_: request_filter.start_draining())
    app = RedactResponses(request_filter, Redactor.of_folder(settings.SECRETS))
    uvicorn.run(app, host='0.0.0.0', port=settings.load().port, lifespan='on', ws='none', access_log=False)


if __name__ == '__main__':
    main()
