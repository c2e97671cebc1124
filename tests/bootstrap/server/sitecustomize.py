# Where a test puts this into Python's path, what waits for a while waits for a twentieth of it.
import time

sleep = time.sleep
time.sleep = lambda seconds: sleep(seconds / 20)
