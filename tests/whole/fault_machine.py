"""Faults of the machine: disks, folders, programs, limits, pictures and weights."""
import random
import shutil

import faults
from fault_row import NotHere, Told, fill, finish, interrupt, mount, remount, row, small_disk, through, until
from pictures import write_png

FULL = "full disk"


def full_at(what, fault, codes=(1,), may_cost=False):
    """The disk is full at one kind of write, from the N-th on, until there is room again."""
    def run(bench):
        if not bench.shim.exists():
            raise NotHere(f"{bench.shim.name} is missing")
        state = bench.place / "state"
        full = state.with_name("state.full")
        full.touch()
        search = bench.search(environment={"LD_PRELOAD": str(bench.shim), "EDGEWISE_FAULT": fault, "EDGEWISE_FAULT_STATE": str(state)})
        told = through(search, bench.wanted, ("No space|full|room",), full.unlink, codes, may_cost=may_cost)
        met, wanted = int(state.read_text()) if state.exists() else 0, int(fault.split(":")[3])
        if met < wanted and 0 in codes:
            raise NotHere(f"there was no such write ({fault})")
        told.expect(met >= wanted, f"the fault was never met ({fault})")
        return told
    row(FULL, f"while {what} is written")(run)


full_at("the picture cache", "any:pwrite:.pixels:5:enospc")
full_at("cost_model.json", "edgewise:write:cost_model.json:1:enospc", codes=(0, 1))
full_at("a new study", "edgewise:pwrite:study.db.new:1:enospc")
full_at("the study (by the coordinator)", "edgewise:pwrite:study.db-wal:3:enospc", may_cost=True)
full_at("the study (by a worker)", "edgewise-worker run:pwrite:study.db-wal:5:enospc", may_cost=True)
full_at("a checkpoint", "edgewise-worker run:fsync:checkpoint.part-:2:enospc")
full_at("an exported network", "edgewise-worker run:write:model.onnx.part-:2:enospc")
full_at("the log of an agent", "edgewise-worker run:open:edgewise-agent.part-:1:enospc", codes=(0, 1))
full_at("clock.json", "edgewise:write:clock.json:1:enospc", codes=(0, 1))
full_at("test.json", "edgewise:write:test.json:1:enospc")


@row(FULL, "worker.log is on a full disk: nobody minds")
def full_log(bench):
    search = bench.search()
    search.place.mkdir()
    (search.place / "worker.log").symlink_to("/dev/full")
    return through(search, bench.wanted, codes=(0,))


@row(FULL, "a small disk for the study: 6 MB")
def small_study(bench):
    search = bench.search()
    small_disk(search.place, "6m")
    return through(search, bench.wanted, ("No space|full|room",), lambda: remount(search.place, "size=200m"))


@row(FULL, "a small disk for the study: 100 KB left at the start")
def no_room_for_study(bench):
    search = bench.search()
    small_disk(search.place, "1m")
    filler = fill(search.place, 100_000)

    def mend():
        filler.unlink()
        remount(search.place, "size=200m")
    return through(search, bench.wanted, ("No space|full|room",), mend, may_cost=True)


@row(FULL, "a small disk for the picture cache: 256 KB")
def small_cache(bench):
    search = bench.search()
    small_disk(search.beside / "cache", "256k")
    return through(search, bench.wanted, ("No space|full|room",), lambda: remount(search.beside / "cache", "size=50m"))


@row(FULL, "a temporary folder without room")
def small_temporary(bench):
    search = bench.search()
    small_disk(search.beside / "tmp", "16k")
    filler = fill(search.beside / "tmp")
    return through(search, bench.wanted, ("No space|full|room",), filler.unlink, codes=(0, 1))


def writes_nothing(bench, command, target, small, told):
    """A command that meets a full disk and then finds room; the target is of a finished study."""
    before = target.read_bytes() if target.exists() else None
    filler = fill(small)
    done = bench.run(*command)
    told.exit, told.said = done.returncode, faults_message(done)
    told.expect(done.returncode == 1, f"exit {done.returncode}, not 1")
    told.expect((target.read_bytes() if target.exists() else None) == before, f"{target.name} is another one")
    told.expect(not list(small.glob("*.part*")), "a part is left")
    filler.unlink()
    again = bench.run(*command)
    told.cost, told.after = "nothing" if not told.wrong else "see there", f"exit {again.returncode}"
    told.expect(again.returncode == 0 and target.exists(), "with room it does not work")
    return told


def faults_message(done):
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return " / ".join(lines[:4])


@row(FULL, "while the report is written: the old one stays")
def full_report(bench):
    search = bench.search()
    small_disk(search.place, "100m")
    told = Told()
    told.expect(search.search() == 0 and search.run("report", "job").returncode == 0, "no study to report")
    return writes_nothing(search, ("report", "job"), search.place / "report.html", search.place, told)


@row(FULL, "while `edgewise export` copies a network")
def full_export(bench):
    search = bench.search()
    small = search.folder / "small"
    small_disk(small, "20m")
    told = Told()
    told.expect(search.search() == 0, "no study to export from")
    return writes_nothing(search, ("export", "job", "--pick", "0", "--output", "small/x.onnx"), small / "x.onnx", small, told)


FOLDERS = "folders"


@row(FOLDERS, "the job's folder is read-only")
def read_only_job(bench):
    search = bench.search(beside=bench.place / "beside")
    mount("--bind", search.folder, search.folder)
    remount(search.folder, "bind,ro")
    return through(search, bench.wanted, ("[Rr]ead-only|folder",), lambda: remount(search.folder, "bind,rw"))


@row(FOLDERS, "the study's folder is read-only when the search is gone on with")
def read_only_study(bench):
    search = bench.search()
    small_disk(search.place, "200m")
    interrupt(search)
    remount(search.place, "ro")
    return through(search, bench.wanted, ("[Rr]ead-?only|permission|may only be read",), lambda: remount(search.place, "rw"))


@row(FOLDERS, "the picture cache's folder is read-only")
def read_only_cache(bench):
    search = bench.search()
    small_disk(search.beside / "cache", "10m")
    remount(search.beside / "cache", "ro")
    return through(search, bench.wanted, ("EDGEWISE_CACHE",), lambda: remount(search.beside / "cache", "rw"))


def below_a_file(variable, words, codes=(1,), tail="/folder", **more):
    def run(bench):
        search = bench.search()
        (search.folder / "file").write_text("")
        search.environment = {variable: str(search.folder / "file") + tail, **more}
        return through(search, bench.wanted, words, search.environment.clear, codes)
    return run


row(FOLDERS, "EDGEWISE_CACHE is below a file")(below_a_file("EDGEWISE_CACHE", ("EDGEWISE_CACHE|cache",)))
row(FOLDERS, "no home: HOME is a file")(below_a_file("HOME", ("EDGEWISE_CACHE",), (0, 1), "", EDGEWISE_CACHE=None, XDG_CACHE_HOME=None))
row(FOLDERS, "EDGEWISE_LOCKS is below a file")(below_a_file("EDGEWISE_LOCKS", ("EDGEWISE_LOCKS",)))
row(FOLDERS, "TMPDIR is not there")(below_a_file("TMPDIR", (), (0, 1)))

PROGRAMS = "programs and limits"


def copied(bench, *programs):
    """The programs in a folder of their own: whoever runs finds the others beside itself."""
    folder = bench.place / "bin"
    folder.mkdir()
    for program in programs:
        shutil.copy2(bench.bin / program, folder / program)
    return folder


@row(PROGRAMS, "edgewise-agent is missing")
def no_agent(bench):
    folder = copied(bench, "edgewise", "edgewise-worker")
    search = bench.search(bin=folder, environment={"EDGEWISE_AGENT": None})
    return through(search, bench.wanted, ("edgewise-agent",), lambda: shutil.copy2(bench.bin / "edgewise-agent", folder / "edgewise-agent"))


@row(PROGRAMS, "edgewise-worker is missing")
def no_worker(bench):
    folder = copied(bench, "edgewise", "edgewise-agent")
    search = bench.search(bin=folder)
    return through(search, bench.wanted, ("edgewise-worker",), lambda: shutil.copy2(bench.bin / "edgewise-worker", folder / "edgewise-worker"))


def agent_elsewhere(bench, agent):
    """A search whose agent is not beside the programs but where EDGEWISE_AGENT says, and how to mend that."""
    search = bench.search(bin=copied(bench, "edgewise", "edgewise-worker"), environment={"EDGEWISE_AGENT": str(agent)})
    return search, lambda: search.environment.update(EDGEWISE_AGENT=str(bench.bin / "edgewise-agent"))


@row(PROGRAMS, "EDGEWISE_AGENT names nothing")
def agent_nowhere(bench):
    search, mend = agent_elsewhere(bench, bench.place / "none")
    return through(search, bench.wanted, ("/none",), mend)


@row(PROGRAMS, "the agent ends at once")
def agent_ends(bench):
    script = bench.place / "agent"
    script.write_text("#!/bin/sh\necho 'a library is missing' >&2\nexit 3\n")
    script.chmod(0o755)
    search, mend = agent_elsewhere(bench, script)
    return through(search, bench.wanted, ("exited with 3|a library is missing",), mend)


def limited(limit):
    def run(bench):
        search = bench.search()
        command = ["bash", "-c", f'{limit}; exec "$@"', "bash", *search.command()]
        return through(search, bench.wanted, (), codes=(0, 1, 127), command=command)
    return run


row(PROGRAMS, "files of 1 MB at most (ulimit -f)")(limited("ulimit -f 1024"))
for megabytes in (600, 900, 1200):
    row(PROGRAMS, f"{megabytes} MB of addresses at most (ulimit -v)")(limited(f"ulimit -v {megabytes * 1024}"))

DATA = "pictures and weights"
PICTURES = faults.unmoved.job("classification", "{path: pictures, input: 32}", faults.THREE, "{accuracy: maximize, parameters: minimize}", "{strategy: grid}")


def pictures(folder, seed=1):
    random_ = random.Random(seed)
    for label, name in enumerate("ab"):
        (folder / "pictures" / name).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            write_png(folder / "pictures" / name / f"{number}.png", 60 + 120 * label, random_)


def spoilt_pictures(spoil):
    """Two pictures of 40 are not what they were; both are named, or one and how many more."""
    def run(bench):
        search = bench.search(text=PICTURES)
        pictures(search.folder)
        whole = {file: file.read_bytes() for file in (search.folder / "pictures/a/3.png", search.folder / "pictures/b/7.png")}
        for file, bytes_ in whole.items():
            file.write_bytes(spoil(bytes_))
        return through(search, 3, (r"3\.png", r"7\.png|1 more"), lambda: [file.write_bytes(bytes_) for file, bytes_ in whole.items()])
    return run


row(DATA, "two pictures of 40 are cut off")(spoilt_pictures(lambda bytes_: bytes_[:len(bytes_) // 2]))
# The length and the end are right: only who decodes them notices.
row(DATA, "two pictures of 40 hold zeros in their middle")(spoilt_pictures(lambda bytes_: bytes_[:300] + bytes(600) + bytes_[900:]))


@row(DATA, "a picture is gone when its cache is made")
def picture_gone(bench):
    search, told = bench.search(text=PICTURES), Told()
    pictures(search.folder)
    file = search.folder / "pictures/a/3.png"
    process = search.start()
    until(search, process, lambda: (search.place / "study.db").exists(), "the study was made")
    bytes_ = file.read_bytes()
    file.unlink()
    told.exit, told.said = search.wait(process), faults.last_words(search)
    told.expect(told.exit in (0, 1), f"exit {told.exit}")  # 0: the cache was there already
    file.write_bytes(bytes_)
    told.cost = "nothing" if not search.states().get("failed") else "failed trials"
    told.expect(told.cost == "nothing", told.cost)
    finish(search, 3, told)
    return told


def with_weights(bench):
    """A search from starting weights of a file, and how to write the file."""
    try:
        import torch
        import torchvision
    except ImportError:
        raise NotHere("python3-torch or python3-torchvision is missing") from None
    text = PICTURES.replace("train: {", "train: {weights: w.pth, ").replace(
        "[shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1], learning_rate: [0.001]", "[squeezenet1_1], learning_rate: [0.001, 0.002, 0.003]")
    search = bench.search(text=text)
    pictures(search.folder)
    torch.manual_seed(1)
    state = torchvision.models.squeezenet1_1(weights=None).state_dict()
    return search, lambda: torch.save(state, search.folder / "w.pth")


@row(DATA, "the starting weights are missing")
def no_weights(bench):
    search, write = with_weights(bench)
    return through(search, 3, (r"w\.pth",), write)


@row(DATA, "the starting weights are gone when the search is gone on with")
def weights_gone(bench):
    search, write = with_weights(bench)
    write()
    interrupt(search)
    (search.folder / "w.pth").unlink()
    return through(search, 3, (r"w\.pth",), write)
