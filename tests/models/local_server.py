"""A web server on this machine that can misbehave in the ways real ones do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One file, and how the server treats those who ask for it."""

    body: bytes
    content_type: str = "application/octet-stream"
    status: int = 200
    resumable: bool = True
    hang_after: int | None = None  # bytes, then silence
    cut_after: int | None = None  # bytes of each answer, then the connection breaks
    location: str | None = None
    login: str | None = None


@dataclass
class Asked:
    path: str
    start: str | None
    authorization: str | None


@dataclass
class LocalServer:
    files: dict[str, Served] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __enter__(self) -> LocalServer:
        local = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                local._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def starts(self, path: str) -> list[str | None]:
        return [asked.start for asked in self.asked if asked.path == path]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(Asked(request.path, wanted, request.headers.get("Authorization")))
        served = self.files.get(request.path)
        if served is None or served.status >= 400:
            request.send_error(served.status if served else 404)
            return
        if served.location is not None:
            request.send_response(302)
            request.send_header("Location", served.location)
            request.end_headers()
            return
        if served.login is not None and request.headers.get("Authorization") != served.login:
            request.send_error(401)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and served.resumable else 0
        if start >= len(served.body) > 0:
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        request.send_header("Content-Type", served.content_type)
        request.send_header("Content-Length", str(len(served.body) - start))
        request.end_headers()
        end = len(served.body)
        if served.hang_after is not None:
            end = served.hang_after
        if served.cut_after is not None:
            end = min(end, start + served.cut_after)
        request.wfile.write(served.body[start:end])
        request.wfile.flush()
        if served.hang_after is not None:
            self.stopping.wait(30)
