#!/usr/bin/python3
"""A worker: it has no port, and when it is asked to stop it takes longer to finish than Docker waits by default.

VERSION is `worker-sick` for an image that ends at once."""

import os
import signal
import sys
import threading

VERSION = os.environ["VERSION"]
asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
if VERSION == "worker-sick":
    sys.exit("cannot start")
print("working", VERSION, "with a port" if "PORT" in os.environ else "without a port", flush=True)
while not asked.wait(0.2):
    pass
threading.Event().wait(12)
print("finished", VERSION, flush=True)
