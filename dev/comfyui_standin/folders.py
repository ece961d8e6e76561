"""The folders input, output and temp, and the names of files in them."""

import mimetypes
import os
import shutil
import tempfile
import time
from pathlib import Path

from PIL import Image

from .picture import draw

TYPES = ("input", "output", "temp")


class Folders:
    """Where files are read and written. Without a given base everything is temporary."""

    def __init__(self, base: Path | None):
        self._temporary = base is None
        self.base = (base or _temporary_folder()).resolve()
        shutil.rmtree(self.base / "temp", ignore_errors=True)
        for name in TYPES:
            (self.base / name).mkdir(parents=True, exist_ok=True)
        (self.base / "output" / "_output_images_will_be_put_here").touch()  # it comes with ComfyUI
        example = self.base / "input" / "example.png"
        if not example.exists():
            draw({"text": "example"}, 256, 256).save(example)

    def remove(self) -> None:
        """Called once at the end."""
        shutil.rmtree(self.base if self._temporary else self.base / "temp", ignore_errors=True)

    def of_type(self, name: str) -> Path | None:
        return self.base / name if name in TYPES else None

    def images(self, kind: str) -> list[str]:
        """The pictures directly in a folder, by their names' endings, as the lists of /object_info show them."""
        names = [entry.name for entry in (self.base / kind).iterdir() if entry.is_file()]
        return sorted(name for name in names if (mimetypes.guess_type(name)[0] or "").startswith("image/"))

    @staticmethod
    def annotated(name: str) -> tuple[str, str | None]:
        """`x.png [temp]` is `x.png` in temp; without a note the type is not known."""
        for kind in TYPES:
            if name.endswith(f"[{kind}]"):
                return name[: -len(kind) - 2].rstrip(" "), kind
        return name, None

    def find_input(self, name: str) -> Path | None:
        """The file an input name means, or nothing when it is missing or lies outside its folder."""
        plain, kind = self.annotated(name)
        folder = self.base / (kind or "input")
        path = (folder / plain).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None

    def next_output(self, prefix: str, kind: str, size: tuple[int, int] = (0, 0)) -> tuple[Path, str, str, int]:
        """The folder to write to, the name's stem, the subfolder, and the first free counter."""
        root = self.base / kind
        stem_path = self._expand(prefix, size)
        target = Path(_normal(str(root / stem_path)))
        folder, stem = target.parent, target.name
        if not folder.is_relative_to(root):
            raise Exception(  # the class is what clients of ComfyUI see
                "**** ERROR: Saving image outside the output folder is not allowed."
                f"\n full_output_folder: {folder}\n         output_dir: {root}"
            )
        folder.mkdir(parents=True, exist_ok=True)
        subfolder = folder.relative_to(root).as_posix()
        return folder, stem, "" if subfolder == "." else subfolder, self._counter(folder, stem)

    @staticmethod
    def _counter(folder: Path, stem: str) -> int:
        highest = 0
        for entry in folder.iterdir():
            if entry.name.lower().startswith(stem.lower() + "_"):
                digits = entry.name[len(stem) + 1 :].split("_")[0].split(".")[0]
                if digits.isdigit():
                    highest = max(highest, int(digits))
        return highest + 1

    @staticmethod
    def _expand(prefix: str, size: tuple[int, int]) -> str:
        now = time.localtime()
        values = {
            "width": str(size[0]),
            "height": str(size[1]),
            "year": str(now.tm_year),
            "month": f"{now.tm_mon:02}",
            "day": f"{now.tm_mday:02}",
            "hour": f"{now.tm_hour:02}",
            "minute": f"{now.tm_min:02}",
            "second": f"{now.tm_sec:02}",
        }
        for name, value in values.items():
            prefix = prefix.replace(f"%{name}%", value)
        return prefix


def _temporary_folder() -> Path:
    """Named after this process; those of processes that were killed, and could not remove theirs, go now."""
    for old in Path(tempfile.gettempdir()).glob("comfyui-standin-*-*"):
        owner = old.name.split("-")[2]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"comfyui-standin-{os.getpid()}-"))


def open_image(path: Path) -> Image.Image:
    """Reads a picture whole, so that a broken one fails here."""
    image = Image.open(path)
    image.load()
    return image


def _normal(path: str) -> str:
    """Resolves `..` by text alone: the folder need not exist yet."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts and parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
