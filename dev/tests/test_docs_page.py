"""GET /docs in a real browser: read, and tried out. SCREENSHOTS=FOLDER keeps what it looked like."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, Page
from process import Standin
from served import Served

PHONE = 390


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    # Slow enough that progress can be seen.
    worker = Standin(tmp_path_factory.mktemp("comfyui"), "--step-ms", "150")
    system = Served(worker.address)
    yield system
    assert system.stop() == 0
    worker.stop()


async def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        await page.screenshot(Path(folder) / f"{name}.png")


async def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        await page.ask(f"document.getElementById('generate').elements['{name}'].value = {value!r}")


async def submit(page: Page) -> None:
    await page.ask("document.querySelector('#generate button').click()")


def text(name: str) -> str:
    return f"document.getElementById('{name}').textContent"


@pytest.mark.parametrize("width", [1200, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_job_from_the_form_to_the_picture(served: Served, width: int, dark: bool) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs", width=width, dark=dark)
            # Of its own, or ComfyUI would have everything cached.
            prompt = f"a lighthouse, {'at night' if dark else 'by day'}, on a screen of {width}"
            await fill(page, prompt=prompt, width="256", height="192", steps="40", seed="18446744073709551615")
            await submit(page)
            # Live: the percentage is seen on its way.
            seen, shown = set(), set()
            preview = "document.getElementById('preview')"
            while (state := await page.ask(text("state"))) not in ("completed", "failed"):
                seen.add((state, await page.ask("document.getElementById('progress').value")))
                if await page.ask(f"!{preview}.hidden && {preview}.complete && {preview}.naturalWidth"):
                    if not shown:
                        await keep(page, f"preview-{'dark' if dark else 'light'}-{width}")
                    shown.add(await page.ask(f"{preview}.src"))
                await asyncio.sleep(0.02)
            assert state == "completed", await page.ask(text("node"))
            assert any(0 < percent < 100 for status, percent in seen if status == "running"), seen
            # And what there is so far, each time anew.
            assert len(shown) >= 2, shown
            assert await page.ask(f"{preview}.hidden && !{preview}.src")
            # One that was asked for in the moment of the end is gone; the browser says so.
            page.complaints[:] = [line for line in page.complaints if "404" not in line]
            assert await page.ask("document.getElementById('progress').value") == 100
            # A seed that a number of JavaScript does not hold.
            assert await page.ask(text("node")) == "Seed 18446744073709551615"
            image = "document.querySelector('#pictures img')"
            await page.until(f"{image}.complete && {image}.naturalWidth")
            assert await page.ask(f"[{image}.naturalWidth, {image}.naturalHeight]") == [256, 192]
            job = await page.ask(text("job-id"))
            await page.ask("document.getElementById('list').click()")
            await page.until("document.querySelectorAll('#jobs li').length")
            assert job in await page.ask(text("jobs"))
            # Nothing is wider than the screen but what scrolls by itself.
            assert await page.ask("document.documentElement.scrollWidth") <= width
            await keep(page, f"tried-{'dark' if dark else 'light'}-{width}")
            assert page.complaints == []

    asyncio.run(run())


def test_it_asks_nobody_but_its_own(served: Served) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs")
            await page.ask("document.getElementById('list').click()")
            await page.until("document.querySelectorAll('#jobs li').length")
            # A page asks for an icon by itself, unless its policy forbids it.
            assert [url for url in page.requests if not url.startswith(f"{served.address}/")] == []
            assert page.complaints == []

    asyncio.run(run())


def test_the_policy_holds(served: Served) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs")
            await page.ask(
                """(() => { const script = document.createElement("script");
                try { script.textContent = "window.ran = true"; } catch { return; }
                document.body.append(script); })()"""
            )
            assert await page.ask("window.ran === undefined")
            refused = await page.ask("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)")
            assert refused == "TypeError"
            assert page.requests[-1].startswith(served.address) or any("Content Security" in c for c in page.complaints)

    asyncio.run(run())


def test_faults_are_shown_and_a_running_job_can_be_cancelled(served: Served) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs")
            # What the browser's own check would stop.
            await page.ask("document.getElementById('generate').noValidate = true")
            await fill(page, prompt="<b>x</b>", width="63", steps="0")
            await submit(page)
            await page.until("!document.getElementById('refusal').hidden")
            assert "'width' must be" in await page.ask(text("refusal"))
            assert "'steps' must be" in await page.ask(text("refusal"))
            await keep(page, "refused")
            page.complaints.clear()  # the browser's own line on a 400
            await fill(page, width="64", steps="150")
            await submit(page)
            await page.until(f"{text('state')} === 'running'")
            assert await page.ask("document.getElementById('refusal').hidden")
            await page.ask("document.getElementById('cancel').click()")
            await page.until(f"{text('state')} === 'cancelled'")
            assert page.complaints == []

    asyncio.run(run())


def test_where_events_do_not_stream_the_job_is_asked_for(served: Served) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs")
            await page.ask(
                """window.fetch = ((original) => (path, options) => path.endsWith("/events")
                ? Promise.resolve(new Response("", { status: 404 })) : original(path, options))(window.fetch)"""
            )
            await fill(page, width="64", height="64", steps="4")
            await submit(page)
            await page.until(f"{text('state')} === 'completed'")

    asyncio.run(run())


@pytest.mark.parametrize("width", [1200, PHONE])
def test_it_reads_without_scripts(served: Served, width: int) -> None:
    async def run() -> None:
        async with Browser() as page:
            await page.open(f"{served.address}/docs", width=width, scripts=False)
            assert await page.ask("getComputedStyle(document.getElementById('try')).display") == "none"
            assert await page.ask("document.querySelector('noscript').textContent.includes('can be read')")
            await page.ask("document.querySelectorAll('details').forEach((each) => each.open = true)")
            shown = await page.ask("document.body.innerText")
            for words in ("POST /v1/generate", "negative_prompt", "VALIDATION_ERROR", "required", "text/event-stream"):
                assert words in shown, words
            assert await page.ask("document.documentElement.scrollWidth") <= width
            await keep(page, f"read-{width}")

    asyncio.run(run())
