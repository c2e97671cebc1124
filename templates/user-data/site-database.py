#!/usr/bin/python3
"""Where the application's database connections go: `show`, `use HOST PORT`, `pause`, `resume`.

The proxy in front of the database takes orders over a socket. Paused, it leads to a port where nobody listens: it asks
there again and again, so new connections wait and do not fail."""
import os, socket, sys

ETC, RUN = os.environ.get("SITE_ETC", "/etc/site"), os.environ.get("SITE_RUN", "/run/site")
NOWHERE = "127.0.0.1 port 1"


def tell(order):
    with socket.socket(socket.AF_UNIX) as proxy:
        proxy.connect(RUN + "/proxy.sock")
        proxy.sendall(order.encode() + b"\n")
        return b"".join(iter(lambda: proxy.recv(65536), b"")).decode()


def lead(place):
    answer = tell("set server database/database addr " + place)
    if "by 'stats" not in answer:
        sys.exit("the proxy says: " + answer)


def target():
    with open(ETC + "/database") as file:
        return file.read().split()


def address():
    host, port = target()
    return "%s port %s" % (socket.getaddrinfo(host, port, socket.AF_INET)[0][4][0], port)


command = sys.argv[1] if len(sys.argv) in (2, 4) else ""
if command == "use":
    # The server's parameters may say otherwise until the migration has changed them.
    open(ETC + "/database.lock", "w").close()
    with open(ETC + "/database.new", "w") as file:
        file.write(" ".join(sys.argv[2:]))
    os.rename(ETC + "/database.new", ETC + "/database")
elif command == "show":
    _, names, server = tell("show servers state database").split("\n")[:3]
    port = server.split()[names[2:].split().index("srv_port")]
    print(*target(), "paused" if port == "1" else "open")
elif command == "pause":
    lead(NOWHERE)
elif command == "resume":
    lead(address())
else:
    sys.exit("site-database show | use HOST PORT | pause | resume")
