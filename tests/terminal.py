#!/usr/bin/env python3
"""Runs a command on a terminal and answers its questions: `terminal.py ANSWER COMMAND...`.

ANSWER is a line to type at each question, or `^C`; of several, `d,no`, the last one answers all that follow. Ends with the command's exit code, or 128 and its signal.
"""

import os
import pty
import re
import select
import signal
import sys

# Nothing but a question ends in a line like this.
QUESTION = re.compile(rb"\w:(\x1b\[0m)? $")


def main():
    answers, command = sys.argv[1].split(","), sys.argv[2:]
    child, terminal = pty.fork()
    if child == 0:
        # Whoever was started in the background ignores it, and so would this.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(command[0], command)
    seen = b""
    while True:
        if not select.select([terminal], [], [], 120)[0]:
            os.kill(child, signal.SIGKILL)
            sys.exit("nothing happens for two minutes after: %r" % seen[-500:])
        try:
            some = os.read(terminal, 4096)
        except OSError:
            break
        if not some:
            break
        sys.stdout.buffer.write(some)
        seen += some
        if QUESTION.search(seen):
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
            seen = b""
    _, status = os.waitpid(child, 0)
    sys.stdout.flush()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
