"""Where Alertmanager delivers in a test: keeps every notification and lets a test wait for one."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any


class Webhook:
    """What arrived so far. `url` is what a receiver posts to."""

    def __init__(self) -> None:
        self.url = ""
        self._notifications: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Whole notifications as Alertmanager posts them, oldest first."""
        with self._arrived:
            return list(self._notifications)

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The alerts of every notification, oldest first: status, labels, annotations. Repeats are kept."""
        return [alert for notification in self.notifications for alert in notification["alerts"]]

    def names(self, status: str = "firing", **labels: str) -> list[str]:
        """The `alertname` of each arrived alert with this status and these labels."""
        return [
            alert["labels"]["alertname"]
            for alert in self.alerts
            if alert["status"] == status and labels.items() <= alert["labels"].items()
        ]

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
        """The first alert, arrived or still to come, for which `holds`. Raises AssertionError after `seconds`."""
        deadline = monotonic() + seconds
        with self._arrived:
            while True:
                for notification in self._notifications:
                    for alert in notification["alerts"]:
                        if holds(alert):
                            return dict(alert)
                left = deadline - monotonic()
                if left <= 0:
                    seen = [(a["status"], a["labels"]) for n in self._notifications for a in n["alerts"]]
                    raise AssertionError(f"no such alert within {seconds:g} s; arrived: {seen}")
                self._arrived.wait(left)

    def take(self, notification: dict[str, Any]) -> None:
        with self._arrived:
            self._notifications.append(notification)
            self._arrived.notify_all()


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A listening webhook."""
    kept = Webhook()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            kept.take(json.loads(body))

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
