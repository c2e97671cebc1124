#!/usr/bin/python3
# Where the application's database connections go: `show`, `use HOST PORT`, `pause`, `resume`, `end`; `follow` keeps
# the proxy in front of the database at the address that the name has now.
#
# The proxy takes orders over a socket. Paused, it leads to a port where nobody listens and asks there again and again, so
# new connections wait and do not fail.
import fcntl, os, socket, sys, time

ETC, RUN = os.environ.get("SITE_ETC", "/etc/site"), os.environ.get("SITE_RUN", "/run/site")
TARGET, NOWHERE = ETC + "/database", "127.0.0.1 1"


def tell(order):
    with socket.socket(socket.AF_UNIX) as proxy:
        proxy.connect(RUN + "/proxy.sock")
        proxy.sendall(order.encode() + b"\n")
        return b"".join(iter(lambda: proxy.recv(65536), b"")).decode()


def led():
    _, names, server = tell("show servers state database").split("\n")[:3]
    found = dict(zip(names[2:].split(), server.split()))
    return found["srv_addr"] + " " + found["srv_port"]


def lead(place):
    answer = tell("set server database/database addr %s port %s" % tuple(place.split()))
    if "by 'stats" not in answer:
        sys.exit("the proxy says: " + answer)


def target():
    with open(TARGET) as file:
        return file.read()


def address():
    host, port = target().split()
    return socket.getaddrinfo(host, port, socket.AF_INET)[0][4][0] + " " + port


def carry_out(command, words):
    if command == "use":
        # The server's parameters may say otherwise until the migration has changed them; and the old database
        # goes on until the migration has ended.
        for name in (".lock", ".keep"):
            open(TARGET + name, "w").close()
        with open(TARGET + ".new", "w") as file:
            file.write(" ".join(words))
        os.rename(TARGET + ".new", TARGET)
    elif command == "show":
        print(target(), "paused" if led().endswith(" 1") else "open")
    elif command == "pause":
        lead(NOWHERE)
    elif command == "resume" or command == "follow" and led() not in (NOWHERE, address()):
        lead(address())
    elif command == "end" and os.path.exists(TARGET + ".keep"):
        os.remove(TARGET + ".keep")


command, words = sys.argv[1], sys.argv[2:]
while True:
    try:
        # One at a time, or `follow` could end a pause that begins meanwhile.
        with open(RUN + "/proxy.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            carry_out(command, words)
    except OSError as error:
        if command != "follow":
            sys.exit("the proxy does not answer: %s" % error)
    if command != "follow":
        break
    time.sleep(2)
