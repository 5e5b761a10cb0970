"""Training images per second, loading and augmentation included, against PyTorch in Python with a DataLoader.

    make bench, or: python3 bench/train_speed.py build/release/bin [--rounds 5] [--quick]

Same network, pictures, batch, augmentation, optimizer and number of threads on both sides, timed in turn (ours, theirs, ours, theirs, ...),
each in a process of its own; the first epoch of each process warms up and is not counted. PyTorch gets what helps it: channels-last, its
fused AdamW, pixels converted batch by batch, and the best of {fp32, bf16 autocast} x {0, 1, 2 workers}, found out first. It is timed in two
ways: from pictures that were decoded and resized once and lie in memory as ours do ("cached"), and decoding each JPEG in each epoch, as its
tutorials do ("decoding"). The ratio that must reach the goal is the one to "cached".
"""
import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

DATA = pathlib.Path(os.environ.get("EDGEWISE_SHARED_DATA", pathlib.Path(__file__).resolve().parents[2] / "shared" / "data")) / "voc2012_animals"
LABELS = DATA / "presence_person.csv"
NETWORKS = {"mobilenet_v2_035": 96, "resnet18": 64}
BATCH = 64
GOAL = 1.2
PRECISIONS = ("fp32", "bf16")
WORKERS = (0, 1, 2)


def peer(name, size, precision, workers, source, epochs, batches):
    """PyTorch's side: images per second of each epoch."""
    import numpy
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms

    rows = [row for row in csv.DictReader(open(LABELS)) if row["split"] == "train"]

    def decoded(row):
        return Image.open(DATA / row["image"]).convert("RGB").resize((size, size), Image.BILINEAR)

    class Pictures(torch.utils.data.Dataset):
        def __init__(self):
            self.cache = [numpy.asarray(decoded(row)) for row in rows] if source == "cached" else None
            self.transform = transforms.Compose([
                transforms.RandomHorizontalFlip(),
                transforms.RandomAffine(0, translate=(0.1, 0.1), scale=(0.9, 1.1), interpolation=transforms.InterpolationMode.BILINEAR),
                transforms.ColorJitter(brightness=0.1, contrast=0.2, saturation=0.2),
                transforms.PILToTensor()])

        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            image = Image.fromarray(self.cache[index]) if self.cache else decoded(rows[index])
            return self.transform(image), int(rows[index]["label"])

    torch.manual_seed(1)
    if name == "mobilenet_v2_035":
        model = torchvision.models.mobilenet_v2(num_classes=2, width_mult=0.35)
    else:
        model = getattr(torchvision.models, name)(num_classes=2)
    model = model.to(memory_format=torch.channels_last).train()
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 1e-4}, {"params": plain, "weight_decay": 0}], 1e-3, fused=True)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1) * 255
    factor = 1 / (torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1) * 255)
    loader = torch.utils.data.DataLoader(Pictures(), BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    speeds = []
    for _ in range(epochs):
        start, images = time.perf_counter(), 0
        for number, (pixels, labels) in enumerate(loader):
            if batches and number == batches:
                break
            inputs = ((pixels.float() - mean) * factor).contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                outputs = model(inputs)
            torch.nn.functional.cross_entropy(outputs.float(), labels).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            images += len(labels)
        speeds.append(images / (time.perf_counter() - start))
    return {"images_per_s": speeds, "parameters": sum(p.numel() for p in model.parameters()), "images": len(rows)}


def avoid_crashes():
    """Some virtual machines announce AMX tiles that oneDNN cannot use; a bf16 product then kills the process. Both sides do without them."""
    product = "import torch; x = torch.ones(64, 64).bfloat16(); x @ x"
    if "ONEDNN_MAX_CPU_ISA" not in os.environ and subprocess.run([sys.executable, "-c", product], capture_output=True).returncode < 0:
        os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_FP16"
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "")


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_peer(name, size, precision, workers, source, epochs, batches=0):
    return run([sys.executable, __file__, "--peer", name, size, precision, workers, source, epochs, batches])


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def compare(binary, name, size, rounds, cache):
    calibration = {f"{precision} {workers}": run_peer(name, size, precision, workers, "cached", 2, 8)["images_per_s"][-1]
                   for precision in PRECISIONS for workers in WORKERS}
    precision, workers = max(calibration, key=calibration.get).split()
    decoding = {str(count): run_peer(name, size, precision, count, "decoding", 2, 8)["images_per_s"][-1] for count in WORKERS}
    decoding_workers = max(decoding, key=decoding.get)
    ours, cached, decoded = [], [], []
    for _ in range(rounds):
        mine = run([binary, name, size, "auto", LABELS, 2, cache])
        theirs = run_peer(name, size, precision, workers, "cached", 2)
        if mine["parameters"] != theirs["parameters"] or mine["images"] != theirs["images"]:
            sys.exit(f"{name}: the two sides do not train the same: {mine} and {theirs}")
        ours.append(mine["images_per_s"][-1])
        cached.append(theirs["images_per_s"][-1])
        decoded.append(run_peer(name, size, precision, decoding_workers, "decoding", 2)["images_per_s"][-1])
    ratios = [a / b for a, b in zip(ours, cached)]
    result = {"network": name, "size": size, "batch": BATCH, "peer_precision": precision, "peer_workers": int(workers),
              "peer_calibration": calibration, "edgewise_images_per_s": spread(ours), "pytorch_cached_images_per_s": spread(cached),
              "pytorch_decoding_images_per_s": spread(decoded), "pytorch_decoding_workers": int(decoding_workers),
              "ratio_to_cached": spread(ratios), "ratio_to_decoding": spread([a / b for a, b in zip(ours, decoded)])}
    print(f"{name} {size}x{size}: edgewise {statistics.median(ours):.0f}, PyTorch {statistics.median(cached):.0f} cached "
          f"({precision}, {workers} workers), {statistics.median(decoded):.0f} decoding; ratio {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f})", file=sys.stderr)
    return result


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--peer":
        name, size, precision, workers, source, epochs, batches = sys.argv[2:]
        print(json.dumps(peer(name, int(size), precision, int(workers), source, int(epochs), int(batches))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", help="folder of the built programs")
    parser.add_argument("--rounds", type=int, default=5, help="timed in turn so often")
    parser.add_argument("--only", nargs="*", default=list(NETWORKS))
    arguments, _ = parser.parse_known_args()
    if not LABELS.exists():
        sys.exit(f"{LABELS} is missing: NO BENCHMARK RAN HERE")
    import machine
    import torch
    limit = avoid_crashes()
    with tempfile.TemporaryDirectory() as cache:
        results = [compare(pathlib.Path(arguments.bin) / "bench_train_speed", name, NETWORKS[name], arguments.rounds, cache) for name in arguments.only]
    figures = [{"name": f"{result['network']}: training speed to PyTorch's with pictures in memory", "value": result["ratio_to_cached"]["median"], "goal": GOAL,
                "better": "higher", "unit": "ratio"} for result in results]
    machine.write("train_speed", "make bench", {"what": "training images per second, loading and augmentation included", "goal_ratio": GOAL, "rounds": arguments.rounds,
                                                "figures": figures,
                                                "torch": torch.__version__, "onednn_max_cpu_isa": limit, "results": results})


main()
