"""`edgewise optimize` as other programs see it: the example of the docs, and a program that is killed and goes on."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from program import EDGEWISE, HERE

EXAMPLES = HERE.parent.parent / "docs/examples"


class Engine:
    def __init__(self, *options):
        self.process = subprocess.Popen([EDGEWISE, "optimize", EXAMPLES / "optimize.yaml", "--seed", "3", *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.wait()


def the_example_runs():
    outputs = [subprocess.run([sys.executable, EXAMPLES / "optimize.py", EDGEWISE], capture_output=True, text=True, timeout=120, check=True).stdout for _ in range(2)]
    assert outputs[0] == outputs[1], "two runs differ"
    points = [(float(words[1]), float(words[3])) for words in (line.split() for line in outputs[0].splitlines())]
    assert len(points) >= 3, outputs[0]
    assert all(weight < 40 for weight, _ in points)
    assert not any(a[0] <= b[0] and a[1] >= b[1] and a != b for a in points for b in points), "a point of the front is dominated"


def values(choice):
    return {"weight": choice["width"] * choice["layers"], "strength": choice["layers"] / (1 + choice["width"])}


def conversation(folder, kills):
    """Choices of 30 trials, asked two at a time; killed after a request whenever `kills` says so. What was asked and lost is taken from the status."""
    engine, choices, opened = Engine("--study", folder), {}, []
    while len(choices) < 30 or opened:
        if kills.random() < 0.3:
            engine.kill()
            engine = Engine("--study", folder)
            opened = engine.ask('{"status": true}')["open"]
        if not opened:
            print(json.dumps({"ask": 2}), file=engine.process.stdin, flush=True)
            if kills.random() < 0.2:
                engine.kill()  # before, within or after the answer
                engine = Engine("--study", folder)
                opened = engine.ask('{"status": true}')["open"]
                if not opened:
                    continue
            else:
                opened = json.loads(engine.process.stdout.readline())["trials"]
        for trial in opened:
            choices[trial["id"]] = trial["choice"]
        trial = opened.pop(0)
        assert engine.ask(json.dumps({"tell": trial["id"], "values": values(trial["choice"])})) == {"ok": True}
    engine.kill()
    return choices


def a_killed_program_goes_on_exactly():
    class Never:
        @staticmethod
        def random():
            return 1.0
    with tempfile.TemporaryDirectory() as folder:
        wanted = conversation(pathlib.Path(folder) / "one.study", Never)
        for seed in range(4):
            got = conversation(pathlib.Path(folder) / f"{seed}.study", random.Random(seed))
            assert got == wanted, f"seed {seed}: {got} is not {wanted}"


def mistakes_are_told_at_the_start():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "wrong.yaml"
        path.write_text("parameters:\n  a: {type: real, low: 2, high: 1}\nobjectives: {y: minimise}\n")
        result = subprocess.run([EDGEWISE, "optimize", path], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert result.returncode == 1 and result.stdout == "", result
        assert "wrong.yaml:2:6" in result.stderr and "did you mean \"minimize\"?" in result.stderr and "2 mistakes in all" in result.stderr, result.stderr


the_example_runs()
a_killed_program_goes_on_exactly()
mistakes_are_told_at_the_start()
