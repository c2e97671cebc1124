"""The application's way to its database: a proxy that holds new connections back while writes are paused.

It takes orders over a port of its own, as `site-database` sends them: `show`, `use HOST PORT`, `pause`, `resume`, `end`.
"""

import socket
import threading
import time

STUB = """#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/%d || exit 1
printf '%%s\\n' "$*" >&3
IFS= read -r answer <&3 || exit 1
[[ -z $answer ]] || printf '%%s\\n' "$answer"
"""


class Gate:
    """A proxy and its orders."""

    def __init__(self, port, orders):
        self.port, self.orders = port, orders
        self.address = ("127.0.0.1", 0)
        self.open = threading.Event()
        self.open.set()
        self.pauses = []
        self.paused_at = None
        self.lock = threading.Lock()
        for number, serve in ((port, self.carry), (orders, self.order)):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", number))
            listener.listen(64)
            threading.Thread(target=self.accept, args=(listener, serve), daemon=True).start()

    def lead(self, port):
        """Sets where a new schema's application begins."""
        self.address, self.pauses, self.paused_at = ("127.0.0.1", port), [], None
        self.open.set()

    @staticmethod
    def accept(listener, serve):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    def order(self, client):
        with client, client.makefile("rw") as talk:
            words = talk.readline().split()
            answer = ""
            with self.lock:
                if words[:1] == ["show"]:
                    answer = "%s %d %s" % (*self.address, "open" if self.open.is_set() else "paused")
                elif words[:1] == ["use"] and len(words) == 3:
                    self.address = (words[1], int(words[2]))
                elif words[:1] == ["pause"]:
                    self.open.clear()
                    self.paused_at = self.paused_at or time.monotonic()
                elif words[:1] == ["resume"]:
                    self.open.set()
                    if self.paused_at:
                        self.pauses.append(time.monotonic() - self.paused_at)
                    self.paused_at = None
            talk.write(answer + "\n")
            talk.flush()

    def carry(self, client):
        self.open.wait()
        try:
            server = socket.create_connection(self.address, 5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for one in client, server:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self.copy, args=(server, client), daemon=True)
        back.start()
        self.copy(client, server)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def copy(source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for one in source, sink:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
