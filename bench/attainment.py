"""Attainment surfaces of two objectives as a picture (SVG). The surfaces are search_bench's; nothing is computed here."""
import math

from polyline import thinned

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 480, 70, 230, 40, 50
COLOURS = ("#0072b2", "#d55e00")


class Axis:
    """Minimised values to pixels. On a logarithm where the values allow it and span more than a factor of 20."""

    def __init__(self, objective, low, high, begin, end):
        self.name, self.sign = objective["name"], -1 if objective["direction"] == "maximize" else 1
        self.is_log = low > 0 and high > 20 * low
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def scaled(self, value):
        return math.log(value) if self.is_log else value

    def __call__(self, value):
        value = min(max(value, self.low), self.high)
        share = (self.scaled(value) - self.scaled(self.low)) / (self.scaled(self.high) - self.scaled(self.low))
        return self.begin + (self.end - self.begin) * share

    def ticks(self):
        """Round values on the axis, with what is written there."""
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            values = [m * 10.0**p for p in powers for m in (1, 2, 5)]
        else:
            step = next(m * 10.0**p for p in range(-12, 13) for m in (1, 2, 5) if (self.high - self.low) / (m * 10.0**p) <= 8)
            values = [i * step for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        return [(value, f"{self.sign * value + 0.0:g}") for value in values if self.low <= value <= self.high]


def limits(objective, points, reference):
    """From the best value to the worst that is better than the reference."""
    values = [point[objective] for point in points]
    low = min(values)
    high = min(reference[objective], max(values) + 0.05 * (max(values) - low))
    return (low, high) if high > low else (low, low + 1)


def staircase(surface, x, y, reference):
    """What lies up and right of the surface is attained. From the upper edge at its left end to the right edge at its lower end."""
    inside = sorted((point for point in surface if point[0] < reference[0] and point[1] < reference[1]), key=lambda point: point[1])
    line = []
    for vertical, horizontal in inside:  # objectives 0 and 1: 1 is drawn from left to right
        line += [(x(horizontal), line[-1][1] if line else y(y.high)), (x(horizontal), y(vertical))]
    return line + [(x(x.high), line[-1][1])] if line else []


def text_of(points):
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)


def drawing(title, objectives, reference, front, strategies):
    """`strategies`: name -> {"runs", "best", "median", "worst"}, surfaces of minimised points. `front`: the true one, may be empty."""
    inside = [p for surfaces in strategies.values() for name in ("best", "median", "worst") for p in surfaces[name] if p[0] < reference[0] and p[1] < reference[1]]
    inside += [p for p in front if p[0] < reference[0] and p[1] < reference[1]]
    if not inside:
        return None
    x = Axis(objectives[1], *limits(1, inside, reference), LEFT, WIDTH - RIGHT)
    y = Axis(objectives[0], *limits(0, inside, reference), HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{LEFT}" y="24" font-size="15">{title}</text>']
    for value, label in y.ticks():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
                     f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{label}</text>')
    for value, label in x.ticks():
        parts.append(f'<line y1="{TOP}" y2="{HEIGHT - BOTTOM}" x1="{x(value):.1f}" x2="{x(value):.1f}" stroke="#ddd"/>'
                     f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{x.name}</text>'
                 f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{y.name}</text>')
    legend = []
    for colour, (strategy, surfaces) in zip(COLOURS, strategies.items()):
        best, median, worst = (thinned(staircase(surfaces[name], x, y, reference), 0.3) if surfaces[name] else [] for name in ("best", "median", "worst"))
        label = strategy.replace("&", "&amp;").replace("<", "&lt;")
        if best and worst:
            # Between what one run attains and what all do.
            outline = best + worst[::-1]
            parts.append(f'<polygon points="{text_of(outline)}" fill="{colour}" opacity="0.12"/>')
        for line, width, dash in ((best, 1, ' stroke-dasharray="2 2"'), (median, 2.5, ""), (worst, 1, ' stroke-dasharray="6 3"')):
            if line:
                parts.append(f'<polyline points="{text_of(line)}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')
        for name, width, dash in ((label, 2.5, ""), ("the best", 1, ' stroke-dasharray="2 2"'), ("all of them", 1, ' stroke-dasharray="6 3"')):
            legend.append((f'stroke="{colour}" stroke-width="{width}"{dash}', name))
    for a, b in (p for p in front if p[0] < reference[0] and p[1] < reference[1]):
        parts.append(f'<circle cx="{x(b):.1f}" cy="{y(a):.1f}" r="2" fill="#333"/>')
    for number, (style, name) in enumerate(legend):
        at = TOP + 18 * number + 10
        parts.append(f'<line x1="{WIDTH - RIGHT + 15}" x2="{WIDTH - RIGHT + 40}" y1="{at}" y2="{at}" {style}/><text x="{WIDTH - RIGHT + 46}" y="{at + 4}">{name}</text>')
    if front:
        at = TOP + 18 * len(legend) + 10
        parts.append(f'<circle cx="{WIDTH - RIGHT + 27}" cy="{at}" r="2" fill="#333"/><text x="{WIDTH - RIGHT + 46}" y="{at + 4}">true front</text>')
    return "\n".join(parts + ["</svg>\n"])
