"""PID 1 of a gateway's container. Starts LiteLLM and monitors it.

Docker restarts a container that exits, but not one that hangs. So the supervisor exits with a failure when the gateway crashes, is killed,
hangs or does not start, and the container's restart policy does the rest. The supervisor also passes the gateway's output through the
redactor, and turns Docker's SIGTERM into a graceful stop: report "not ready", drain, exit.
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
from heartbeat import Heartbeat
from readiness import SILENT_SECONDS, serve_readiness
from redact import Redactor
from watchdog import Watchdog

# Plain settings, no secrets. The gateway must start and serve on a network with nothing but its upstreams. Without these settings it
# would fetch prices, tokenizers, news and headers from the internet, and wait for responses that never come.
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
    # request_filter.py blocks these routes too; switched off here they cost nothing.
    'NO_DOCS': 'True',
    'NO_REDOC': 'True',
    'NO_OPENAPI': 'True',
    'DISABLE_ADMIN_UI': 'True',
    'HOME': '/tmp',
}
# The certificate authorities of the base image, which include the company's own if there is one.
CA_CERTIFICATES = Path('/etc/ssl/certs/ca-certificates.crt')
if CA_CERTIFICATES.exists():
    ENVIRONMENT['SSL_CERT_FILE'] = str(CA_CERTIFICATES)
# Longer log lines are cut. A key could be split by the cut, so the end of the remaining part is removed too, up to the maximum length of a
# key in any encoding.
MAX_LINE = 65_536
MAX_ENCODED_KEY = 16_384


def log(text: str) -> None:
    print(f'switchyard: {text}', flush=True)


def preflight() -> Redactor:
    """Check the files before LiteLLM starts. LiteLLM itself would notice a missing key only at a request."""
    config = settings.CONFIG.read_text()
    for name in sorted(set(re.findall(r'os\.environ/(\w+)', config))):
        file = settings.SECRETS / name
        if name not in os.environ and not (file.is_file() and file.read_text().strip()):
            raise ValueError(f'config.yaml refers to {name}, but {file} is missing or empty')
    try:
        clientkeys.parse(settings.CLIENT_KEYS.read_text())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{settings.CLIENT_KEYS} is not a valid list of client keys: {error!r}') from None
    return Redactor.of_folder(settings.SECRETS)


def clean_lines(output, redactor: Redactor):
    """The lines of an output without keys; only the beginning of a line that is too long."""
    while line := output.readline(MAX_LINE):
        clean = redactor.mask_log(line)
        if len(line) == MAX_LINE and not line.endswith(b'\n'):
            clean = clean[:-MAX_ENCODED_KEY] + b' ... (the rest of this line was omitted)\n'
            while line and not line.endswith(b'\n'):
                line = output.readline(MAX_LINE)
        yield clean


class Supervisor:
    def __init__(self, config: settings.Settings, redactor: Redactor) -> None:
        self.config, self.redactor = config, redactor
        self.events: queue.SimpleQueue = queue.SimpleQueue()
        self.stopping = False
        self.recent_lines: deque[str] = deque(maxlen=200)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.events.put(('stop', None)))
        heartbeat = Heartbeat.create()
        self.child = subprocess.Popen(
            [sys.executable, str(settings.HERE / 'server.py'), str(heartbeat.fd)],
            pass_fds=[heartbeat.fd],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT},
        )
        self.log_thread = threading.Thread(target=self.forward_output, daemon=True)
        self.log_thread.start()
        threading.Thread(target=lambda: self.events.put(('ended', self.child.wait())), daemon=True).start()
        self.watchdog = Watchdog(self.child.pid, heartbeat, self.config, lambda why: self.events.put(('hung', why)), log)
        self.watchdog.start()
        # The edge's haproxy.cfg has the same port.
        serve_readiness(self.is_ready, self.config.port + 1)
        kind, detail = self.events.get()
        self.stopping = True
        if kind == 'stop':
            return self.stop()
        if kind == 'hung':
            self.child.kill()
            self.child.wait()
        return self.report_failure(kind, detail)

    def is_ready(self) -> bool:
        """Whether the gateway can take requests: started, not hanging, and not about to stop."""
        return self.watchdog.started and not self.stopping and time.monotonic() - self.watchdog.last_beat < SILENT_SECONDS

    def forward_output(self) -> None:
        """Print the gateway's output line by line without keys. Ends when the gateway and all its child processes have ended."""
        for clean in clean_lines(self.child.stdout, self.redactor):
            self.recent_lines.append(clean.decode('utf-8', 'replace').rstrip())
            sys.stdout.buffer.write(clean)
            sys.stdout.buffer.flush()

    def stop(self) -> int:
        log('stop signal received: draining, requests in flight are finished')
        if self.watchdog.started:
            self.child.send_signal(signal.SIGUSR1)
            self.exits_within(self.config.lameDuckSeconds)
        self.child.terminate()
        if not self.exits_within(self.config.drainSeconds):
            log(f'requests still in flight after {self.config.drainSeconds:g} s: killed')
            self.child.kill()
        self.child.wait()
        self.log_thread.join(2)
        log('stopped')
        return 0

    def exits_within(self, seconds: float) -> bool:
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def report_failure(self, kind: str, detail: object) -> int:
        self.log_thread.join(2)
        if kind == 'hung':
            log(f'the gateway hung and was killed: {detail}')
            return 70
        code = int(detail)  # type: ignore[call-overload]
        how = f'killed by {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'
        log(f'the gateway exited ({how})' if self.watchdog.started else f'the gateway did not start ({how}): {self.likely_cause()}')
        return 128 - code if code < 0 else code or 1

    def likely_cause(self) -> str:
        """The output line that most likely has the cause: the last one that names an exception, otherwise the last one."""
        named = [line for line in self.recent_lines if re.match(r'[\w.]*(Error|Exception)\w*: ', line) and not line.startswith('ERROR')]
        return (named or list(self.recent_lines) or ['no output'])[-1].strip()


def main() -> int:
    try:
        return Supervisor(settings.load(), preflight()).run()
    except (OSError, ValueError) as error:
        log(f'the gateway did not start: {error}')
        return 78


if __name__ == '__main__':
    sys.exit(main())
