"""A study that one may read and not write: status, front, report and export work, and nothing of it changes."""
import json
import os
import pathlib
import subprocess
import tempfile

from program import EDGEWISE, run

PROBLEM = """parameters:
  width: {type: real, low: 0.1, high: 10, log: true}
  layers: {type: integer, low: 1, high: 12}
objectives: {weight: minimize, strength: maximize}
"""
SOMEBODY = 65534
IS_ROOT = os.geteuid() == 0


class Owner:
    """`edgewise optimize`, which writes the study as long as it lives."""

    def __init__(self, root, study):
        self.process = subprocess.Popen([EDGEWISE, "optimize", "problem.yaml", "--study", study], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self, line):
        print(json.dumps(line), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def evaluate(self, count):
        for _ in range(count):
            (trial,) = self.line({"ask": 1})["trials"]
            width, layers = trial["choice"]["width"], trial["choice"]["layers"]
            assert self.line({"tell": trial["id"], "values": {"weight": width * layers, "strength": layers / (1 + width)}}) == {"ok": True}

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


class Reader:
    """Runs edgewise as somebody who may not write to the study: root as another user, all others as they are."""

    def __init__(self, root):
        self.here, self.temporary = root / "here", root / "temporary"
        for folder in (self.here, self.temporary):
            folder.mkdir()
            folder.chmod(0o777)
        self.how = {"env": {**os.environ, "TMPDIR": str(self.temporary)}}
        if IS_ROOT:
            self.how |= {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}

    def run(self, *arguments, cwd=None):
        done = run(list(arguments), cwd or self.here, **self.how)
        assert not list(self.temporary.iterdir()), (arguments, "a copy was left", list(self.temporary.iterdir()))
        return done

    def expect(self, *arguments, cwd=None):
        done = self.run(*arguments, cwd=cwd)
        assert done.returncode == 0 and done.stderr == "", (arguments, done)
        return done.stdout


def lock(study):
    for file in study.iterdir():
        file.chmod(0o444)
    study.chmod(0o555)


def unlock(study):
    study.chmod(0o755)
    for file in study.iterdir():
        file.chmod(0o644)


def contents(study):
    """Readers share the index of the log by its locks; it is no content."""
    return {file.name: None if file.name.endswith("-shm") else file.read_bytes() for file in study.iterdir()}


def trials(reader, study):
    return json.loads(reader.expect("status", study, "--json"))["trials"]


def everything_is_read(root, reader, study, count):
    assert trials(reader, study) == count
    assert f"{count} trials" in reader.expect("status", study)
    assert "strength" in reader.expect("front", study)
    assert len(json.loads(reader.expect("front", study, "--json"))["trials"]) == count
    assert len(json.loads(reader.expect("report", study, "--json"))["trials"]) == count
    assert reader.expect("report", study, "--csv").count("\n") > count
    reader.expect("report", study, "--output", "page.html")
    assert (reader.here / "page.html").read_text().startswith("<!")
    told = reader.expect("report", study)
    assert told == "wrote ./problem.report.html (the study's folder may only be read)\n", told
    assert (reader.here / "problem.report.html").read_bytes() == (reader.here / "page.html").read_bytes()
    (reader.here / "problem.report.html").unlink()
    # There is nothing to export: told by the study, not by the rights.
    done = reader.run("export", study)
    assert done.returncode == 1 and "has no exported model" in done.stderr, done
    reader.expect("study", "export", study, "--optuna", "optuna.db")
    (reader.here / "optuna.db").unlink()
    # Nor may this folder be written.
    shut = root / "shut"
    shut.mkdir(exist_ok=True)
    shut.chmod(0o555)
    done = reader.run("report", study, cwd=shut)
    assert done.returncode == 1 and "problem.report.html" in done.stderr and "--output FILE" in done.stderr, done
    done = reader.run("optimize", str(root / "problem.yaml"), "--study", study)
    assert done.returncode == 1 and "error:" in done.stderr, done


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        (root / "problem.yaml").write_text(PROBLEM)
        reader = Reader(root)
        try:
            able = reader.run("--version")
        except (OSError, subprocess.SubprocessError) as error:
            able = error
        if getattr(able, "returncode", 1) != 0:
            print(f"another user cannot run the program here ({able}): NO TEST RAN HERE")
            return
        study = root / "a?b #1%41.study"

        # While its owner is at work.
        owner = Owner(root, study)
        owner.evaluate(3)
        lock(study)
        everything_is_read(root, reader, str(study), 3)
        owner.evaluate(1)
        assert trials(reader, str(study)) == 4, "what came meanwhile is not seen"

        # Killed: the log is left, with its index, and as a copy by other programs brings it: without.
        owner.kill()
        before = contents(study)
        assert before["study.db-wal"], before.keys()
        everything_is_read(root, reader, str(study), 4)
        assert contents(study) == before
        study.chmod(0o755)
        (study / "study.db-shm").unlink()
        study.chmod(0o555)
        before = contents(study)
        everything_is_read(root, reader, str(study), 4)
        assert contents(study) == before

        # Gone on and closed.
        unlock(study)
        owner = Owner(root, study)
        owner.evaluate(1)
        owner.close()
        assert not (study / "study.db-wal").exists()
        lock(study)
        before = contents(study)
        everything_is_read(root, reader, str(study), 5)
        assert contents(study) == before

        # Who may write goes on as before.
        unlock(study)
        assert run(["report", str(study)], root).stdout == f"wrote {study}/report.html\n"
        print("a study that may only be read was read in every state, and not changed")


main()
