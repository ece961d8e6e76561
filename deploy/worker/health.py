"""Says by its exit status whether ComfyUI answers; while models are fetched before its start, that counts as health."""

import os
import sys
import urllib.request
from pathlib import Path

try:
    port = int(os.environ.get("COMFYUI_PORT") or 8188)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/system_stats", timeout=5) as answer:
        sys.exit(answer.status != 200)
except OSError as error:
    if Path(os.environ.get("COMFYUI_DATA") or "/data", ".fetching-models").exists():
        sys.exit(0)
    print(f"/system_stats: {error}")
    sys.exit(1)
