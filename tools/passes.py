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
SYSTEM = [word for folder in ("/usr/include/torch/csrc/api/include", "/usr/include/eigen3", "/usr/include/opencv4")
          for word in ("-isystem", folder)]
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


def run(kind: str, names: list[str], command: list[str], text=None, after: list[str] = [], seconds: float | None = None,
        salt: str = "") -> tuple[int, list, int]:
    """Runs COMMAND, the name of the file, AFTER (or COMMAND with `text` of the name on standard input) for each file. Returns how many ran, those
    that did not pass with what was printed, and how many were left out because no further one is begun after `seconds`."""
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

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(zip(due, pool.map(one, due)))
    ran = [(name, result) for name, result in results if result is not None]
    return len(ran), [(name, output) for name, (code, output) in ran if code != 0], len(due) - len(ran)
