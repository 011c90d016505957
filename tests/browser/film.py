"""Films for a fake camera: codes held by an unsteady hand - moving, tilted, blurred, under poor light.

Chromium plays one with `--use-file-for-fake-video-capture=<path>`, over and over.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from screening.tube.printers import code128, qr

SIZE = (640, 480)
RATE = 30  # frames a second, which Chromium takes for granted
FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def flags(path: Path) -> list[str]:
    """What Chromium is started with to see the film through its camera, unasked."""
    return [*FLAGS, f"--use-file-for-fake-video-capture={path}"]


def make_film(
    path: Path, texts: Iterable[str], *, seconds: float = 1.2, gap: float = 0.5, rest: float = 0,
    seed: int = 1,
) -> Path:  # fmt: skip
    """One code after the other, each for `seconds`, with an empty table between for `gap` and at
    the end for `rest` more, before the film begins anew."""
    chance = random.Random(seed)
    table = _jpeg(Image.new("L", SIZE, 110))
    with path.open("wb") as film:
        for text in texts:
            for frame in _held(label(text), round(seconds * RATE / 2), chance):
                film.write(frame * 2)
            film.write(table * round(gap * RATE))
        film.write(table * round(rest * RATE))
    return path


def label(text: str) -> Image.Image:
    """Code 128 for digits, as on tubes; a QR code for everything else."""
    return _bars(text) if text.isdigit() and len(text) % 2 == 0 else _square(text)


def _bars(text: str) -> Image.Image:
    module, high = 3, 120
    wide = (code128.modules(text) + 20) * module
    picture = Image.new("L", (wide, high + 60), 250)
    pen = ImageDraw.Draw(picture)
    for at, width in code128.bars(text):
        left = (10 + at) * module
        pen.rectangle([left, 24, left + width * module - 1, 24 + high], fill=12)
    return picture


def _square(text: str) -> Image.Image:
    matrix = qr.matrix(text)
    side = len(matrix)
    module = max(2, 340 // (side + 8))
    picture = Image.new("L", ((side + 8) * module,) * 2, 250)
    pen = ImageDraw.Draw(picture)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                left, top = (x + 4) * module, (y + 4) * module
                pen.rectangle([left, top, left + module - 1, top + module - 1], fill=12)
    return picture


def _held(code: Image.Image, frames: int, chance: random.Random) -> Iterator[bytes]:
    """A hand brings the code in, holds it slanted, and takes it out: the ends are badly blurred."""
    tilt, start = chance.uniform(-14, 14), chance.uniform(0, 2 * math.pi)
    for i in range(frames):
        away = abs(2 * i / max(frames - 1, 1) - 1)  # 1 at the ends, 0 in the middle
        angle = tilt + 3 * math.sin(start + i / 9)
        turned = code.rotate(angle, expand=True, fillcolor=110, resample=Image.Resampling.BICUBIC)
        fit = min(SIZE[0] * 0.94 / turned.width, SIZE[1] * 0.94 / turned.height, 1.0)
        scale = fit * (1 - 0.1 * away)
        turned = turned.resize((int(turned.width * scale), int(turned.height * scale)))
        scene = Image.new("L", SIZE, 110)
        sway = 14 * math.sin(start + i / 7)
        left = int((SIZE[0] - turned.width) / 2 + sway * (1 - fit * 0.9))
        top = int((SIZE[1] - turned.height) / 2 + 60 * away**3)
        scene.paste(turned, (left, top))
        scene = scene.filter(ImageFilter.GaussianBlur(0.6 + 3.5 * away**4))
        dim = 0.75 + 0.2 * math.sin(i / 11)
        yield _jpeg(scene.point(lambda v, d=dim: int(v * d)))


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
