#!/usr/bin/env python3
"""Checks that folders include each other only downwards, that heavy libraries stay where they belong, and that nothing prints but by
base/console.hpp.

    tools/check_includes.py            prints every line that is not allowed; exit code 1 when there is one
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# folder -> folders it may include (itself always). docs/architecture.md draws the same picture.
ALLOWED = {
    "base": [],
    "picture": ["base"],
    "graph": ["base"],
    "task": ["base", "graph", "picture"],
    "space": ["base", "graph"],
    "data": ["base", "picture", "task"],
    "agent": ["base"],
    "device": ["base", "agent", "graph", "space"],
    "deploy": ["base", "graph"],
    "nn": ["base", "graph"],
    "train": ["base", "graph", "picture", "task", "data", "nn"],
    "study": ["base", "space"],
    "surrogate": ["base"],
    "search": ["base", "graph", "space", "study", "surrogate"],
    "replay": ["base", "search", "space", "study"],
    "exchange": ["base", "space", "study", "search", "task"],
    "job": ["base", "data", "device", "estimate", "graph", "search", "space", "study", "task", "train"],
    "estimate": ["base", "data", "graph", "search", "space", "study", "task", "train"],
    "trial": ["base", "agent", "data", "deploy", "device", "estimate", "graph", "job", "space", "study", "task", "train"],
    "report": ["base", "search", "study", "space"],
    "run": ["base", "data", "graph", "job", "report", "search", "space", "study", "task", "train"],
    "worker": ["base", "device", "study", "trial"],
    "cli": ["base", "data", "device", "exchange", "graph", "job", "replay", "report", "run", "search", "space", "study", "task"],
}
# header pattern -> folders that may include it
HEAVY = {
    r"torch/|ATen/|c10/": {"nn", "train"},
    r"onnxruntime": {"agent"},
    r"onnx/": {"deploy"},
    r"opencv2/|tiffio\.h|libexif/": {"data"},
    r"iconv\.h|openssl/": {"base"},
    r"sqlite3\.h": {"study", "exchange"},
    r"pagmo/": {"search", "replay"},
    r"xgboost/|mlpack|armadillo|ensmallen": {"surrogate"},
    r"Eigen/": {"search", "surrogate"},
    r"boost/": {"search"},
    r"CLI/": {"cli"},
}
# job/ needs the plain settings of training, not training itself.
# The command line reads starting weights before a search, without LibTorch. Models of a search, and who asks for it, see features of graphs.
ONLY = {("search", "graph"): {"graph/graph.hpp", "graph/graph_features.hpp"}, ("cli", "graph"): {"graph/graph_features.hpp"}, ("estimate", "train"): {"train/settings.hpp"}, ("trial", "agent"): {"agent/tensor.hpp"}, ("job", "train"): {"train/settings.hpp"}, ("run", "train"): {"train/settings.hpp", "train/weights/starting_weights.hpp"}, ("device", "agent"): {"agent/wire.hpp", "agent/tensor.hpp"}}
# What base/console.hpp and base/file.hpp are for: pattern -> what to use instead. The files below have a reason of their own.
RAW = {
    r"std::print(ln)?\b|std::(cout|cerr|clog)\b|\bstdout\b|\bstderr\b|\bv?printf\s*\(|\bputs\s*\(|\bperror\s*\(":
        "print by base/console.hpp, which cannot fail in the middle of a search",
}
RAW_HOMES = {
    "base/console.cpp": "it is the place",
    "base/error.cpp": "a broken assertion says so and aborts, whatever else is wrong",
}


def code_of(line: str) -> str:
    """The line without its comment and without what stands in quotes."""
    return re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', line))


def raw_calls(path: pathlib.Path) -> list[str]:
    if str(path.relative_to(TOP)) in RAW_HOMES:
        return []
    return [f"{path.relative_to(TOP)}:{number}: {found[0].strip()}: {instead}"
            for number, line in enumerate(path.read_text().splitlines(), 1)
            for pattern, instead in RAW.items() if (found := re.search(pattern, code_of(line)))]


def main() -> int:
    wrong = []
    for folder, allowed in ALLOWED.items():
        for path in sorted((TOP / folder).rglob("*.[ch]pp")):
            wrong += raw_calls(path)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
                if not found:
                    continue
                header = found[1]
                place = f"{path.relative_to(TOP)}:{number}"
                first = header.split("/")[0]
                if first in ALLOWED and first != folder:
                    if first not in allowed:
                        wrong.append(f"{place}: {folder}/ may not include {first}/ ({header})")
                    elif header not in ONLY.get((folder, first), {header}):
                        wrong.append(f"{place}: {folder}/ may include only {', '.join(ONLY[folder, first])} of {first}/")
                    if header.endswith("_internal.hpp"):
                        wrong.append(f"{place}: {header} is private to {first}/")
                for pattern, homes in HEAVY.items():
                    if re.match(pattern, header) and folder not in homes:
                        wrong.append(f"{place}: {header} belongs in {', '.join(sorted(homes))} only")
    print("\n".join(wrong) if wrong else "includes: every arrow points downwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
