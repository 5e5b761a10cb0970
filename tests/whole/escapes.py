"""Control characters of others' texts never reach the terminal: not in errors, tables, live or plain views, whoever wrote them."""
import os
import pathlib
import pty
import random
import re
import sqlite3
import subprocess
import sys
import tempfile

from pictures import write_png
from program import EDGEWISE, ONE_TRIAL, run

EVIL = "\x1b]0;pwn\x07\x1b[31mred\u009b2J\u202egnp\u2066\u200f\x7f"
YAML = EVIL.replace("\x1b", "\\e").replace("\x07", "\\a").replace("\u009b", "\\x9b").replace("\x7f", "\\x7f")  # inside double quotes
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
problems = []


def judge(what, text, must_show=True):
    found = HARMFUL.findall(text)
    if found:
        problems.append(f"{what}: {sorted(set(map(ascii, found)))} in {ascii(text[:2000])}")
    if must_show and not re.search(r"\\x1b|\\u001b|\\u009b|\\u202e|\\u200f", text):
        problems.append(f"{what}: the name is not shown at all: {ascii(text[:2000])}")


def shown(arguments, root, must_show=True):
    done = subprocess.run([EDGEWISE, *arguments], cwd=root, timeout=300, stdin=subprocess.DEVNULL, capture_output=True)
    judge(" ".join(map(ascii, arguments)), (done.stdout + done.stderr).decode("utf-8"), must_show)
    return done


def on_a_terminal(arguments, root):
    """What a terminal gets on standard output and error."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(root)
        os.execve(EDGEWISE, [EDGEWISE, *arguments], {**os.environ, "TERM": "xterm"})
    text = b""
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        text += got
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return code, text.decode("utf-8", errors="strict").replace("\r\n", "\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        # A job file.
        (root / "wrong.yaml").write_text(f'task: "{YAML}"\n"{YAML}": 1\ndata: builtin:faces\nconstraints: ["{YAML} < 3"]\n')
        shown(["check", "wrong.yaml"], root)
        shown(["search", "wrong.yaml"], root)
        # Names of files, commands and options.
        for arguments in ([EVIL], ["check", EVIL], ["status", EVIL], ["measure", EVIL], ["data", EVIL], ["replay", EVIL], ["optimize", EVIL],
                          ["front", f"--{EVIL}"], ["search", "job.yaml", "--workers", EVIL], ["init", "--file", f"{EVIL}.yaml"]):
            shown(arguments, root)
        # Class folders; bytes that are no UTF-8 among them.
        rng = random.Random(1)
        for name in (EVIL.encode(), b"tea\xff\x9b31m", b"cup"):
            place = root / "pictures" / os.fsdecode(name)
            place.mkdir(parents=True)
            for i in range(12):
                write_png(place / f"{i}.png", 100, rng)
        shown(["data", "pictures"], root)
        shown(["data", "pictures", "--json"], root)
        # A table of others, and an ask-and-tell space.
        (root / "space.yaml").write_text(f'parameters: {{"{YAML}": {{low: 2, high: 1}}}}\nobjectives: {{y: minimize}}\n')
        shown(["optimize", "space.yaml"], root)
        (root / "table.yaml").write_text(f'table: "{YAML}.csv"\n"{YAML}": 1\n')
        shown(["replay", "table.yaml"], root)

        # A study: its name, which is its job file's, on the live view, and what others wrote into it afterwards.
        job = f"{EVIL}.yaml"
        (root / job).write_text(ONE_TRIAL)
        code, text = on_a_terminal(["search", job, "--study", "live.study"], root)
        if code != 0:
            problems.append(f"the search on a terminal ended with {code}: {text[-2000:]}")
        judge("the live view", re.sub(r"\x1b\[\d+A\x1b\[J", "", text))
        shown(["search", job, "--study", "plain.study"], root, must_show=False)
        database = sqlite3.connect(root / "live.study/study.db")
        columns = {row[1] for row in database.execute("PRAGMA table_info(trial)")}
        assert {"state", "reason"} <= columns, columns
        database.execute("UPDATE trial SET state = 'failed', reason = ?", (EVIL,))
        database.commit()
        database.close()
        for command in (["status"], ["status", "--json"], ["front", "--all"], ["front", "--json"], ["report", "--json"]):
            shown([command[0], "live.study", *command[1:]], root)
        code, text = on_a_terminal(["report", "live.study", "--csv"], root)
        judge("CSV on a terminal", text)
        raw = run(["report", "live.study", "--csv"], root)
        if "\x1b]0;pwn" not in raw.stdout:
            problems.append("CSV for a program has the text as it is")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
