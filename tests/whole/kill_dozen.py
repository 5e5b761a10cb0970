"""A dozen kills at chosen places: the search that the same command goes on with equals the one that nobody disturbed.

A library that is loaded into the programs (fault_shim.cpp) ends one of them at the N-th call of a kind, so each kill is at the same place in every
run. `make kills` does hundreds at random moments.
"""
import pathlib
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from faults import TINY, Search, Stuck, last_words, problems_of, undisturbed
from program import BIN

SHIM = BIN.parent / "tests" / "whole" / "fault_shim.so"
# What, and the fault: PROGRAM:CALL:PATTERN:N:ACTION.
DOZEN = [
    ("whoever makes the picture cache, before it has its name", "any:rename:.pixels:1:kill"),
    ("a worker, before its 2nd checkpoint has its name", "edgewise-worker run:rename:checkpoint.part-:2:kill"),
    ("a worker, before the first exported network has its name", "edgewise-worker run:rename:model.onnx:1:kill"),
    ("a worker, in the middle of the 4th exported network", "edgewise-worker run:write:model.onnx.part-:4:kill"),
    ("a worker, in the middle of what it tells the study", "edgewise-worker run:pwrite:study.db-wal:9:kill"),
    ("a worker, before what it told the study is on the disk", "edgewise-worker run:fsync:study.db-wal:7:kill"),
    ("a worker is asked to end at its 3rd checkpoint", "edgewise-worker run:rename:checkpoint.part-:3:term"),
    ("the coordinator, in the middle of its proposals", "edgewise:pwrite:study.db-wal:4:kill"),
    ("the coordinator, before what the test split said has its name", "edgewise:rename:test.json:1:kill"),
    ("the worker that judges, when it reads a checkpoint", "edgewise-worker judge:open:checkpoint:1:kill"),
    ("an agent, when it loads the 2nd network", "edgewise-agent:open:model.onnx:2:kill"),
    ("an agent is asked to end when it loads the 3rd network", "edgewise-agent:open:model.onnx:3:term"),
]
MOST_CALLS = 4


def attempt(place, name, fault, wanted):
    """What went wrong; nothing when all is as undisturbed."""
    program, _, _, count, _ = fault.split(":")
    state = place / "state"
    search = Search(BIN, place / "search", TINY, environment={"LD_PRELOAD": str(SHIM), "EDGEWISE_FAULT": fault, "EDGEWISE_FAULT_STATE": str(state)})
    # Only the coordinator's own end is seen: that of a worker or an agent must not be.
    allowed = {0, -9} if program in ("edgewise", "any") else {0}
    try:
        for _ in range(MOST_CALLS):
            code = search.search()
            if code not in allowed:
                return [f"a call ended with {code}: {last_words(search)}"]
            if left := search.alive_after():
                return [f"alive after a call: {left}"]
            if code == 0:
                break
        else:
            return [f"it has not ended after {MOST_CALLS} calls: {last_words(search)}"]
    except Stuck as stuck:
        return [str(stuck)]
    met = int(state.read_text()) if state.exists() else 0
    search.environment = {}  # what looks at the study must not meet the fault
    problems = problems_of(search, wanted)
    if met < int(count):
        problems.append(f"the fault was never met: there were {met} such calls. Does the product write otherwise now?")
    return problems


def main():
    if not SHIM.exists():
        print(f"{SHIM} is missing (a build with sanitizers has none): NO TEST RAN HERE")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        wanted = undisturbed(BIN, top / "undisturbed", TINY)
        print(f"undisturbed: {wanted.seconds:.0f} s", flush=True)

        def timed(number):
            start = time.monotonic()
            return attempt(top / str(number), *DOZEN[number], wanted), time.monotonic() - start

        # One trains with one thread: two at a time.
        with ThreadPoolExecutor(2) as pool:
            for (name, fault), (problems, seconds) in zip(DOZEN, pool.map(timed, range(len(DOZEN)))):
                print(f"{'WRONG' if problems else 'right'} ({seconds:.0f} s)  {name}  [{fault}]", flush=True)
                for problem in problems:
                    print(f"        {problem}")
                failed += bool(problems)
    print(f"{len(DOZEN) - failed} of {len(DOZEN)} kills changed nothing")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
