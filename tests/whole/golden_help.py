"""`--help` of every command, word by word; each opens with an example."""
import sys
import tempfile

from program import compare, run

COMMANDS = ["", "init", "check", "data", "space", "space show", "space check", "space blocks", "search", "train", "pretrain", "status", "front", "report", "export", "measure", "replay", "optimize", "study",
            "study export", "study import", "demo"]

text, wrong = "", []
with tempfile.TemporaryDirectory() as folder:
    for command in COMMANDS:
        result = run([*command.split(), "--help"], folder)
        if result.returncode != 0 or "example: edgewise" not in result.stdout:
            wrong.append(command or "edgewise")
        text += f"$ edgewise {command + ' ' if command else ''}--help\n{result.stdout}\n"
print("commands without an example:", wrong)
sys.exit(0 if compare("help.txt", text) and not wrong else 1)
