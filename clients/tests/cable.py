"""A cable to a server that can be cut, slowed down and pulled out, at what goes over it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Cable:
    """Hands connections on to another port of loopback, for as long as `toward` and `back` let their bytes through."""

    # How many bytes are looked at together.
    piece = 1 << 16

    def __init__(self, port: int) -> None:
        self.target = port
        self.toward: Callable[[bytes], bool] = lambda data: True
        self.back: Callable[[bytes], bool] = lambda data: True
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        """Take connections until the end."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.pairs.append((client, server))
            toward, back = self.gates()
            for source, sink, gate in ((client, server, toward), (server, client, back)):
                threading.Thread(target=self.pump, args=(source, sink, gate), daemon=True).start()

    def gates(self) -> tuple[Callable[[bytes], bool], Callable[[bytes], bool]]:
        """Return what lets the bytes of a new connection through, each way."""
        return (lambda data: self.toward(data)), (lambda data: self.back(data))

    def pump(self, source: socket.socket, sink: socket.socket, gate: Callable[[bytes], bool]) -> None:
        """Carry bytes one way; where they are not let through, cut the connection."""
        try:
            while (data := source.recv(self.piece)) and gate(data):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self) -> None:
        """Cut all connections that there are."""
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []

    def close(self) -> None:
        """Take no more connections."""
        self.listener.close()
        self.cut()
