"""PID 1 of a gateway. Starts LiteLLM and watches over it.

Docker restarts what exits, and nothing else: not what hangs. So this ends with a failure when the gateway crashed, was
killed, hangs or does not come up, and the container's restart policy does the rest. It also passes the gateway's output
through the redactor, and turns Docker's SIGTERM into an orderly leave: not ready, drained, gone.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import clientkeys
import settings
from probe import alive
from redact import Redactor

# Plain settings, no secrets. The gateway must start and serve on a network that holds nothing but its upstreams:
# without these it would fetch prices, tokenizers, news and headers from elsewhere, and wait for what does not come.
ENVIRONMENT = {
    'LITELLM_MODE': 'PRODUCTION',
    'LITELLM_LOG': os.environ.get('LITELLM_LOG', 'WARNING'),
    'LITELLM_LOCAL_MODEL_COST_MAP': 'True',
    'LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS': 'True',
    'LITELLM_LOCAL_POLICY_TEMPLATES': 'True',
    'LITELLM_LOCAL_BLOG_POSTS': 'True',
    'LITELLM_LOCAL_AUTOROUTER_PRESETS': 'True',
    'HF_HUB_OFFLINE': '1',
    'HF_HUB_DISABLE_TELEMETRY': '1',
    # The guard closes these as well; shut at the source they cost nothing.
    'NO_DOCS': 'True',
    'NO_REDOC': 'True',
    'NO_OPENAPI': 'True',
    'DISABLE_ADMIN_UI': 'True',
    'HOME': '/tmp',
}
# The authorities of the image's base, which hold a company's own where there is one.
AUTHORITIES = Path('/etc/ssl/certs/ca-certificates.crt')
if AUTHORITIES.exists():
    ENVIRONMENT['SSL_CERT_FILE'] = str(AUTHORITIES)
# What is longer is cut. A key could lie across the cut, so as much as the longest spelling of any takes goes with the rest.
LONGEST_LINE = 65_536
LONGEST_KEY = 16_384


def say(text: str) -> None:
    print(f'switchyard: {text}', flush=True)


def preflight() -> Redactor:
    """What can be found wrong before LiteLLM starts, in a sentence; LiteLLM would notice a missing key at a request."""
    config = settings.CONFIG.read_text()
    for name in sorted(set(re.findall(r'os\.environ/(\w+)', config))):
        file = settings.SECRETS / name
        if name not in os.environ and not (file.is_file() and file.read_text().strip()):
            raise ValueError(f'config.yaml refers to {name}, but {file} is missing or empty')
    try:
        clientkeys.parse(settings.CLIENT_KEYS.read_text())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{settings.CLIENT_KEYS} is no list of client keys: {error!r}') from None
    return Redactor.of_folder(settings.SECRETS)


def clean_lines(output, redactor: Redactor):
    """The lines of an output without keys; of a line that is too long the beginning."""
    while line := output.readline(LONGEST_LINE):
        clean = redactor.mask_log(line)
        if len(line) == LONGEST_LINE and not line.endswith(b'\n'):
            clean = clean[:-LONGEST_KEY] + b' ... (the rest of this line is left out)\n'
            while line and not line.endswith(b'\n'):
                line = output.readline(LONGEST_LINE)
        yield clean


class Supervisor:
    def __init__(self, wanted: settings.Settings, redactor: Redactor) -> None:
        self.wanted, self.redactor = wanted, redactor
        self.news: queue.SimpleQueue = queue.SimpleQueue()
        self.last: deque[str] = deque(maxlen=200)
        self.started = False

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.news.put(('stop', None)))
        self.child = subprocess.Popen(
            [sys.executable, str(settings.HERE / 'server.py')],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT},
        )
        self.logs = threading.Thread(target=self.pump, daemon=True)
        self.logs.start()
        threading.Thread(target=lambda: self.news.put(('ended', self.child.wait())), daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()
        kind, detail = self.news.get()
        if kind == 'stop':
            return self.leave()
        if kind == 'hung':
            self.child.kill()
            self.child.wait()
        return self.failed(kind, detail)

    def pump(self) -> None:
        """The gateway's output, line by line, without keys. Ends when the gateway and all it started have ended."""
        for clean in clean_lines(self.child.stdout, self.redactor):
            self.last.append(clean.decode('utf-8', 'replace').rstrip())
            sys.stdout.buffer.write(clean)
            sys.stdout.buffer.flush()

    def watch(self) -> None:
        wanted, failures = self.wanted, 0
        deadline = time.monotonic() + wanted.startSeconds
        while True:
            time.sleep(0.5 if not self.started else wanted.watchEverySeconds)
            problem = alive(wanted.port, '/health/liveliness', wanted.watchTimeoutSeconds)
            if problem is None:
                if not self.started:
                    say('the gateway is ready')
                self.started, failures = True, 0
            elif not self.started:
                if time.monotonic() > deadline:
                    return self.news.put(('hung', f'it did not come up within {wanted.startSeconds:g} s'))
            else:
                failures += 1
                if failures >= wanted.watchFailures:
                    return self.news.put(('hung', f'{failures} probes in a row failed, the last: {problem}'))

    def leave(self) -> int:
        say('asked to stop: no new requests, what is in flight is finished')
        if self.started:
            self.child.send_signal(signal.SIGUSR1)
            self.ended_within(self.wanted.leaveSeconds)
        self.child.terminate()
        if not self.ended_within(self.wanted.drainSeconds):
            say(f'still busy after {self.wanted.drainSeconds:g} s: cut off')
            self.child.kill()
        self.child.wait()
        self.logs.join(2)
        say('stopped')
        return 0

    def ended_within(self, seconds: float) -> bool:
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def failed(self, kind: str, detail: object) -> int:
        self.logs.join(2)
        if kind == 'hung':
            say(f'the gateway hangs and was killed: {detail}')
            return 70
        code = int(detail)  # type: ignore[call-overload]
        how = f'killed by {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'
        say(f'the gateway ended ({how})' if self.started else f'the gateway did not start ({how}): {self.reason()}')
        return 128 - code if code < 0 else code or 1

    def reason(self) -> str:
        """The line of the output that most likely says why: the last of an exception."""
        named = [line for line in self.last if re.match(r'[\w.]*(Error|Exception)\w*: ', line) and not line.startswith('ERROR')]
        return (named or list(self.last) or ['no output'])[-1].strip()


def main() -> int:
    try:
        return Supervisor(settings.load(), preflight()).run()
    except (OSError, ValueError) as error:
        say(f'the gateway did not start: {error}')
        return 78


if __name__ == '__main__':
    sys.exit(main())
