#!/usr/bin/env python3
"""Runs a command on a terminal and answers its questions: `terminal.py ANSWER COMMAND...`.

ANSWER is a line to type at each question, or `^C`; of several, `d,no`, the last one answers all that follow. One such as
`^C@creating` is typed where the text after the @ is seen instead of at a question. Ends with the command's exit code, or
128 and its signal.

With `--screen COLUMNSxLINES` before ANSWER the terminal has that size, and what it shows in the end is printed, with what
has scrolled away; then `cursor: ROW COLUMN shown|hidden`.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import unicodedata

# Nothing but a question ends in a line like this.
QUESTION = re.compile(rb"\w:(\x1b\[0m)? $")
SEQUENCE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|\x1b[^\[]")


class Screen:
    """What a terminal shows: as much of ECMA-48 as our output has, and an error for the rest."""

    def __init__(self, columns, lines):
        self.columns, self.height = columns, lines
        self.lines, self.row, self.column = [[]], 0, 0
        self.shown = True

    def top(self):
        return max(0, len(self.lines) - self.height)

    def feed(self, text):
        at = 0
        while at < len(text):
            sequence = SEQUENCE.match(text, at)
            if sequence:
                self.control(sequence)
                at = sequence.end()
                continue
            self.put(text[at])
            at += 1

    def put(self, letter):
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.down()
        elif letter == "\x08":
            self.column = max(0, self.column - 1)
        elif letter == "\x07":
            pass
        elif ord(letter) < 32:
            raise SystemExit("the terminal gets %r" % letter)
        else:
            width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
            if self.column + width > self.columns:
                self.column = 0
                self.down()
            line = self.lines[self.row]
            line.extend(" " * (self.column + 1 - len(line)))
            line[self.column] = letter
            self.column += width

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def control(self, sequence):
        if sequence.group(2) is None:
            raise SystemExit("the terminal gets %r" % sequence.group())
        arguments, what = sequence.group(1), sequence.group(2)
        if arguments == "?25":
            self.shown = what == "h"
            return
        number = int(arguments.split(";")[0] or 0) if not arguments.startswith("?") else 0
        line = self.lines[self.row]
        if what == "A":
            # Nothing is above the first line that can be seen.
            self.row = max(self.top(), self.row - max(1, number))
        elif what == "B":
            self.row = min(len(self.lines) - 1, self.row + max(1, number))
        elif what == "C":
            self.column = min(self.columns - 1, self.column + max(1, number))
        elif what == "D":
            self.column = max(0, self.column - max(1, number))
        elif what == "G":
            self.column = max(0, number - 1)
        elif what == "K" and number == 2:
            line.clear()
        elif what == "K" and number == 0:
            del line[self.column :]
        elif what == "J" and number == 0:
            del line[self.column :]
            del self.lines[self.row + 1 :]
        elif what != "m":
            raise SystemExit("the terminal gets %r" % sequence.group())

    def text(self):
        lines = ["".join(line).rstrip() for line in self.lines]
        state = "shown" if self.shown else "hidden"
        return "\n".join(lines) + "\ncursor: %d %d %s\n" % (self.row, self.column, state)


def main():
    arguments, screen = sys.argv[1:], None
    if arguments[0] == "--screen":
        columns, lines = map(int, arguments[1].split("x"))
        screen, arguments = Screen(columns, lines), arguments[2:]
    answers, command = arguments[0].split(","), arguments[1:]
    child, terminal = pty.fork()
    if child == 0:
        # Whoever was started in the background ignores it, and so would this.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if screen:
            size = struct.pack("HHHH", screen.height, screen.columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.execvp(command[0], command)
    seen, whole = b"", b""
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
        if screen is None:
            sys.stdout.buffer.write(some)
        whole += some
        seen += some
        answer, _, cue = answers[0].partition("@")
        if cue.encode() in seen if cue else QUESTION.search(seen):
            if len(answers) > 1:
                answers.pop(0)
            elif cue:
                answers[0] = answer
            os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
            seen = b""
    _, status = os.waitpid(child, 0)
    if screen:
        screen.feed(whole.decode(errors="replace"))
        sys.stdout.write(screen.text())
    sys.stdout.flush()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
