"""A hop in front of an emulator of AWS: counts calls, adds latency, and lets some things become ready late.

    python hop.py PORT EMULATOR_PORT

GET /hop/take answers with {"operation": count} since the last time and starts anew; POST /hop/set takes
{"latency": seconds, "slow": [[creating operation, reading operation, ready text, waiting text, seconds], ...]}.
"""

import asyncio
import collections
import json
import re
import sys
import time

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
# Path and method of AWS's REST protocols, as far as the numbers want a name.
REST = re.compile(rb"^(GET|POST|PUT|DELETE) (?:/v1|/2013-04-01)?(/[a-z-]+)")


class Hop:
    def __init__(self, upstream):
        self.upstream = upstream
        self.latency = 0.0
        self.slow = []
        self.began = {}
        self.counts = collections.Counter()

    def own(self, path, body):
        if path == "/hop/take":
            counts, self.counts = self.counts, collections.Counter()
            return dict(counts)
        wanted = json.loads(body)
        self.latency = wanted.get("latency", self.latency)
        self.slow = wanted.get("slow", self.slow)
        self.began = {}
        return {}

    def late(self, operation, answer):
        """What is not ready yet says so."""
        for creating, reading, ready, waiting, seconds in self.slow:
            began = self.began.get(creating, float("-inf"))
            if operation in (creating, reading) and time.monotonic() < began + seconds:
                answer = answer.replace(ready.encode(), waiting.encode())
        return answer

    async def serve(self, reader, writer):
        behind = None
        try:
            while True:
                head, body = await message(reader)
                line = head.split(b"\r\n", 1)[0].decode()
                path = line.split(" ")[1]
                if path.startswith("/hop/"):
                    answer = json.dumps(self.own(path, body)).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
                    await writer.drain()
                    continue
                operation = name(head, body)
                self.counts[operation] += 1
                if any(operation == one[0] for one in self.slow):
                    self.began.setdefault(operation, time.monotonic())
                if self.latency:
                    await asyncio.sleep(self.latency)
                if behind is None:
                    behind = await asyncio.open_connection("127.0.0.1", self.upstream)
                behind[1].write(head + body)
                await behind[1].drain()
                back, answer = await message(behind[0], no_body=line.startswith("HEAD"))
                answer = self.late(operation, answer)
                back = re.sub(rb"(?i)\r\ncontent-length: *\d+", b"\r\nContent-Length: %d" % len(answer), back)
                writer.write(back + answer)
                await writer.drain()
                if b"\r\nconnection: close" in back.lower():
                    behind[1].close()
                    behind = None
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            if behind:
                behind[1].close()


async def message(reader, no_body=False):
    """A message's head and its body; a chunked one is made whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    low = head.lower()
    length = re.search(rb"\r\ncontent-length: *(\d+)", low)
    if no_body:
        return head, b""
    if b"\r\ntransfer-encoding: chunked" in low:
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        head = re.sub(rb"(?i)\r\ntransfer-encoding: chunked", b"\r\nContent-Length: %d" % len(body), head)
        return head, body
    return head, await reader.readexactly(int(length[1])) if length else b""


def name(head, body):
    target = re.search(rb"(?i)\r\nx-amz-target: *(?:\w+\.)*(\w+)", head)
    found = target or ACTION.search(body)
    if found:
        return found[1].decode()
    found = REST.match(head)
    return " ".join(part.decode() for part in found.groups()) if found else "other"


async def main():
    hop = Hop(int(sys.argv[2]))
    server = await asyncio.start_server(hop.serve, "127.0.0.1", int(sys.argv[1]), limit=1 << 26)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
