"""The supervisor's answer to the edge's health checks: whether this gateway can take requests.

LiteLLM's own process cannot give it: while it computes for large requests its event loop answers no check in time, and the edge would take
a gateway that is only busy out of its rotation. The supervisor sees the heartbeat, which goes on then, and stops in a process that hangs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

# Without a heartbeat for this long a gateway gets no new requests. The watchdog kills it only later, because then it ends those that it has.
SILENT_SECONDS = 5.0


def serve_readiness(is_ready: Callable[[], bool], port: int) -> ThreadingTCPServer:
    """Answer every GET with 200 or 503, in threads of this process. The edge's checks are the only clients."""

    class Answer(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            self.send_response_only(200 if is_ready() else 503)
            self.send_header('content-length', '0')
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    # Not http.server's own class, which looks up the host's name, and waits for a DNS server that does not answer.
    class Server(ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    server = Server(('', port), Answer)
    threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 60}, daemon=True).start()
    return server
