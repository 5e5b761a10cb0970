"""PyTorch's side of train_load.py and search_throughput.py: trains torchvision networks one after the other as a careful user of PyTorch would.

    python3 bench/torch_peer.py '{"networks": ["resnet18"], "size": 64, "batch": 32, "images": 800, "epochs": [2], "threads": 1}'

Pictures lie decoded in memory; flip, affine and colour augmentation by torchvision; channels-last; fused AdamW; pixels are converted batch by
batch. Prints the images per second of each epoch of each network as JSON. Pictures are noise: only the time is of interest here.
"""
import json
import sys
import time


def train(model, pictures, size, batch, epochs, images):
    import torch
    from torchvision import transforms

    model = model.to(memory_format=torch.channels_last).train()
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 1e-4}, {"params": plain, "weight_decay": 0}], 1e-3, fused=True)
    transform = transforms.Compose([
        transforms.RandomHorizontalFlip(),
        transforms.RandomAffine(0, translate=(0.1, 0.1), scale=(0.9, 1.1), interpolation=transforms.InterpolationMode.BILINEAR),
        transforms.ColorJitter(brightness=0.1, contrast=0.2, saturation=0.2),
        transforms.PILToTensor()])
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1) * 255
    factor = 1 / (torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1) * 255)
    speeds = []
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(images).tolist()
        for first in range(0, images - images % batch, batch):
            pixels = torch.stack([transform(pictures[i % len(pictures)]) for i in order[first:first + batch]])
            inputs = ((pixels.float() - mean) * factor).contiguous(memory_format=torch.channels_last)
            targets = torch.zeros(len(inputs), 4)
            optimizer.zero_grad()
            torch.nn.functional.smooth_l1_loss(model(inputs), targets).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        speeds.append((images - images % batch) / (time.perf_counter() - start))
    return speeds


def main():
    import numpy
    import torch
    import torchvision
    from PIL import Image

    asked = json.loads(sys.argv[1])
    torch.set_num_threads(asked["threads"])
    torch.manual_seed(1)
    noise = numpy.random.default_rng(1)
    pictures = [Image.fromarray(noise.integers(0, 256, (asked["size"], asked["size"], 3), numpy.uint8)) for _ in range(256)]
    results, start = [], time.perf_counter()
    for name, epochs in zip(asked["networks"], asked["epochs"]):
        options = {"aux_logits": False} if name in ("googlenet", "inception_v3") else {}
        options |= {"init_weights": False} if options else {}
        model = getattr(torchvision.models, name)(num_classes=4, **options)
        results.append({"network": name, "images_per_s": train(model, pictures, asked["size"], asked["batch"], epochs, asked["images"])})
    print(json.dumps({"results": results, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
