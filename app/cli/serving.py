"""Serve the hub: one process, one event loop, on a socket that is taken before anything starts."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.cli.hanging_up import HangUpProtocol
from app.cli.heads import HeadProtocol
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import StandaloneError

BACKLOG = 512
SHUTDOWN_SECONDS_MAX = 20
COLLECTED_AFTER = (10_000, 20, 20)  # so many new objects, and so many collections of the younger


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take the address, or say who may have it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
        except OSError as error:
            raise StandaloneError(
                f"Cannot listen on {host} port {port}: {error.strerror}. Choose another: --port."
            ) from error
        yield taken


def base_url(taken: socket.socket) -> str:
    """Return the address a browser on this machine would use."""
    host, port = taken.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 -- compared, not bound
    return f"http://{shown}:{port}"


def server_of(app: FastAPI) -> uvicorn.Server:
    """Configure the server: `serve(sockets=[…])` it, or `run(sockets=[…])` it."""
    # What lives by now lives for ever: the collector need not walk it at every full collection.
    gc.collect()
    gc.freeze()
    # What a request leaves is freed as it goes; walking what is under way finds next to nothing.
    gc.set_threshold(*COLLECTED_AFTER)
    settings: Settings = app.state.settings
    protocol = HangUpProtocol if settings.mode is Mode.SANDBOX else HeadProtocol
    bounds = {
        "seconds_max": settings.body_wait_seconds,
        "bytes_max": 2 * settings.header_bytes_max,
        "answer_seconds_max": settings.answer_wait_seconds,
        "doorstep": app.state.doorstep,
    }
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=type(protocol.__name__, (protocol,), bounds),
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        server_header=False,
        proxy_headers=False,  # the hub itself decides whose word on addresses it takes
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    return uvicorn.Server(config)


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let SIGTERM end the process as Ctrl-C does, so that everything opened is closed."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def serve(app: FastAPI, taken: socket.socket) -> None:
    """Serve until told to stop."""
    server_of(app).run(sockets=[taken])
