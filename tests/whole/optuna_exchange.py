"""Studies between edgewise and Optuna, both ways, judged by Optuna itself."""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

from program import EDGEWISE, run

try:
    import optuna
except ImportError:
    print("NO TEST RAN HERE: python3-optuna is not installed")
    sys.exit(0)
optuna.logging.set_verbosity(optuna.logging.ERROR)
State = optuna.trial.TrialState

SPACE = """parameters:
  kind: [a, b, "0.5"]
  n: {type: integer, low: 1, high: 64, log: true}
  steps: {type: integer, low: 0, high: 11, step: 2}
  x: {type: real, low: 1e-5, high: 1, log: true}
  extra: {type: real, low: -1, high: 1, when: {kind: [a]}}
objectives: {error: minimize, speed: maximize}
constraints: [latency_ms < 33]
"""


def from_edgewise(folder):
    lines = [json.dumps({"ask": 8})]
    for i in range(5):
        lines.append(json.dumps({"tell": i, "values": {"error": 0.1 + i / 3, "speed": 10.0**i, "latency_ms": 20 + 5 * i}}))
    lines.append(json.dumps({"tell": 5, "failed": "out of memory"}))
    lines.append(json.dumps({"status": True}))
    told = subprocess.run([EDGEWISE, "optimize", "space.yaml", "--strategy", "random", "--study", "mine.study"], cwd=folder, input="\n".join(lines), text=True,
                          capture_output=True, timeout=60, check=True).stdout.splitlines()
    asked = {trial["id"]: trial["choice"] for trial in json.loads(told[0])["trials"]}
    result = run(["study", "export", "mine", "--optuna", "mine.db"], folder)
    assert result.returncode == 0, result.stderr
    assert run(["study", "export", "mine", "--optuna", "mine.db"], folder).returncode == 1, "overwritten unasked"

    study = optuna.load_study(study_name="space", storage=f"sqlite:///{folder}/mine.db", sampler=optuna.samplers.NSGAIISampler(seed=1, population_size=4))
    assert [d.name for d in study.directions] == ["MINIMIZE", "MAXIMIZE"] and study.metric_names == ["error", "speed"]
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(8))
    assert [t.state for t in trials] == [State.COMPLETE] * 5 + [State.FAIL] + [State.RUNNING] * 2
    distributions = optuna.distributions
    for trial in trials:
        assert trial.params == asked[trial.number], (trial.params, asked[trial.number])
        wanted = {"kind": distributions.CategoricalDistribution(["a", "b", "0.5"]), "n": distributions.IntDistribution(1, 64, log=True),
                  "steps": distributions.IntDistribution(0, 10, step=2), "x": distributions.FloatDistribution(1e-5, 1, log=True)}
        if trial.params["kind"] == "a":
            wanted["extra"] = distributions.FloatDistribution(-1, 1)
        assert trial.distributions == wanted
    for i, trial in enumerate(trials[:5]):
        assert trial.values == [0.1 + i / 3, 10.0**i]
        assert (trial.system_attrs["constraints"][0] > 0) == (20 + 5 * i >= 33)
        assert trial.user_attrs["latency_ms"] == 20 + 5 * i
    assert trials[5].user_attrs["edgewise:reason"] == "out of memory"
    assert all(t.system_attrs["constraints"][0] <= 0 for t in study.best_trials)  # Optuna knows the constraints

    def objective(trial):  # it goes on there
        trial.suggest_categorical("kind", ["a", "b", "0.5"])
        return trial.suggest_float("x", 1e-5, 1, log=True), trial.suggest_int("n", 1, 64, log=True)
    study.optimize(objective, n_trials=6)
    assert len(study.get_trials(states=[State.COMPLETE])) == 11


def to_edgewise(folder):
    path = f"sqlite:///{folder}/theirs.db"
    optuna.create_study(storage=path, study_name="other")

    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b", 0.5])
        if kind == "a":
            trial.suggest_float("extra", -1, 1, step=0.25)
        trial.suggest_int("steps", 0, 10, step=2)
        trial.suggest_categorical("unknown", [None, True])
        n = trial.suggest_int("n", 1, 64, log=True)
        x = trial.suggest_float("x", 1e-5, 2 if trial.number == 7 else 1, log=True)
        trial.set_user_attr("latency_ms", 10 + trial.number)
        trial.set_user_attr("note", {"a": [math.nan]})
        if trial.number == 3:
            raise ValueError("broken")
        return (math.inf if trial.number == 4 else x), n
    study = optuna.create_study(storage=path, study_name="theirs", directions=["minimize", "maximize"], sampler=optuna.samplers.TPESampler(seed=5))
    study.optimize(objective, n_trials=12, catch=(ValueError,))
    study.enqueue_trial({"n": 3})

    several = run(["study", "import", "theirs.db", "--space", "space.yaml", "--study", "theirs.study"], folder)
    assert several.returncode == 1 and 'has 2 studies: "other" or "theirs"' in several.stderr, several.stderr
    result = run(["study", "import", "theirs.db", "--name", "theirs", "--space", "space.yaml", "--study", "theirs.study", "--strategy", "random", "--json"], folder)
    assert result.returncode == 0, result.stderr
    wanted = []  # choices that fit
    for trial in study.get_trials():
        if trial.state == State.COMPLETE and trial.values[0] < math.inf and trial.params["x"] <= 1:
            wanted.append(({name: str(value) if name == "kind" else value for name, value in trial.params.items() if name != "unknown"}, trial.values))
    assert "values of parameters that the space does not have were left out" in result.stderr, result.stderr
    assert "1 trial left out that lacked an objective" in result.stderr and "1 trial left out that had not ended" in result.stderr, result.stderr
    shown = json.loads(run(["front", "theirs", "--json"], folder).stdout)
    got = [(t["choice"], [t["values"]["error"], t["values"]["speed"]]) for t in shown["trials"] if t["state"] == "complete"]
    assert [c for c, _ in got] == [c for c, _ in wanted], (got, wanted)
    assert [v for _, v in got] == [v for _, v in wanted]
    assert sum(t["state"] == "rejected" for t in shown["trials"]) == 1  # the one that failed there
    again = subprocess.run([EDGEWISE, "optimize", "space.yaml", "--strategy", "random", "--study", "theirs.study"], cwd=folder, input='{"ask": 1}', text=True,
                           capture_output=True, timeout=60, check=True).stdout
    assert len(json.loads(again)["trials"]) == 1, again


def imported(folder, space, fill, names=("error",), directions=("minimize",), expect=0):
    """A study that `fill` makes, imported: standard error, and its trials by number."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
    (folder / "space.yaml").write_text(space)
    study = optuna.create_study(storage=f"sqlite:///{folder}/o.db", study_name="s", directions=directions)
    if names:
        study.set_metric_names(list(names))
    fill(study)
    result = run(["study", "import", "o.db", "--space", "space.yaml", "--study", "o.study", "--strategy", "random"], folder)
    assert result.returncode == expect, result.stderr
    if expect != 0:
        assert not (folder / "o.study").exists(), "a study was made"
        return result.stderr, folder
    return result.stderr, folder


def add(study, params, choices, value, **more):
    values = {"values": value} if isinstance(value, list) else {"value": value}
    study.add_trial(optuna.trial.create_trial(params=params, distributions=choices, **values, **more))


def front(folder):
    return [trial["id"] for trial in json.loads(run(["front", "o", "--json"], folder).stdout)["trials"] if trial["front"]]


def kinds(folder):
    """None, booleans, whole numbers, floats and texts go over and come back."""
    space = "parameters:\n  act: {act}\n  bn: {bn}\n  batch: {batch}\nobjectives: {{error: minimize}}\n"
    choices = {"act": optuna.distributions.CategoricalDistribution([None, "relu"]), "bn": optuna.distributions.CategoricalDistribution([True, False]),
               "batch": optuna.distributions.CategoricalDistribution([16, 0.5, "16"])}
    all_params = [{"act": act, "bn": bn, "batch": batch} for act in (None, "relu") for bn in (True, False) for batch in (16, 0.5, "16")]

    def fill(study):
        for k, params in enumerate(all_params):
            add(study, params, choices, float(k))
    for act, bn, batch, is_exact in (("[null, relu]", "[true, false]", "[16, 0.5, '16']", True), ("[None, relu]", "[True, False]", "[16, 0.5, '16']", False)):
        told, there = imported(folder, space.format(act=act, bn=bn, batch=batch), fill)
        assert "left out" not in told, told
        asked = subprocess.run([EDGEWISE, "optimize", "space.yaml", "--strategy", "random", "--study", "o.study"], cwd=there, input='{"front": true}', text=True,
                               capture_output=True, timeout=60, check=True).stdout
        assert json.loads(asked)["front"][0]["choice"] == {"act": None if is_exact else "None", "bn": True, "batch": 16}, asked
        shown = json.loads(run(["front", "o", "--json"], there).stdout)["trials"]
        assert repr([t["choice"]["bn"] for t in shown[:4]]) == "[True, True, True, False]", shown[:4]
        assert repr([t["choice"]["batch"] for t in shown[:3]]) == "[16, 0.5, '16']", shown[:3]
        assert run(["study", "export", "o", "--optuna", "back.db"], there).returncode == 0
        back = optuna.load_study(study_name="space", storage=f"sqlite:///{there}/back.db").get_trials()
        wanted = [{**p, "act": p["act"] if is_exact or p["act"] else "None"} for p in all_params]
        assert [repr(sorted(t.params.items())) for t in back] == [repr(sorted(p.items())) for p in wanted], [t.params for t in back]
    told, _ = imported(folder, space.format(act="[tanh, gelu]", bn="[true]", batch="[16]"), fill, expect=1)
    assert 'none of the 12 trials of "o.db" can be used' in told and 'must be one of "tanh" or "gelu"' in told, told
    told, _ = imported(folder, space.format(act="[null]", bn="[true]", batch="[16]"), lambda study: None, expect=1)
    assert '"o.db" has no trials' in told, told


def feasibility(folder):
    """Optuna's constraints, NaN and missing values, and directions."""
    x = {"x": optuna.distributions.FloatDistribution(0, 1)}
    space = "parameters:\n  x: {type: real, low: 0, high: 1}\n"
    best = []

    def fill(study):
        for value, constraints in ((0.1, [0.5]), (0.5, [-1, 0.1]), (0.9, [-0.3, 0]), (0.2, [math.nan]), (0.95, None)):
            add(study, {"x": value}, x, [value, 1 - value], system_attrs={"constraints": constraints} if constraints else {})
        best.extend(t.number for t in study.best_trials)
    told, there = imported(folder, space + "objectives: {error: minimize, size: minimize}\n", fill, ("error", "size"), ("minimize", "minimize"))
    assert "4 trials broke a constraint there that is not named here, or lacked its value" in told, told
    assert sorted(front(there)) == sorted(best) == [2], (front(there), best)

    def fill_latencies(study):
        for value, latency in ((0.8, 50.0), (0.7, 20.0), (0.9, math.nan), (0.95, None)):
            add(study, {"x": value}, x, value, user_attrs={} if latency is None else {"latency_ms": latency}, system_attrs={"constraints": [1]} if latency == 50 else {})
    told, there = imported(folder, space + "objectives: {accuracy: maximize}\nconstraints: [latency_ms < 33]\n", fill_latencies, None, ("maximize",))
    assert "2 trials left out that lacked a value which a constraint needs" in told and "not named here" not in told, told
    assert front(there) == [1], front(there)
    told, _ = imported(folder, space + "objectives: {accuracy: minimize}\n", fill_latencies, ("accuracy",), ("maximize",), expect=1)
    assert 'has "accuracy" as MAXIMIZE, here it is MINIMIZE' in told, told


with tempfile.TemporaryDirectory() as name:
    kinds(name)
    feasibility(name)
    (pathlib.Path(name) / "space.yaml").write_text(SPACE)
    from_edgewise(name)
    to_edgewise(name)
