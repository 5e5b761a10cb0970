"""`edgewise export` gives the file that was measured, or an error: never one that was damaged since, and none from outside of the study."""
import json
import pathlib
import shutil
import sqlite3
import tempfile

from program import ONE_TRIAL, run


def change(root, sql, *values):
    with sqlite3.connect(root / "job.study/study.db") as database:
        database.execute(sql, values)
    database.close()


def exported(root, *options):
    return run(["export", "job.study", "--output", "out.onnx", *options], root)


def refused(root, words):
    done = exported(root)
    assert done.returncode == 1 and done.stdout == "" and words in done.stderr, (words, done)
    assert not (root / "out.onnx").exists(), words
    return done.stderr


def given(root, content):
    done = exported(root)
    assert done.returncode == 0, done
    assert (root / "out.onnx").read_bytes() == content
    (root / "out.onnx").unlink()


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "job.yaml").write_text(ONE_TRIAL)
        done = run(["search", "job.yaml", "--quiet"], root, 300)
        assert done.returncode == 0, done
        model = root / "job.study/trials/000000/model.onnx"
        whole = model.read_bytes()
        given(root, whole)

        model.write_bytes(whole[:100])
        told = refused(root, f"the model of trial 0 is damaged: it has 100 bytes, {len(whole)} were measured")
        assert "edgewise train JOB.yaml --from job.study --pick 0" in told and "copy of the study" in told, told
        # An older file is as good as another one: nothing is overwritten by what is refused.
        (root / "out.onnx").write_text("mine")
        assert exported(root, "--force").returncode == 1 and (root / "out.onnx").read_text() == "mine"
        (root / "out.onnx").unlink()

        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        model.write_bytes(flipped)
        refused(root, "the model of trial 0 is damaged: its content is not what was measured (sha256)")

        model.unlink()
        assert "000000/model.onnx" in refused(root, "the model of trial 0 is missing")

        # Links: out of the study, even to the right file; within it is as good as the file.
        (root / "elsewhere.onnx").write_bytes(whole)
        model.symlink_to(root / "elsewhere.onnx")
        refused(root, "the model of trial 0 is not within the study's folder")
        model.unlink()
        (model.parent / "kept.onnx").write_bytes(whole)
        model.symlink_to("kept.onnx")
        given(root, whole)
        model.unlink()
        model.write_bytes(whole)

        # As an earlier edgewise recorded it: by its path and its size alone.
        (recorded,), = sqlite3.connect(root / "job.study/study.db").execute("SELECT artifacts FROM result")
        change(root, "UPDATE result SET artifacts = ?", json.dumps([{"kind": "onnx", "path": json.loads(recorded)[0]["path"]}]))
        given(root, whole)
        model.write_bytes(whole[:100])
        refused(root, f"it has 100 bytes, {len(whole)} were measured")
        model.write_bytes(whole)

        # As somebody made it who means harm.
        for path in ("/etc/passwd", "../elsewhere.onnx", "trials/../../elsewhere.onnx"):
            change(root, "UPDATE result SET artifacts = ?", json.dumps([{"kind": "onnx", "path": path}]))
            refused(root, "is not within the study's folder")
        change(root, "UPDATE result SET artifacts = ?", recorded)
        change(root, "UPDATE study SET name = '../harm'")
        (root / "here").mkdir()
        done = run(["export", "../job.study"], root / "here")
        assert done.returncode == 0 and [file.name for file in (root / "here").iterdir()] == [".._harm-0.onnx"], done
        assert not list(root.glob("harm*"))
        shutil.rmtree(root / "here")
        print("the measured file was exported, and nothing else")


main()
