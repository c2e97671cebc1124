#!/usr/bin/python3
# Where the application's database connections go: `show`, `use HOST PORT`, `pause`, `resume`, `end`. `name [HOST]`
# sets the name by which containers connect, and waits until they do. `follow` runs all the time: it keeps the proxy at
# the address that the database's name has now, and finishes a switch whose script was killed.
#
# The proxy takes orders over a socket. Paused, it leads to a port where nobody listens and asks there again and again, so
# new connections wait and do not fail. A proxy that restarts is not paused.
import fcntl, os, re, socket, subprocess, sys, time

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
        raise OSError("it says " + answer)


def target():
    with open(TARGET) as file:
        return file.read()


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def address():
    host, port = target().split()
    return socket.getaddrinfo(host, port, socket.AF_INET)[0][4][0] + " " + port


def configure(place):
    # A proxy that restarts goes to the new place at once.
    path = ETC + "/haproxy.cfg"
    if os.path.exists(path):
        with open(path) as file:
            text = file.read()
        write(path, re.sub(r"(?m)^(\s*server database )\S+", lambda found: found[1] + place.replace(" ", ":"), text))


def carry_out(command, words):
    if command == "use":
        # The server's parameters may say otherwise until the migration has changed them; and the old database
        # goes on until the migration has ended.
        for name in (".lock", ".keep"):
            open(TARGET + name, "w").close()
        write(TARGET, " ".join(words))
        configure(" ".join(words))
    elif command == "name" and words:
        write(TARGET + ".name", words[0])
    elif command == "name":
        remove(TARGET + ".name")
    elif command == "show":
        print(target(), "paused" if led().endswith(" 1") else "open")
    elif command == "pause":
        lead(NOWHERE)
    elif command == "resume" or command == "follow" and led() not in (NOWHERE, address()):
        lead(address())
    elif command == "end":
        remove(TARGET + ".keep")
        remove(TARGET + ".name")


def busy():
    # Whether an action runs: it holds this lock, and so does what it has started.
    with open(RUN + "/lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


settling, again = None, 0


def settle():
    # A cut-over leaves its own text here for as long as writes are paused; that text takes the lock itself, and removes
    # the file when everything is in order. It runs beside the loop, one at a time, until then.
    global settling, again
    path = ETC + "/settle"
    if settling and settling.poll() is None or time.monotonic() < again or not os.path.exists(path) or busy():
        return
    settling, again = subprocess.Popen(["bash", path, "settle"], stdin=subprocess.DEVNULL), time.monotonic() + 5


command, words = sys.argv[1], sys.argv[2:]
while True:
    try:
        if command == "follow":
            settle()
        # One at a time, or `follow` could end a pause that begins meanwhile.
        with open(RUN + "/proxy.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            carry_out(command, words)
    except (OSError, LookupError, ValueError) as error:
        if command != "follow":
            sys.exit("the proxy does not obey: %s" % error)
    if command != "follow":
        break
    time.sleep(2)
if command == "name" and ETC == "/etc/site":
    # Twice, as one that runs already may not have seen the name. What fails now is tried again every minute.
    for _ in range(2):
        subprocess.run(["systemctl", "start", "site"])
