"""Comparing what a socket heard."""

from normaliser import Normaliser, recorded_binary_frame


def split(frames: list[dict], steps: bool) -> tuple[list[dict], list[dict]]:
    """The `status` frames and the others, each in order: how the two mix depends on how fast clients post.

    Without `steps`, the frames of single steps are left out: how many are heard before an interrupt
    or after a reconnect depends on the moment.
    """
    statuses = [frame for frame in frames if frame.get("type") == "status"]
    others = [frame for frame in frames if frame.get("type") != "status" and (steps or not _is_step(frame))]
    return statuses, others


def _is_step(frame: dict) -> bool:
    if "magic" in frame or frame["type"] == "progress":
        return True
    nodes = frame["data"]["nodes"].values() if frame["type"] == "progress_state" else ()
    return any(node["state"] == "running" and node["value"] > 0 for node in nodes)


def recorded(socket: dict) -> list[dict]:
    """The server's frames of a recorded socket."""
    frames = [frame for frame in socket["frames"] if frame.get("dir") == "server->client"]
    return [frame["text"] if "text" in frame else recorded_binary_frame(frame["binary"]) for frame in frames]


def differences(
    name: str, expected: list[dict], actual: list[dict], normaliser: Normaliser, steps: bool, cut_short: bool = False
) -> list[str]:
    """What differs, in words; empty when nothing does."""
    found = []
    kinds = ("status frames", "frames")
    for kind, wanted, heard in zip(kinds, split(expected, steps), split(actual, steps), strict=True):
        wanted_text = [normaliser.json(frame) for frame in wanted]
        heard_text = [normaliser.json(frame) for frame in heard]
        if cut_short:
            shorter = min(len(wanted_text), len(heard_text))
            del wanted_text[shorter:], heard_text[shorter:]
        if wanted_text == heard_text:
            continue
        place = next(
            (i for i, (w, h) in enumerate(zip(wanted_text, heard_text, strict=False)) if w != h),
            min(len(wanted), len(heard)),
        )
        found.append(
            f"{name}, {kind}: {len(wanted)} recorded, {len(heard)} heard; they part at {place}:\n"
            f"  recorded {wanted_text[place][:1500] if place < len(wanted) else 'nothing more'}\n"
            f"  heard    {heard_text[place][:1500] if place < len(heard) else 'nothing more'}"
        )
    return found
