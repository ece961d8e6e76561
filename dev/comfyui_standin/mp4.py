"""A minimal MP4 writer: one track of JPEG pictures (ISO/IEC 14496-12 and -14, object type 0x6C)."""

import struct
from io import BytesIO

from PIL import Image

TIMESCALE = 1000
IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def motion_jpeg(frames: list[Image.Image], fps: float) -> bytes:
    """The whole file; every frame is shown equally long."""
    pictures = [_jpeg(frame) for frame in frames]
    width, height = frames[0].size
    each = round(TIMESCALE / fps)
    header = _box(b"ftyp", b"isom" + struct.pack(">I", 0x200) + b"isomiso2mp41")
    data = _box(b"mdat", b"".join(pictures))
    return header + data + _movie(pictures, width, height, each, len(header) + 8)


def _movie(pictures: list[bytes], width: int, height: int, each: int, offset: int) -> bytes:
    duration = each * len(pictures)
    movie_header = _full(
        b"mvhd",
        struct.pack(">IIIIIHHII", 0, 0, TIMESCALE, duration, 0x10000, 0x100, 0, 0, 0)
        + IDENTITY
        + bytes(24)
        + struct.pack(">I", 2),
    )
    track_header = _full(
        b"tkhd",
        struct.pack(">IIIIIIIHHHH", 0, 0, 1, 0, duration, 0, 0, 0, 0, 0, 0)
        + IDENTITY
        + struct.pack(">II", width << 16, height << 16),
        flags=3,
    )
    sizes = struct.pack(">II", 0, len(pictures)) + b"".join(struct.pack(">I", len(each)) for each in pictures)
    tables = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + _sample_entry(width, height))
        + _full(b"stts", struct.pack(">III", 1, len(pictures), each))
        + _full(b"stsc", struct.pack(">IIII", 1, 1, len(pictures), 1))
        + _full(b"stsz", sizes)
        + _full(b"stco", struct.pack(">II", 1, offset)),
    )
    reference = _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1))
    information = _box(b"minf", _full(b"vmhd", bytes(8), flags=1) + _box(b"dinf", reference) + tables)
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, TIMESCALE, duration, 0x55C4, 0))
        + _full(b"hdlr", struct.pack(">I4s", 0, b"vide") + bytes(12) + b"video\0")
        + information,
    )
    return _box(b"moov", movie_header + _box(b"trak", track_header + media))


def _sample_entry(width: int, height: int) -> bytes:
    visual = bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HH", width, height)
    visual += struct.pack(">IIIH", 0x480000, 0x480000, 0, 1) + bytes(32) + struct.pack(">Hh", 24, -1)
    config = b"\x04\x0d\x6c\x11" + bytes(11)  # DecoderConfigDescriptor: JPEG, visual stream
    descriptor = b"\x03" + bytes([3 + len(config) + 3]) + b"\0\1\0" + config + b"\x06\x01\x02"
    return _box(b"mp4v", visual + _full(b"esds", descriptor))


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _full(name: bytes, content: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + content)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content
