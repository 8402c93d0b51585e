"""A gate before the engine: what goes through is passed on, and while it is shut nobody answers."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

ENGINE = "/var/run/docker.sock"


class Gate:
    """A Unix socket that leads to the engine's. `shut` breaks what is connected; `freeze` lets it wait."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._server: socket.socket | None = None
        self.open()

    @property
    def address(self) -> str:
        return f"unix://{self.path}"

    def open(self) -> None:
        self.path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(128)
        threading.Thread(target=self._take_all, args=(self._server,), daemon=True).start()

    def shut(self) -> None:
        """As if the engine had ended: its socket is gone, and so is every connection."""
        self.path.unlink(missing_ok=True)
        if self._server is not None:
            # Wakes whoever waits in accept.
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
        for pair in self._pairs:
            for each in pair:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def freeze(self) -> None:
        """As if the engine had been stopped: it takes connections and says nothing."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _take_all(self, server: socket.socket) -> None:
        with suppress(OSError), server:
            while True:
                here, _ = server.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(ENGINE)
                self._pairs.append((here, there))
                threading.Thread(target=self._join, args=(here, there), daemon=True).start()

    def _join(self, here: socket.socket, there: socket.socket) -> None:
        with here, there:
            back = threading.Thread(target=self._pass, args=(there, here), daemon=True)
            back.start()
            self._pass(here, there)
            back.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
