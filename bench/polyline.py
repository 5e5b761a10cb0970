"""Lines with fewer points."""


def thinned(points, tolerance):
    """The points of a line without those that lie nearer than `tolerance` to what is left (Douglas, Peucker, Cartographica 10(2), 1973)."""
    if len(points) < 3:
        return list(points)
    keep = {0, len(points) - 1}
    open_spans = [(0, len(points) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        (x0, y0), (x1, y1) = points[first], points[last]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        farthest, most = None, tolerance
        for i in range(first + 1, last):
            x, y = points[i]
            distance = abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length if length else ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
            if distance > most:
                farthest, most = i, distance
        if farthest is not None:
            keep.add(farthest)
            open_spans += [(first, farthest), (farthest, last)]
    return [points[i] for i in sorted(keep)]
