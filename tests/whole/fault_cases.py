"""Small inputs on which the product once failed by a fault: kills, disks, damaged files, moved projects.

They lie in a folder of cases (EDGEWISE_CASES, or ../shared/cases beside the checkout), one folder each; without them nothing is tried. What the tests
of this project assert on inputs of their own, this looks at once more on those. bench/cases.py does the same for all other kinds of cases.
"""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

import faults
from fault_machine import pictures
from fault_row import NotHere, Told, as_stranger, cost_of, finish, has_models, interrupt, message, remount, row, small_disk, through, until
from fault_studies import beside_a_stopped_one, notices
from pictures import write_png

CASES_GROUP = "cases"
CASES = pathlib.Path(os.environ.get("EDGEWISE_CASES", pathlib.Path(__file__).resolve().parents[3] / "shared" / "cases"))


def case(function):
    """A function of a Bench and the case's folder, copied to a place of its own."""
    name = function.__name__.replace("_", "-")

    def run(bench):
        if not (CASES / name).is_dir():
            raise NotHere("the folder of cases is not here")
        place = bench.place / "here"
        shutil.copytree(CASES / name, place)
        return function(bench, place)
    row(CASES_GROUP, name)(run)
    return function


def searching(bench, place, **more):
    """A search of the case's own job."""
    return faults.Search(bench.bin, place, (place / "job.yaml").read_text(), **more)


def killed_after(search, models):
    process = search.start()
    until(search, process, has_models(search, models), f"{models} networks were exported")
    process.kill()
    search.wait(process)
    search.alive_after()


def results(report):
    """Of each trial what its training gave, without what was measured."""
    return [(trial["choice"], trial["state"], [(point["epoch"], point["validation_loss"]) for point in trial["curve"]],
             [faults.unmoved.without_time(result["values"]) for result in trial["results"]]) for trial in report["trials"]]


@case
def attack_checkpoint_damaged(bench, place):
    search, told = searching(bench, place), Told()
    killed_after(search, 2)
    damaged = list(search.place.glob("trials/*/checkpoint"))
    for file in damaged:
        with open(file, "r+b") as opened:
            opened.seek(5000)
            opened.write(b"XXXXXXXX")
    told.exit = search.search()
    lines = [line.strip() for line in search.said().splitlines() if "checkpoint" in line]
    told.said = lines[0] if lines else faults.last_words(search)
    told.expect(damaged, "there was no checkpoint to damage")
    told.expect(told.exit == 0, f"exit {told.exit}")
    told.expect(any("damaged" in line or "checksum" in line for line in lines), "the search does not say that a checkpoint is damaged")
    marked = [trial["id"] for trial in search.report()["trials"] if any("started_over" in result["details"] for result in trial["results"])]
    told.expect(marked, "no trial of the report says that it was trained anew")
    told.cost = f"{len(damaged)} trials are trained anew" if marked else "unsaid"
    finish(search, 4, told)
    return told


@case
def attack_checkpoints_of_an_older_study(bench, place):
    search, told = searching(bench, place), Told()
    killed_after(search, 3)
    for file in search.place.glob("study.db*"):
        file.unlink()
    other = search.text.replace("count: 80", "count: 80, seed: 5").replace("seed: 7", "seed: 99").replace(
        "{epochs: 2, keep: 2}, {epochs: 4}", "{epochs: 4, keep: 2}, {epochs: 5}")
    told.expect(other != search.text, "the case's job is another one")
    clean = faults.Search(bench.bin, bench.place / "clean", other)
    told.expect(clean.search() == 0, "the clean search failed")
    (place / "job.yaml").write_text(other)
    told.exit, told.said = search.search(), faults.last_words(search)
    if told.exit == 0:
        told.expect(results(search.report()) == results(clean.report()), "old checkpoints were taken: other results than in a clean folder")
        told.cost = cost_of(search)[0]
        told.after = "equals a clean folder"
    else:
        told.said = message(search.said())
        told.expect(told.exit == 1 and "trials" in told.said and "next:" in told.said, f"exit {told.exit}: {told.said}")
        told.cost = told.after = "refused"
    return told


@case
def attack_disk_full(bench, place):
    search = searching(bench, place)
    small_disk(search.place, "12m")
    return through(search, 4, ("No space|full|room",), lambda: remount(search.place, "size=200m"))


@case
def attack_export_damaged_model(bench, place):
    search, told = searching(bench, place), Told()
    told.expect(search.search() == 0, "no study to export from")
    models = {file: file.read_bytes() for file in search.place.glob("trials/*/model.onnx")}
    for how in ("cut", "flipped"):
        for file, whole in models.items():
            file.write_bytes(whole[:100] if how == "cut" else whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
        done = search.run("export", "job", "--output", f"{how}.onnx")
        told.exit, told.said = done.returncode, message(done.stderr)
        told.expect(told.exit == 1 and "damaged" in told.said and "next:" in told.said, f"{how}: exit {told.exit}: {told.said}")
        told.expect(not (place / f"{how}.onnx").exists(), f"{how}: a file was written")
    for file, whole in models.items():
        file.write_bytes(whole)
    done = search.run("export", "job", "--output", "whole.onnx")
    told.expect(done.returncode == 0, f"put back, it ends with {done.returncode}")
    told.cost, told.after = "nothing", f"exit {done.returncode}"
    return told


@case
def attack_one_bad_picture(bench, place):
    # Its run.sh makes the inputs; here they are made without a library.
    text = re.search(r"write\('(task: .*?)'\)", (place / "run.sh").read_text(), re.DOTALL)
    if not text:
        raise NotHere("the case is written otherwise")
    search = faults.Search(bench.bin, place, text[1].replace("\\n", "\n").replace("path: imgs", "path: pictures"))
    pictures(place)
    file = place / "pictures/a/3.png"
    whole = file.read_bytes()
    file.write_bytes(whole[:len(whole) // 2])
    looked = [search.run("data", "pictures"), search.run("data", "pictures", "--decode")]
    told = through(search, 4, (r"3\.png",), lambda: file.write_bytes(whole))
    told.expect(any(done.returncode == 1 and "3.png" in done.stdout + done.stderr for done in looked), "`edgewise data` does not find it")
    return told


@case
def attack_retry_after_the_end(bench, place):
    wanted = faults.undisturbed(bench.bin, bench.place / "undisturbed", (place / "job.yaml").read_text())
    search, told = searching(bench, place), Told()
    process = search.start()
    agents = lambda: [one for one in search.processes() if one.name == "edgewise-agent"]  # noqa: E731
    is_in_last_stage = lambda: any(stage == 1 for _, stage in search.running() or ())  # noqa: E731
    until(search, process, lambda: is_in_last_stage() and any(one.send(signal.SIGKILL) for one in agents()[:1]), "an agent was there in stage 2")
    told.exit, told.said = search.wait(process), faults.last_words(search)
    told.expect(told.exit == 0, f"exit {told.exit}")
    told.cost, is_free = cost_of(search)
    told.expect(is_free, f"it cost {told.cost}")
    finish(search, wanted, told)
    return told


@case
def attack_stopped_worker(bench, place):
    return beside_a_stopped_one(False)(bench)


@case
def attack_study_deleted(bench, place):
    search, told = searching(bench, place), Told()
    process = search.start()
    until(search, process, has_models(search), "a network was exported")
    for _ in range(2):  # what was written into it meanwhile, too
        subprocess.run(["rm", "-rf", str(search.place)], check=False)
    notices(search, process, told)
    told.expect(search.run("report", "job").returncode == 1, "there is something to report")
    told.cost, told.after = "the study, which was removed", "not given"
    return told


@case
def cache_not_writable(bench, place):
    search, told = searching(bench, place, environment={"EDGEWISE_CACHE": None, "XDG_CACHE_HOME": None, "HOME": "/"}), Told()
    for path in (place, *place.rglob("*")):
        path.chmod(0o777)
    told.exit, told.said = search.search(command=as_stranger(*search.command())), message(search.said())
    # Either it says how to go on, or it takes a folder that it can have.
    told.expect(told.exit == 0 or (told.exit == 1 and "EDGEWISE_CACHE" in told.said), f"exit {told.exit}: it does not say EDGEWISE_CACHE")
    told.cost, is_free = cost_of(search)
    told.expect(is_free, f"it cost {told.cost}")
    search.environment = {"HOME": "/"}
    code = search.search(command=as_stranger(*search.command()))
    told.after = f"exit {code}, {search.states()}"
    told.expect(code == 0 and search.states() == {"complete": 3}, f"with EDGEWISE_CACHE: {told.after}")
    return told


@case
def pictures_replaced_on_resume(bench, place):
    search, told = searching(bench, place), Told()
    told.expect(search.search() == 0, "the search failed")
    files = sorted(place.glob("data/*/*.png"))
    kept = {file: file.read_bytes() for file in files}
    random_ = random.Random(5)
    for file in files:
        write_png(file, random_.randint(30, 220), random_)
    told.exit, told.said = search.search(), message(search.said())
    told.expect(told.exit == 1 and "pictures" in told.said and "next:" in told.said, f"replaced: exit {told.exit}: {told.said}")
    for file, bytes_ in kept.items():
        file.write_bytes(bytes_)
    files[0].unlink()
    told.expect(search.search() == 1, "a picture was removed, and it went on")
    files[0].write_bytes(kept[files[0]])
    told.cost = cost_of(search)[0]
    finish(search, 1, told)
    return told


@case
def project_moved(bench, place):
    search, told = searching(bench, place), Told()
    interrupt(search)
    moved = place.rename(place.with_name("moved"))
    search = searching(bench, moved)
    told.exit, told.said = search.search(), faults.last_words(search)
    told.expect(told.exit == 0, f"exit {told.exit}: {message(search.said())}")
    told.cost = cost_of(search)[0]
    finish(search, 2, told)
    return told


@case
def study_readable_only(bench, place):
    search, told = searching(bench, place), Told()
    told.expect(search.search() == 0, "the search failed")
    out = bench.place / "out"
    out.mkdir()
    out.chmod(0o777)
    before = {path: path.stat().st_mtime_ns for path in search.place.rglob("*")}
    codes = {}
    for words in (["front"], ["status"], ["report", "--output", out / "r.html"], ["report", "--json"], ["report"], ["export", "--output", out / "x.onnx"]):
        command = as_stranger(bench.bin / "edgewise", words[0], search.place, *words[1:])
        done = subprocess.run(command, cwd=out, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=search.whole_environment())
        codes[" ".join(map(str, words[:2])).replace(str(out), "")] = done.returncode
        if done.returncode != 0:
            told.said = message(done.stderr)
    told.exit = max(codes.values())
    told.expect(not any(codes.values()), f"exit codes: {codes}")
    told.expect(before == {path: path.stat().st_mtime_ns for path in search.place.rglob("*")}, "who only reads has changed the study's folder")
    told.cost = "nothing"
    finish(search, 1, told)
    return told
