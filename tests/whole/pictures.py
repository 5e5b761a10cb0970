"""Pictures without a library."""
import struct
import zlib

SIZE = 32


def write_png(path, level, rng):
    """A grey picture around `level` with some noise."""
    rows = b"".join(b"\0" + bytes(min(255, max(0, level + rng.randint(-20, 20))) for _ in range(3 * SIZE)) for _ in range(SIZE))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
