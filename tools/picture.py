"""A run as one picture: each step's screenshot around the place where it acted, with a mark and its words."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from agent.episode import Step
from environments.action import Action
from environments.frame import Frame
from tools.describe import act_in_words
from tools.terminal import clean

TILE = (420, 460)
CAPTION = 46
GAP = 12
_INK, _PAPER, _MARK = (46, 52, 64), (236, 239, 244), (208, 66, 80)


def draw_run(steps: Sequence[Step], columns: int = 4) -> Image.Image:
    """A sheet with a tile for each step, in reading order."""
    middle = _middle(steps)
    rows = max(1, -(-len(steps) // columns))
    width = columns * (TILE[0] + GAP) + GAP
    height = rows * (TILE[1] + CAPTION + GAP) + GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    for number, step in enumerate(steps):
        left = GAP + number % columns * (TILE[0] + GAP)
        top = GAP + number // columns * (TILE[1] + CAPTION + GAP)
        sheet.paste(_tile(step, middle), (left, top + CAPTION))
        _caption(ImageDraw.Draw(sheet), step, left, top)
    return sheet


def save_run(steps: Sequence[Step], path: Path) -> None:
    """Write the sheet as a PNG. Raises OSError."""
    path.write_bytes(Frame.from_image(draw_run(steps)).png())


def _middle(steps: Sequence[Step]) -> tuple[int, int]:
    """The point around which all tiles are cut: the middle of everything that was touched, or else of the screen."""
    points = [point for step in steps for act in step.acts if isinstance(act, Action) for point in act.points()]
    if not points:
        size = steps[0].observation.frame.size if steps else TILE
        return size[0] // 2, size[1] // 2
    xs, ys = zip(*points, strict=True)
    return (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2


def _tile(step: Step, middle: tuple[int, int]) -> Image.Image:
    frame = step.observation.frame
    left = max(0, min(middle[0] - TILE[0] // 2, frame.size.width - TILE[0]))
    top = max(0, min(middle[1] - TILE[1] // 2 - 60, frame.size.height - TILE[1]))
    image = frame.image()
    draw = ImageDraw.Draw(image)
    for act in step.acts:
        for x, y in act.points() if isinstance(act, Action) else ():
            draw.ellipse((x - 17, y - 17, x + 17, y + 17), outline=_MARK, width=4)
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=_MARK)
    right, bottom = min(left + TILE[0], frame.size.width), min(top + TILE[1], frame.size.height)
    return image.crop((left, top, right, bottom))


def _caption(draw: ImageDraw.ImageDraw, step: Step, left: int, top: int) -> None:
    words = "; ".join(act_in_words(act) for act in step.acts) or clean(step.error)
    thought = clean(step.thought, 56)
    draw.text((left, top), f"{step.index + 1}  {thought}", fill=_INK, font=ImageFont.load_default(17))
    draw.text((left, top + 22), clean(words, 64), fill=_MARK, font=ImageFont.load_default(15))
