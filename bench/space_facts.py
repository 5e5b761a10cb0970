#!/usr/bin/env python3
"""What the built-in spaces are: how long their files, how many choices, what their networks cost, how fast they are checked and built; and what
published networks count.

    bench/space_facts.py [--bin build/release/bin]

Writes docs/results/spaces/spaces.json and spaces.md.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import machine

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "docs/results/spaces"
COMMAND = "tools/env python3 bench/space_facts.py"
INPUT = 96
# Name: (family, picture, outputs, thousands of parameters, source)
PUBLISHED = {"hytnas_bl": ("hytnas_published", 224, 2, 15.1, "as published"),
             "hytnas_ba": ("hytnas_published", 224, 2, 2700, "3357 with one layer a block; what else differs is not known"),
             "hytnas_o": ("hytnas_published", 224, 2, 295.2, "with the declared depths"),
             "mobilevit_xxs": ("mobilevit", 256, 1000, 1270, "paper and timm"), "mobilevit_xs": ("mobilevit", 256, 1000, 2320, "paper and timm"),
             "mobilevit_s": ("mobilevit", 256, 1000, 5580, "paper and timm"), "mobilenet_v1_025": ("mobilenet", 224, 1000, 470, "paper"),
             "mobilenet_v2_035": ("mobilenet", 224, 1000, 1680, "timm; the authors' page says 1660")}


def edgewise(arguments, *call):
    begun = time.monotonic()
    done = subprocess.run([f"{arguments.bin}/edgewise", *call], capture_output=True, text=True, check=True)
    return done.stdout, time.monotonic() - begun


def show(arguments, name, looks, samples=0, size=INPUT, classes=2):
    text, seconds = edgewise(arguments, "space", "show", name, "--input", str(size), "--classes", str(classes), "--looks", str(looks),
                             "--samples", str(samples), "--json")
    return json.loads(text), seconds


def space_row(arguments, path):
    name = path.stem
    _, check_s = edgewise(arguments, "space", "check", name, "--input", str(INPUT))
    few, few_s = show(arguments, name, 1)
    whole, whole_s = show(arguments, name, 1000)
    survey = whole["survey"]
    looked = max(1, survey["looked_at"] - few["survey"]["looked_at"])
    return {"space": name, "lines": path.read_text().count("\n"), "parameters": len(whole["parameters"]), "choices": whole["size"],
            "looked_at": survey["looked_at"], "valid_share": survey["valid_share"], "values": survey["values"], "check_s": round(check_s, 2),
            "build_ms": round(1000 * (whole_s - few_s) / looked, 3) if looked > 100 else None}


def published_rows(arguments):
    rows = []
    costs = {}
    for family, size, classes in {entry[:3] for entry in PUBLISHED.values()}:
        shown, _ = show(arguments, family, 1, samples=60, size=size, classes=classes)
        costs |= {sample["choice"]["network"]: sample["costs"] for sample in shown["samples"]}
    for name, (_, size, classes, wanted, source) in PUBLISHED.items():
        rows.append({"network": name, "picture": size, "outputs": classes, "parameters": costs[name]["parameters"],
                     "macs": costs[name]["macs"], "published_thousands": wanted, "source": source})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "one_layer.yaml"
        path.write_text((TOP / "spaces/hytnas_published.yaml").read_text().replace("most_layers: 4", "most_layers: 1"))
        shown, _ = show(arguments, str(path), 1, samples=60, size=224)
    one = next(sample["costs"] for sample in shown["samples"] if sample["choice"]["network"] == "hytnas_o")
    rows.append({"network": "hytnas_o, one layer a block", "picture": 224, "outputs": 2, "parameters": one["parameters"], "macs": one["macs"],
                 "published_thousands": 187.9, "source": "as the authors' code builds it"})
    return rows


def figures(spaces, published):
    hytnas = next(row for row in spaces if row["space"] == "hytnas")
    rows = [{"name": "choices of the HyT-NAS space, apart from 3.97e11", "value": round(abs(hytnas["choices"] / 3.97e11 - 1), 4), "goal": 0.002,
             "better": "lower", "unit": "share"},
            {"name": "space check of hytnas", "value": hytnas["check_s"], "goal": 10, "better": "lower", "unit": "s"},
            {"name": "space check of hybrid", "value": next(row for row in spaces if row["space"] == "hybrid")["check_s"], "goal": 10,
             "better": "lower", "unit": "s"},
            {"name": "lines of the longest space file", "value": max(row["lines"] for row in spaces), "goal": 120, "better": "lower", "unit": "lines"},
            {"name": "building, checking and counting a candidate, slowest space", "value": max(row["build_ms"] or 0 for row in spaces), "goal": 2,
             "better": "lower", "unit": "ms"}]
    rows += [{"name": f"parameters of {row['network']}, apart from what is published",
              "value": round(abs(row["parameters"] / 1000 - row["published_thousands"]) / row["published_thousands"], 4), "goal": 0.005,
              "better": "lower", "unit": "share"} for row in published]
    return rows


def count(choices):
    return "more than 9.2e18" if choices is None else f"{choices:.3g}" if choices >= 1e6 else str(choices)


def page(spaces, published):
    lines = ["# The built-in spaces", "", f"Made by `{COMMAND}` on {machine.sentence()}. Pictures of {INPUT} pixels, 2 outputs; up to 1,000 choices of each "
             "space are looked at: least, median and most of their networks.", "",
             "| space | lines | parameters | choices | valid | thousand parameters | million MACs | MB of activations | check, s | a candidate, ms |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for row in spaces:
        def spread(name, unit):
            value = row["values"][name]
            return " / ".join(f"{value[end] / unit:.3g}" for end in ("low", "median", "high"))
        share = row["valid_share"]
        valid = f"{100 * share['low']:.0f} %" if share["is_exact"] or share["low"] == share["high"] else f"{100 * share['low']:.1f} to {100 * share['high']:.1f} %"
        lines.append(f"| {row['space']} | {row['lines']} | {row['parameters']} | {count(row['choices'])} | {valid} | {spread('parameters', 1e3)} | "
                     f"{spread('macs', 1e6)} | {spread('activation_mb', 1)} | {row['check_s']} | {row['build_ms'] if row['build_ms'] is not None else '-'} |")
    lines += ["", "A candidate: drawn, judged, built and counted; the program's start is not in it.", "", "## Networks as published", "",
              "| network | picture | outputs | parameters | published, thousands | million MACs | says |", "|---|---:|---:|---:|---:|---:|---|"]
    lines += [f"| {row['network']} | {row['picture']} | {row['outputs']} | {row['parameters']:.0f} | {row['published_thousands']:g} | {row['macs'] / 1e6:.1f} | {row['source']} |"
              for row in published]
    lines += ["", "MobileViT's published multiply-adds (0.42, 1.05 and 2.03 G) count two operations for each number that a batch norm gives and five for a layer norm's, as fvcore "
              "does; with them ours are 0.418, 1.052 and 2.033 G (`MobileVit.CountsAsPublished`)."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    arguments = parser.parse_args()
    spaces = [space_row(arguments, path) for path in sorted((TOP / "spaces").glob("*.yaml"))]
    published = published_rows(arguments)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "spaces.json").write_text(json.dumps({"command": COMMAND, "machine": machine.sentence(), "figures": figures(spaces, published),
                                                 "spaces": spaces, "published": published}, indent=1) + "\n")
    (OUT / "spaces.md").write_text(page(spaces, published))


if __name__ == "__main__":
    main()
