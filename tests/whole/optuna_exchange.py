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


with tempfile.TemporaryDirectory() as name:
    (pathlib.Path(name) / "space.yaml").write_text(SPACE)
    from_edgewise(name)
    to_edgewise(name)
