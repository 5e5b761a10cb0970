"""Mistakes in space files, each with the message it gives, word by word: `edgewise space check`.

Every case must end with exit code 1 and a message that names a place in the file; none may crash or hang.
"""
import pathlib
import re
import sys
import tempfile

from program import compare, run

PARAMETERS = "parameters:\n  width: [8, 16]\n  depth: {type: integer, low: 1, high: 3}\n  kind: [conv, pool]\n"
CASES = []  # (title, text)


def whole(title, text):
    CASES.append((title, text))


def network(title, *steps):
    """A mistake in the network, below parameters that are right."""
    CASES.append((title, PARAMETERS + "network:\n  - conv_norm: {out: width}\n  - repeat: depth\n    do: [conv: {out: width}]\n  - choose: kind\n    from: {conv: [norm], pool: [max_pool]}\n"
                  + "".join(f"  {line}\n" for line in steps)))


def above(title, text):
    """A mistake in another section, beside a network that is right."""
    network(title)
    CASES[-1] = (title, text + "\n" + CASES[-1][1])


# --- the file
whole("no YAML", "space: [tiny\nnetwork: x\n")
whole("a list instead of sections", "- conv\n")
whole("no parameters", "network: [conv: {out: 3}]\n")
whole("no network", "parameters: {width: [8, 16]}\n")
above("a section that does not exist, nearly right", "constraint: [check: width < 9]")
above("an activation that does not exist", "activation: rellu")
above("an initialisation that does not exist", "init: random")
above("a norm's option that does not exist", "norm: {epsilon: 0.001}")
above("a norm out of range", "norm: {eps: 2}")

# --- parameters
whole("an end that means nothing", "parameters: {width: {type: integer, low: 8, high: inptu}}\nnetwork: [conv: {out: width}]\n")
whole("an index range the wrong way round", "parameters: {width[4..1]: [8, 16]}\nnetwork: [conv: {out: 8}]\n")
whole("ends the wrong way round", "parameters: {width: {type: integer, low: 16, high: 8}}\nnetwork: [conv: {out: width}]\n")
whole("a condition on something unknown", "parameters: {a: [1, 2], b: {values: [1, 2], when: {c: [1]}}}\nnetwork: [conv: {out: a}]\n")
whole("a description with braces", "parameters: {width: {type: integer, low: 1, high: 2, description: channels of {index}}}\nnetwork: [conv: {out: width}]\n")
above("a setting that is no number", "settings: {most: many}")
above("a name that is taken", "settings: {channels: 3}")
above("cases of which one lacks a name", "cases: [{of: kind, are: {conv: {a: 1, b: 2}, pool: {a: 3}}}]")
above("cases of nothing", "cases: [{are: {x: {a: 1}}}]")
above("named by what is no parameter", "named_by: network")

# --- constraints
above("a constraint without a check", "constraints: [message: too wide]")
above("a constraint with = for ==", "constraints: [check: width = 8]")
above("a constraint on something unknown", "constraints: [check: macz < 1e6]")
above("a message with an open brace", 'constraints: [{check: width < 9, message: "{width is too wide"}]')

# --- blocks and steps
network("a block that does not exist, nearly right", "- conv_nrom: {out: 3}")
network("an argument that does not exist, nearly right", "- conv: {out: 3, kernel_size: 3}")
network("an argument that is missing", "- conv: {kernel: 3}")
network("an argument out of range", "- conv: {out: 3, stride: 0}")
network("half a channel", "- conv: {out: 2.5}")
network("an argument's word that does not exist", "- mobilevit: {width: 8, ffn: 16, attention: full}")
network("a block without arguments that gets one", "- norm: {eps: 3}")
network("a name that means nothing", "- conv: {out: widht}")
network("an element of nothing", "- conv: {out: \"kernel[depth]\"}")
network("a formula that ends too early", "- conv: {out: 2 *}")
network("a comma that YAML takes", "- conv: {out: max(width, 12)}")
network("a text without quotes", "- conv: {out: if(kind == conv, 8, 16)}")
network("a step that is a list", "- [conv, norm]")
network("a step with something that it has not", "- repeat: depth", "  of: [norm]", "  do: [norm]")
network("a repeat of nothing", "- repeat: depth")
network("a choice of nothing", "- choose: kind")
network("a join of one branch", "- add: [[norm]]")
network("a let that is no map", "- let: width")
network("a feature without a name", "- feature:")
above("an own block with a built-in name", "blocks: {conv: {do: [norm]}}")
above("an own block that does nothing", "blocks: {mine: {takes: {out: null}}}")
above("an own block that uses itself", "blocks: {mine: {do: [mine]}}")

# --- what only building shows
network("a text where a number is needed", "- conv: {out: kind}")
network("a choice without steps for a value", "- choose: depth", "  from: {1: [norm], 2: []}")
network("branches that do not fit", "- add: [[conv: {out: 3}], [conv: {out: 4}]]")
network("groups that do not divide", "- conv: {out: 9, groups: 5}")
network("a map that becomes too small", "- repeat: 9", "  do: [max_pool]")
network("more steps than anyone needs", "- repeat: 1000", "  do:", "    - repeat: 1000", "      do: [norm]")
whole("a parameter without effect", "parameters: {width: [8, 16], depth: [1, 2, 3]}\nnetwork: [conv: {out: width}]\n")
whole("a value that no choice can have", "parameters: {a: [1, 2, 3], b: [1, 2]}\nconstraints: [check: a <= b]\nnetwork: [conv: {out: 2 * a + 7 * b}]\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        names = [f"s{number:02}.yaml" for number in range(1, len(CASES) + 1)]
        for name, (_, text) in zip(names, CASES):
            (pathlib.Path(folder) / name).write_text(text)
        done = run(["space", "check", *names], folder)
    output = done.stdout + done.stderr
    lines = [f"{len(CASES)} mistakes in space files, and what `edgewise space check` says of each.\n"]
    wrong = []
    for name, (title, text) in zip(names, CASES):
        mine = re.findall(rf"(error: (?:(?!\nerror: )[^\0])*?\n  at {name}:\d+:\d+\n(?:  next: .*\n)?)", output)
        if not mine:
            wrong.append(title)
        lines += [f"# {title}", *("    " + line for line in text.splitlines()), *mine]
    print("cases without a message at a place:", wrong)
    return 0 if compare("space_mistakes.txt", "\n".join(lines)) and not wrong and done.returncode == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
