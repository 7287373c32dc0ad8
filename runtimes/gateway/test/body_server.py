"""The gateway's HTTP server and all its middlewares, with a small application instead of LiteLLM. The maximum body size is 4 MiB."""

import hashlib
import json
from pathlib import Path

import uvicorn
from client_errors import ClientErrors
from clientkeys import ClientKeys
from error_boundary import ErrorBoundary
from hand_over import HandOvers
from redact import Redactor, RedactResponses
from request_filter import RequestFilter
from served_models import ServedModels
from upload import UploadLimits

KEY = 'sk-' + 'k' * 40


async def app(scope, receive, send):
    length = len((await receive())['body'])
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]})
    await send({'type': 'http.response.body', 'body': json.dumps({'length': length}).encode()})


file = Path('/tmp/client-keys.json')
file.write_text(json.dumps({'keys': [{'name': 'master', 'sha256': hashlib.sha256(KEY.encode()).hexdigest()}]}))
request_filter = RequestFilter(app, ClientKeys(file), ServedModels({'m': 'chat'}), uploads=UploadLimits(4), hand_overs=HandOvers())
layers = ErrorBoundary(RedactResponses(ClientErrors(request_filter), Redactor(['a-key-of-a-provider'])), request_filter)
uvicorn.run(layers, host='0.0.0.0', port=4000, lifespan='off', ws='none', log_level='warning')
