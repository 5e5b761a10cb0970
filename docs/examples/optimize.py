"""edgewise as the optimiser of a Python program: python3 optimize.py [edgewise]"""
import json
import pathlib
import subprocess
import sys

SPACE = pathlib.Path(__file__).with_name("optimize.yaml")
engine = subprocess.Popen([*(sys.argv[1:] or ["edgewise"]), "optimize", SPACE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def request(**line):
    print(json.dumps(line), file=engine.stdin, flush=True)
    answer = json.loads(engine.stdout.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer


def evaluate(shape, width, layers):
    return {"weight": width * layers * (1 if shape == "round" else 1.3), "strength": layers**0.5 * width / (1 + 0.1 * width**2)}


for _ in range(20):
    for trial in request(ask=2)["trials"]:
        request(tell=trial["id"], values=evaluate(**trial["choice"]))
for trial in request(front=True)["front"]:
    print("weight {weight:6.2f}  strength {strength:5.2f}".format(**trial["values"]), trial["choice"])
