"""What tools/check-headers and tools/check-tidy share: one command per file, several at once, and none again for a file that passed and has not
changed since, nor anything of this checkout that it includes."""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
SYSTEM = [word for folder in ("/usr/include/torch/csrc/api/include", "/usr/include/eigen3", "/usr/include/opencv4", "/usr/include/onnxruntime")
          for word in ("-isystem", folder)]
# What the build defines for some folders; the values do not matter here.
DEFINES = ["-DONNX_ML=1", "-DONNX_NAMESPACE=onnx",
           *(f'-D{name}=""' for name in ("EDGEWISE_VERSION", "EDGEWISE_STUDY_TESTS", "WEB_FOLDER", "GOLDEN_FOLDER", "EDGEWISE_TEST_SOURCE",
                                         "EDGEWISE_SOURCE", "BACKBONES_GOLDEN", "RESNET_GOLDEN"))]
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def git(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()


def tracked(*endings: str) -> list[str]:
    """Files of the checkout, those not yet committed too."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard")
    return sorted({name for name in names if name.endswith(endings) and (TOP / name).is_file()})


def base() -> str | None:
    """The commit to compare with; None when there is no earlier one (a checkout of one commit)."""
    head = git("rev-parse", "HEAD")[0]
    for main in ("origin/main", "main"):
        try:
            common = git("merge-base", "HEAD", main)[0]
        except subprocess.CalledProcessError:
            continue
        if common != head:
            return common
    try:
        return git("rev-parse", "HEAD~1")[0]
    except subprocess.CalledProcessError:
        return None


def changed() -> list[str]:
    """C++ files that differ from `base`, those not yet committed too; all of them where there is nothing to compare with."""
    start = base()
    if start is None:
        return tracked(".cpp", ".hpp")
    names = set(git("diff", "--name-only", start)) | set(git("ls-files", "--others", "--exclude-standard"))
    return sorted(name for name in names if name.endswith((".cpp", ".hpp")) and (TOP / name).is_file())


class Contents:
    """What a file is, with all of this checkout that it includes, as one number."""

    def __init__(self):
        self.read = {}

    def one(self, name: str) -> tuple[bytes, list[str]]:
        if name not in self.read:
            data = (TOP / name).read_bytes() if (TOP / name).is_file() else b""
            beside = str(pathlib.PurePath(name).parent)
            found = [word.decode() for word in INCLUDE.findall(data)]
            names = [next((place for place in (word, f"{beside}/{word}") if (TOP / place).is_file()), word) for word in found]
            self.read[name] = (hashlib.sha256(data).digest(), names)
        return self.read[name]

    def number(self, name: str, salt: str) -> str:
        seen, waiting = {}, [name]
        while waiting:
            if (current := waiting.pop()) not in seen:
                seen[current], more = self.one(current)
                waiting += more
        parts = "".join(f"{key}:{value.hex()}\n" for key, value in sorted(seen.items()))
        return hashlib.sha256((salt + parts).encode()).hexdigest()


def run(kind: str, names: list[str], command: list[str], show, text=None, after: list[str] = [], seconds: float | None = None,
        salt: str = "") -> tuple[int, int, int]:
    """Runs COMMAND, the name of the file, AFTER (or COMMAND with `text` of the name on standard input) for each file, and hands the name of one
    that does not pass to `show` at once, with what was printed. Returns how many ran, how many did not pass, and how many were left out because
    no further one is begun after `seconds`."""
    stamps = TOP / "build" / "stamps" / kind
    stamps.mkdir(parents=True, exist_ok=True)
    contents, begun = Contents(), time.monotonic()
    numbers = {name: contents.number(name, " ".join(command + after) + salt) for name in names}
    due = [name for name in names if not (stamps / numbers[name]).exists()]

    def one(name):
        if seconds is not None and time.monotonic() - begun > seconds:
            return None
        words, given = (command, text(name)) if text else ([*command, name, *after], "")
        done = subprocess.run(words, cwd=TOP, input=given, capture_output=True, text=True)
        if done.returncode == 0:
            (stamps / numbers[name]).touch()
        return done.returncode, done.stdout + done.stderr

    ran = wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, result in zip(due, pool.map(one, due)):
            if result is None:
                continue
            ran += 1
            if result[0] != 0:
                wrong += 1
                show(name, result[1])
    return ran, wrong, len(due) - ran
