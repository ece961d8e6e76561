"""Headless Chromium, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

import asyncio
import base64
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or "chromium"


class Page:
    """One page of one browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse):
        self._socket = socket
        self._numbers = itertools.count(1)
        # What the page said and asked for: console errors, exceptions, policy violations; addresses.
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=30)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._take(message.get("method"), message.get("params", {}))

    def _take(self, event: str | None, found: dict) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(found["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(found["exceptionDetails"].get("exception", found["exceptionDetails"])))
        elif event == "Log.entryAdded" and found["entry"]["level"] in ("error", "warning"):
            self.complaints.append(found["entry"]["text"])
        elif event == "Audits.issueAdded":
            self.complaints.append(str(found["issue"]["code"]))

    async def open(self, address: str, *, width: int = 1200, dark: bool = False, scripts: bool = True) -> None:
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        await self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        await self.call("Page.navigate", url=address)
        # Readable with scripts off too, because DevTools evaluates all the same.
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def ask(self, expression: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str, seconds: float = 30) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := await self.ask(expression):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"it did not come true: {expression}")

    async def screenshot(self, path: Path) -> None:
        """Of the whole page."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 8000), "scale": 1}
        shot = await self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


class Browser:
    """A browser with a profile of its own; `async with`."""

    async def __aenter__(self) -> Page:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        arguments = [
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
            f"--user-data-dir={self._folder.name}",
        ]  # fmt: skip
        # Its sandbox refuses root, which CI's container is; what is opened here is our own page.
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        self._process = subprocess.Popen(
            ["timeout", "--foreground", "300", PROGRAM, *arguments, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port = await self._port()
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            target = next(each for each in await answer.json() if each["type"] == "page")
        self._socket = await self._session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=1 << 28)
        return Page(self._socket)

    async def _port(self) -> int:
        file = Path(self._folder.name, "DevToolsActivePort")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if file.exists() and len(lines := file.read_text().splitlines()) == 2:
                return int(lines[0])
            assert self._process.poll() is None, "the browser ended before it was ready"
            await asyncio.sleep(0.05)
        raise AssertionError("the browser was not ready within a minute")

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._session.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        self._folder.cleanup()
