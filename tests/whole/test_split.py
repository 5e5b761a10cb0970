"""The test split is judged once, when a search has ended, for the front alone, and chooses nothing.

The test pictures are labelled the wrong way round: a network that is right on validation is wrong on all of them. A study does not go on
when the pictures that judge its trials have changed.
"""
import json
import pathlib
import random
import sys
import tempfile

from pictures import write_png
from program import run

JOB = """task: classification
data: {path: pictures, format: folder, input: 32, splits: {train: train.txt, validation: validation.txt, test: test.txt}}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5], learning_rate: [0.001]}
objectives: {accuracy: maximize, parameters: minimize}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 8, epochs: 12, augment: {colour: 0}}
search: {strategy: grid}
"""


def make_pictures(root):
    rng = random.Random(1)
    for split, count in (("train", 48), ("validation", 24), ("test", 24)):
        names = []
        for i in range(count):
            label = ("bright", "dark")[i % 2]
            looks_bright = (label == "bright") != (split == "test")
            path = root / label / f"{split}{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(path, 190 if looks_bright else 60, rng)
            names.append(f"{label}/{path.name}")
        (root / f"{split}.txt").write_text("\n".join(names) + "\n")


def main():
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        make_pictures(root / "pictures")
        (root / "job.yaml").write_text(JOB)
        first = run(["search", "job.yaml"], folder, timeout=280)
        if first.returncode != 0:
            print(first.stderr)
            return 1
        kept = root / "job.study" / "test.json"
        if not kept.exists():
            print(f"no test.json in {[entry.name for entry in (root / 'job.study').iterdir()]}")
            return 1
        judged = json.loads(kept.read_text())
        report = json.loads(run(["report", "job", "--json"], folder).stdout)
        if set(judged) != {str(trial) for trial in report["front"]}:
            problems.append(f"judged were {sorted(judged)}, the front is {report['front']}")
        if report.get("test") != judged:
            problems.append("the report does not hold what the test split showed")
        for trial in report["trials"]:
            if str(trial["id"]) not in judged:
                continue
            validation, test = trial["results"][-1]["values"]["accuracy"], judged[str(trial["id"])]["accuracy"]
            print(f"trial {trial['id']}: accuracy {validation:.3f} on validation, {test:.3f} on the test split")
            if validation < 0.8 or test > 0.3:  # guessing gives 0.5 on both
                problems.append(f"trial {trial['id']}: {validation} on validation and {test} on the reversed test split")
        before = kept.stat().st_mtime_ns
        again = run(["search", "job.yaml"], folder, timeout=120)
        if again.returncode != 0 or kept.stat().st_mtime_ns != before:
            problems.append("the test split was judged again")

        # A search whose budget is spent has ended too.
        (root / "short.yaml").write_text(JOB.replace("search: {strategy: grid}", "search: {strategy: random, trials: 9}\nbudget: {trials: 1}"))
        short = run(["search", "short.yaml", "--json"], folder, timeout=280)
        ending, judged = json.loads(short.stdout)["ending"], root / "short.study" / "test.json"
        if ending != "budget spent" or not judged.exists() or len(json.loads(judged.read_text())) != 1:
            problems.append(f"a search that ended as \"{ending}\" was not judged on the test split: {short.stderr}")

        validation = root / "pictures" / "validation.txt"
        validation.write_text(validation.read_text().split("\n", 1)[1])
        changed = run(["search", "job.yaml"], folder, timeout=120)
        if changed.returncode != 1 or "have changed since the study" not in changed.stderr:
            problems.append(f"trials judged by other pictures were taken for comparable: {changed.stderr}")
    print("\n".join(problems) if problems else "judged once, for the front alone")
    return 1 if problems else 0


sys.exit(main())
