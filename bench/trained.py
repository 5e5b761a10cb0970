#!/usr/bin/env python3
"""Trained comparisons: what the switches of training, starting weights and spaces are worth on real pictures.

    bench/trained.py recipe|pretraining|gain|fronts [--bin build/release/bin] [--work build/trained] [--data ../shared/data] [--seeds 3]

Every run is a study in the work folder, with a job of its own: a run that was ended goes on, one that is done is read. The best epoch is chosen on a
fifth of the training part; the set's validation part is the test split, which edgewise judges once, when a run has ended. Writes
docs/results/spaces/NAME.json and NAME.md.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess

import machine

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "docs/results/spaces"


def presence(arguments, name):
    """Job fields of the presence of an animal or a person, the Visual-Wake-Words way."""
    folder = arguments.data / "voc2012_animals"
    lists = folder / "ImageSets/Main"
    return {"task": "classification",
            "data": {"path": str(folder), "presence": name, "input": 96, "validation_share": 0.2,
                     "splits": {"train": str(lists / "train.txt"), "test": str(lists / "val.txt")}},
            "objectives": {"balanced_accuracy": "maximize", "latency_ms": "minimize"}, "device": {"max_seconds": 1.0, "min_runs": 30},
            "train": {"batch": 32, "learning_rate": 0.002}}


def merged(base, change):
    result = dict(base)
    for key, value in change.items():
        result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


class Runs:
    """Runs edgewise on jobs, each once."""

    def __init__(self, arguments, experiment):
        self.edgewise = f"{arguments.bin}/edgewise"
        self.folder = arguments.work / experiment
        self.folder.mkdir(parents=True, exist_ok=True)

    def report(self, name, job, *command):
        """The study's report after `edgewise COMMAND JOB ...`. JSON is YAML."""
        study, done = self.folder / f"{name}.study", self.folder / f"{name}.done"
        file = self.folder / f"{name}.yaml"
        if not done.exists():
            file.write_text(json.dumps(job, indent=1))
            subprocess.run([self.edgewise, command[0], str(file), *command[1:], "--study", str(study), "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)
            done.touch()
        shown = subprocess.run([self.edgewise, "report", str(study), "--json"], check=True, capture_output=True, text=True)
        return json.loads(shown.stdout)

    def one(self, name, job, *command):
        """What one trained network gave: validation and test metrics, costs, its curve."""
        report = self.report(name, job, *(command or ("search", "--workers", "1")))
        trial = report["trials"][0]
        tests = report.get("test") or {}
        return {"values": trial["values"], "test": tests.get(str(trial["id"]), {}), "curve": trial["curve"]}


def grouped(rows, keys, values):
    """One row for each combination of `keys`, in the order of the first ones, with the spread of `values` over the seeds."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [{**dict(zip(keys, group)), **{value: spread(row[value] for row in mine) for value in values}} for group, mine in groups.items()]


def cell(value):
    if not isinstance(value, dict):
        return str(value)
    return f"{value['mean']:.3f} ± {value['deviation']:.3f}" if value["deviation"] is not None else f"{value['mean']:.3f}"


def write(name, rows, figures, sentence, arguments):
    command = f"tools/env python3 bench/trained.py {name}" + (f" --hours {arguments.hours} --sets {' '.join(arguments.sets)}" if name == "fronts" else "")
    has_seeds = any(isinstance(value, dict) for value in rows[0].values())
    seeds = f"{arguments.seeds} seeds: mean and standard deviation." if has_seeds else "One seed."
    columns = list(rows[0])
    lines = [f"# {name}", "", f"Made by `{command}` on {machine.sentence()}, beside other work. {sentence} {seeds}", "",
             "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell(row[column]) for column in columns) + " |" for row in rows]
    (OUT / f"{name}.md").write_text("\n".join(lines) + "\n")
    machine.store(OUT / f"{name}.json", {"command": command, "machine": machine.describe(), "figures": figures, "rows": rows})


def spread(values):
    values = list(values)
    return {"mean": round(statistics.fmean(values), 4), "deviation": round(statistics.stdev(values), 4) if len(values) > 1 else None, "values":
            [round(value, 4) for value in values]}


# The backbone of the published ShuffleNetV2 that ../shared/data/models has ImageNet's weights for.
SHUFFLENET = """space: published_shufflenet
parameters:
  net: {values: [one]}
network:
  - conv_norm: {out: 24, kernel: 3, stride: 2}
    name: conv1
  - max_pool: {kernel: 3, stride: 2, padding: 1}
    name: maxpool
  - repeat: 3
    as: stage
    name: stage{stage + 1}
    do:
      - repeat: "if(stage == 2, 8, 4)"
        do:
          - shuffle_unit: {out: "48 * 2 ^ (stage - 1)", stride: "if(i == 1, 2, 1)", shuffle: before}
            name: "{i - 1}"
  - conv_norm: {out: 256}
    name: conv5
"""


def from_imagenet(arguments, runs):
    """Job fields of that network, which starts from those weights."""
    space = runs.folder / "published_shufflenet.yaml"
    space.write_text(SHUFFLENET)
    weights = arguments.data / "models/shufflenetv2_x0_imagenet.pth"
    return {"space": {"family": str(space)}, "search": {"strategy": "grid"}, "train": {"weights": {"path": str(weights), "fit": "shape"}}}


# The switches of training, each alone, then those that helped together.
VARIANTS = {
    "as it was": {},
    "average 0.1": {"average": 0.1},
    "label_smoothing 0.1": {"label_smoothing": 0.1},
    "class_weights balanced": {"class_weights": "balanced"},
    "mixup 0.2": {"mixup": 0.2},
    "cutmix 1": {"cutmix": 1.0},
    "augment.random 2": {"augment": {"random": 2}},
    "augment.erase 0.25": {"augment": {"erase": 0.25}},
}


def recipe(arguments):
    runs = Runs(arguments, "recipe")
    rows = []
    for seed in range(1, arguments.seeds + 1):
        for name, change in VARIANTS.items():
            job = merged(presence(arguments, "dog"), from_imagenet(arguments, runs))
            job = merged(job, {"seed": seed, "train": {"epochs": 12, "learning_rate": 0.001, **change}})
            run = runs.one(f"{name.replace(' ', '_')}-{seed}", job)
            rows.append({"variant": name, "seed": seed, "validation": run["values"]["balanced_accuracy"], "test": run["test"].get("balanced_accuracy"),
                         "last": statistics.fmean(point["metrics"]["balanced_accuracy"] for point in run["curve"][-3:])})
            print(rows[-1], flush=True)
    table = grouped(rows, ["variant"], ["validation", "last", "test"])
    average = next(row for row in table if row["variant"] == "average 0.1")  # of all switches the one that gained most where epochs are chosen
    figures = [{"name": f"average 0.1: gain on {part}", "value": round(average[part]["mean"] - table[0][part]["mean"], 4), "goal": 0.0,
                "better": "higher", "unit": "share"} for part in ("validation", "test")]
    return table, figures, (
        "The switches of training, each alone: presence of a dog (`voc2012_animals`), ShuffleNetV2 of 48, 96 and 192 channels that starts from "
        "ImageNet's weights (`fit: shape`), 96x96, 12 epochs. Balanced accuracy of the best epoch on a fifth of the training part, mean of the last "
        "three epochs on it, and on the set's own validation part.")


def faces(arguments):
    """Job fields of one box around the face."""
    folder = arguments.data / "face_mask_voc"
    lists = folder / "ImageSets/Main"
    return {"task": "box",
            "data": {"path": str(folder), "format": "voc", "input": 64, "validation_share": 0.2,
                     "splits": {"train": str(lists / "single_train.txt"), "test": str(lists / "single_val.txt")}},
            "objectives": {"iou": "maximize", "latency_ms": "minimize"}, "device": {"max_seconds": 1.0},
            "train": {"batch": 32, "learning_rate": 0.002}}


EPOCHS = (5, 10, 20)


def pretraining(arguments):
    """MobileNetV2 x0.35 with weights of `edgewise pretrain` and without, on small pictures of ten classes."""
    runs = Runs(arguments, "pretraining")
    start = runs.folder / "start.safetensors"
    if not start.exists():
        job = merged(faces(arguments), {"train": {"epochs": 15}})
        (runs.folder / "first.yaml").write_text(json.dumps(job, indent=1))
        subprocess.run([runs.edgewise, "pretrain", str(runs.folder / "first.yaml"), "--network", "mobilenet_v2_035", "--data",
                        str(arguments.data / "cifar10_subset"), "--output", str(start), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    rows = []
    for seed in range(1, arguments.seeds + 1):
        for task, job, metric in (("person", merged(presence(arguments, "person"), {"data": {"input": 64}, "train": {"class_weights": "balanced"}}),
                                   "balanced_accuracy"), ("faces", faces(arguments), "iou")):
            for way, weights in (("random weights", {}), ("pretrained", {"weights": {"path": str(start), "fit": "partial"}})):
                run = runs.one(f"{task}-{way.split()[0]}-{seed}", merged(job, {"seed": seed, "train": {"epochs": max(EPOCHS), **weights}}), "train",
                               "--network", "mobilenet_v2_035")
                best = [max(point["metrics"][metric] for point in run["curve"][:epochs]) for epochs in EPOCHS]
                rows.append({"task": task, "start": way, "seed": seed, "test": run["test"].get(metric),
                             **{f"epoch {epochs}": value for epochs, value in zip(EPOCHS, best)}})
                print(rows[-1], flush=True)
    kinds = [f"epoch {epochs}" for epochs in EPOCHS]
    table = grouped(rows, ["task", "start"], kinds + ["test"])
    figures = []
    for task in ("person", "faces"):
        before, after = (next(row for row in table if row["task"] == task and row["start"] == way) for way in ("random weights", "pretrained"))
        for kind in kinds + ["test"]:
            figures.append({"name": f"{task}, {kind}: pretrained less random weights", "value": round(after[kind]["mean"] - before[kind]["mean"], 4),
                            "goal": 0.0, "better": "higher", "unit": "share"})
    return table, figures, (
        "MobileNetV2 x0.35 at 64x64 with starting weights and without. `edgewise pretrain --network mobilenet_v2_035 --data cifar10_subset --epochs 15` "
        "made them (4,000 pictures of ten classes, 32x32). Person: presence in `voc2012_animals`, balanced accuracy; faces: one box on `face_mask_voc`, "
        "mean IoU. Best so far on a fifth of the training part after 5, 10 and 20 of 20 epochs, and on the set's own validation part at the end.")


def folder_of_classes(arguments, name, edge):
    """Job fields of a set whose folders are classes; its validation part is the test split, validation a fifth of the training part."""
    folder = arguments.data / name
    return {"task": "classification",
            "data": {"path": str(folder), "format": "folder", "input": edge, "validation_share": 0.2,
                     "splits": {"train": str(folder / "train.txt"), "test": str(folder / "val.txt")}},
            "objectives": {"accuracy": "maximize", "latency_ms": "minimize"}, "device": {"max_seconds": 0.5},
            "train": {"batch": 32, "learning_rate": 0.003}}


SETS = (("rsscn7", 64), ("cifar10_subset", 32))
SMALL_RESNET = {"stages": 3, "blocks1": 2, "blocks2": 2, "blocks3": 2, "block": "basic", "kernel_size": 3, "stem_kernel_size": 3, "stem_stride": 2,
                "filters": 16, "width_growth": 2}
RECIPES = {"as it was": {}, "average": {"average": 0.1},
           "average, smoothing, random, cutmix": {"average": 0.1, "label_smoothing": 0.1, "augment": {"random": 2}, "cutmix": 1.0}}
LENGTHS = (15,)


def gain(arguments):
    """One small ResNet from random weights under some recipes."""
    runs = Runs(arguments, "gain")
    rows = []
    for epochs in LENGTHS:
        for seed in range(1, arguments.seeds + 1):
            for name, edge in SETS:
                for recipe_name, change in RECIPES.items():
                    job = merged(folder_of_classes(arguments, name, edge), {"seed": seed, "space": {"family": "resnet"}, "train": {"epochs": epochs, **change}})
                    choice = {**SMALL_RESNET, "input_size": edge}
                    run = runs.one(f"{name}-{epochs}-{recipe_name.replace(', ', '_').replace(' ', '_')}-{seed}", job, "train", "--set",
                                   *(f"{key}={value}" for key, value in choice.items()))
                    rows.append({"set": name, "epochs": epochs, "recipe": recipe_name, "seed": seed, "validation": run["values"]["accuracy"],
                                 "test": run["test"].get("accuracy")})
                    print(rows[-1], flush=True)
    table = grouped(rows, ["set", "epochs", "recipe"], ["validation", "test"])
    figures = []
    for name, _ in SETS:
        for epochs in LENGTHS:
            plain = next(row for row in table if (row["set"], row["epochs"], row["recipe"]) == (name, epochs, "as it was"))
            others = [row for row in table if (row["set"], row["epochs"]) == (name, epochs) and row is not plain]
            best = max(others, key=lambda row: row["validation"]["mean"])
            figures.append({"name": f"{name}, {epochs} epochs, {best['recipe']}: gain on test", "value":
                            round(best["test"]["mean"] - plain["test"]["mean"], 4), "goal": 0.0, "better": "higher", "unit": "share"})
    return table, figures, ("A ResNet of three stages (16, 32, 64 channels, two basic blocks each) from random weights under some recipes. Accuracy of the "
                            "best epoch on a fifth of the training part, and on the set's own validation part.")


SPACES = ("mobilenetv3", "resnet", "backbones")


def fronts(arguments):
    """Three spaces on two sets, the same time for each."""
    runs = Runs(arguments, "fronts")
    rows = []
    sets = [(name, edge) for name, edge in SETS if name in arguments.sets]
    for name, edge in sets:
        for space in SPACES:
            job = merged(folder_of_classes(arguments, name, edge),
                         {"space": {"family": space}, "train": {"epochs": 12, "average": 0.1}, "search": {"strategy": "asha", "trials": 400},
                          "budget": {"hours": arguments.hours}})
            report = runs.report(f"{name}-{space}", job, "search", "--workers", "2")
            for trial in report["trials"]:
                tested = (report.get("test") or {}).get(str(trial["id"]))
                if tested:
                    rows.append({"set": name, "space": space, "trial": trial["id"], "epochs": trial["epochs"], "choice": trial["choice"],
                                 "validation": trial["values"]["accuracy"], "test": tested["accuracy"], "latency_ms": trial["values"]["latency_ms"],
                                 "parameters": trial["values"]["parameters"]})
                    print({key: rows[-1][key] for key in ("set", "space", "epochs", "validation", "test", "latency_ms", "parameters")}, flush=True)
    rows.sort(key=lambda row: (row["set"], row["space"], row["latency_ms"]))
    figures = []
    for name, _ in sets:
        volumes = {space: covered([row for row in rows if (row["set"], row["space"]) == (name, space)],
                                  [row for row in rows if row["set"] == name]) for space in SPACES}
        for space in SPACES[1:]:
            figures.append({"name": f"{name}: share of the plane that {SPACES[0]}'s front covers, less that of {space}",
                            "value": round(volumes[SPACES[0]] - volumes[space], 4), "goal": 0.0, "better": "higher", "unit": "share"})
    shown = [{key: round(row[key], 4) if isinstance(row[key], float) else row[key]
              for key in ("set", "space", "trial", "epochs", "validation", "test", "latency_ms", "parameters")} for row in rows]
    return shown, figures, (
        f"Three spaces, {60 * arguments.hours:.0f} minutes each with two workers (`asha`, at most 12 epochs, a running average of the weights): the networks of "
        "each front. The figures compare what the fronts cover of test accuracy (from that of the worst network to 1) and the logarithm of latency (to "
        "the slowest network).")


def covered(front, everyone):
    """Share of the plane of test accuracy and the logarithm of latency that a front covers."""
    slowest, fastest = (math.log(pick(row["latency_ms"] for row in everyone)) for pick in (max, min))
    worst = min(row["test"] for row in everyone)
    area, best = 0.0, worst
    points = sorted((math.log(row["latency_ms"]), row["test"]) for row in front)
    for latency, accuracy in points:
        if accuracy > best:
            area += (slowest - latency) * (accuracy - best)
            best = accuracy
    return area / max(1e-9, (slowest - fastest) * (1 - worst))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment", choices=["recipe", "pretraining", "gain", "fronts"])
    parser.add_argument("--bin", default=str(TOP / "build/release/bin"))
    parser.add_argument("--work", type=pathlib.Path, default=TOP / "build/trained")
    parser.add_argument("--data", type=pathlib.Path, default=TOP.parent / "shared/data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--hours", type=float, default=0.13, help="of each search of `fronts`")
    parser.add_argument("--sets", nargs="+", default=[name for name, _ in SETS], help="of `fronts`")
    arguments = parser.parse_args()
    rows, figures, sentence = globals()[arguments.experiment](arguments)
    write(arguments.experiment, rows, figures, sentence, arguments)


if __name__ == "__main__":
    main()
