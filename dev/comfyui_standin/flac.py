"""A FLAC file (RFC 9639) of silence: frames of constant subframes."""

import hashlib

BLOCK = 4096


def silence(seconds: float, sample_rate: int, channels: int) -> bytes:
    """16 bits a sample; at most ten minutes are written."""
    samples = round(min(seconds, 600) * sample_rate)
    frames = [
        _frame(number, min(BLOCK, samples - number * BLOCK), channels)
        for number in range((samples + BLOCK - 1) // BLOCK)
    ]
    digest = hashlib.md5(bytes(2 * channels * samples), usedforsecurity=False).digest()
    described = sample_rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    info = BLOCK.to_bytes(2) * 2 + bytes(6) + described.to_bytes(8) + digest
    return b"fLaC" + b"\x80" + len(info).to_bytes(3) + info + b"".join(frames)


def _frame(number: int, length: int, channels: int) -> bytes:
    """The block's length stands in 16 bits after the number; rate and sample size are the stream's."""
    header = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4]) + _coded(number) + (length - 1).to_bytes(2)
    header += bytes([_crc(header, 0x07, 8)])
    frame = header + bytes(3) * channels  # subframe: one byte of type (constant), one sample of 16 bits
    return frame + _crc(frame, 0x8005, 16).to_bytes(2)


def _coded(number: int) -> bytes:
    """UTF-8's way of writing a number."""
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, polynomial: int, width: int) -> int:
    top, mask, value = 1 << (width - 1), (1 << width) - 1, 0
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value
