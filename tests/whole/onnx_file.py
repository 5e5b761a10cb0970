"""What the whole-program tests read in ONNX files, by hand: no library for it is asked of who runs the tests."""


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """(number, value) of the fields of a protocol buffer that hold bytes or whole numbers."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 2:
            size, at = varint(data, at)
            yield tag >> 3, data[at:at + size]
            at += size
        elif tag & 7 == 0:
            value, at = varint(data, at)
            yield tag >> 3, value
        else:
            at += 8 if tag & 7 == 1 else 4


def input_shape(path):
    """Extents of the first input."""
    graph = dict(fields(path.read_bytes()))[7]  # ModelProto.graph
    value = next(entry for number, entry in fields(graph) if number == 11)  # GraphProto.input
    tensor = dict(fields(dict(fields(value))[2]))[1]  # ValueInfoProto.type, TypeProto.tensor_type
    shape = dict(fields(tensor))[2]
    return [dict(fields(dimension))[1] for number, dimension in fields(shape) if number == 1]
