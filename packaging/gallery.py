"""Draw the README's pictures from the real window: `python packaging/gallery.py [--out FOLDER]`.

Nothing is staged. The application is built as a user's is, with the real model and the bundled samples, and driven by
mouse and key events on a screen that nobody sees; then the window is grabbed. It works on a copy of the samples and
with settings of its own, so that no work of the person who runs it is touched. The same machine draws the same
pictures, but for the milliseconds in the status bar.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from sam_inspector.core.geometry import pixel_to_view
from sam_inspector.core.prompts import Box, Point
from sam_inspector.models.weights import FOLDER_VARIABLE, weights_folder
from sam_inspector.resources_path import resources_path
from sam_inspector.ui.app import Application, build, make_qt_application
from sam_inspector.ui.session import PromptSource
from sam_inspector.ui.settings import CompareSetting, PaneSetting, Settings

PICTURES = Path(__file__).resolve().parents[1] / ".github" / "pictures"
SIZE = (1440, 900)
SMALL = (1024, 700)
COLOURS = 256
"""A palette keeps a picture below 400 KB; the window's own flat colours survive it."""
TIMEOUT_MS = 300_000
SETTLE_MS = 700
"""Longer than every fade, and than the wait for the last thumbnails."""

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_BUTTON, NO_MODIFIER = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


class Hands:
    """A person at the window: moves, clicks, presses keys, waits until the window has answered."""

    def __init__(self, application: Application) -> None:
        self.app = application
        self.window = application.window
        self.session = application.session
        self.canvas = application.window.views.canvas
        self.folder = Path()
        self.troubles: list[str] = []
        application.presenter.trouble.connect(self._note)
        application.presenter.model_failed.connect(lambda text: self._note("error", text))

    def _note(self, level: str, text: str) -> None:
        if level != "info":
            self.troubles.append(text)

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Let the window live until something has happened; any trouble in between ends the program."""
        loop, look, stop = QEventLoop(), QTimer(), QTimer()
        look.timeout.connect(lambda: loop.quit() if self.troubles or until() else None)
        look.start(10)
        stop.setSingleShot(True)
        stop.timeout.connect(loop.quit)
        stop.start(TIMEOUT_MS)
        loop.exec()
        if self.troubles:
            sys.exit(f"While waiting for {what}: {self.troubles[0]}")
        if not until():
            sys.exit(f"Waited {TIMEOUT_MS / 1000:.0f} s in vain for {what}.")

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, where it shares its place with another."""
        self.window.findChild(QDockWidget, name).raise_()

    def pause(self, ms: int = SETTLE_MS) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def load_model(self) -> None:
        """Load the model as a start does."""
        ready: list[object] = []
        self.app.presenter.model_ready.connect(ready.append)
        self.app.controls.model.load()
        self.wait(lambda: bool(ready), "the model")

    def open(self, folder: Path, key: str) -> None:
        """Open a folder at one of its images."""
        self.folder = folder
        self.app.presenter.open_path(folder, key)
        self.wait(lambda: self._shows(key), key)

    def go_to(self, key: str) -> None:
        """Show another image of the folder."""
        self.app.presenter.select(key)
        self.wait(lambda: self._shows(key), key)

    def wait_for_next(self, key: str) -> None:
        """Until a verdict has gone on from an image, and the next one has its scores too."""
        self.wait(lambda: self.session.opened is not None and self.session.opened.key != key, "the next image")
        self.wait_for_scores()

    def _shows(self, key: str) -> bool:
        opened = self.session.opened
        return opened is not None and opened.key == key and opened.sample.path.is_relative_to(self.folder)

    def wait_for_scores(self) -> None:
        """Until the numbers on screen belong to the mask on screen."""
        self.wait(lambda: self.session.scores_are_current, "the scores")

    def press(self, key: Qt.Key) -> None:
        """Press a key on the canvas."""
        QTest.keyClick(self.canvas, key)

    def trigger(self, action: str) -> None:
        """Choose a menu entry."""
        self.window.action(action).trigger()

    def click(self, at: Point, button: Qt.MouseButton = LEFT) -> None:
        """Click a pixel of the image."""
        self._mouse(QEvent.Type.MouseButtonPress, at, button, button)
        self._mouse(QEvent.Type.MouseButtonRelease, at, button, NO_BUTTON)

    def drag(self, box: Box) -> None:
        """Drag from one corner of a box to the other."""
        start, end = box[:2], box[2:]
        self._mouse(QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
        for share in (0.3, 0.6, 1.0):
            at = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            self._mouse(QEvent.Type.MouseMove, at, NO_BUTTON, LEFT)
        self._mouse(QEvent.Type.MouseButtonRelease, end, LEFT, NO_BUTTON)

    def point_at(self, at: Point) -> None:
        """Rest the pointer on a pixel, so that the status bar has its values."""
        self._mouse(QEvent.Type.MouseMove, at, NO_BUTTON, NO_BUTTON)

    def _mouse(self, kind: QEvent.Type, at: Point, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        viewport = self.canvas.viewport()
        place = self.canvas.view_point(QPointF(*pixel_to_view(*at)))
        event = QMouseEvent(kind, place, QPointF(viewport.mapToGlobal(place)), button, buttons, NO_MODIFIER)
        QApplication.sendEvent(viewport, event)


# --- the pictures --------------------------------------------------------------------------------------------------


def draw(hands: Hands, samples: Path, out: Path) -> None:
    """One walk through the program, grabbed where it is worth a look."""
    hands.load_model()
    hands.pause()
    save(hands, out / "welcome.png")

    _do_some_images(hands, samples / "gear", ("broken_tooth/000", "broken_tooth/001", "scratch/000", "rust/001"))
    _segment_by_hand(hands)
    save(hands, out / "inspect-light.png")

    hands.window.resize(*SMALL)
    hands.pause()
    hands.press(Qt.Key.Key_F)
    hands.pause()
    save(hands, out / "inspect-small.png")

    hands.window.resize(*SIZE)
    _prompt_automatically(hands)
    save(hands, out / "inspect-automatic.png")

    _cascade(hands, samples / "brick")
    save(hands, out / "inspect-cascade.png")

    _compare(hands, samples)
    save(hands, out / "compare.png")

    _evaluate(hands)
    save(hands, out / "evaluate.png")

    _tune(hands)
    save(hands, out / "tune.png")

    hands.window.set_workspace("inspect")
    hands.trigger("theme_dark")
    hands.pause()
    _do_some_images(hands, samples / "brick", ("crack/000", "crack/001", "spall/000", "spall/001"))
    _look_at_errors(hands)
    save(hands, out / "inspect-dark-errors.png")


def _do_some_images(hands: Hands, category: Path, names: tuple[str, ...]) -> None:
    """Box and point of every region from the ground truth, and a verdict on each image."""
    hands.session.set_source(PromptSource("gt", "bp"))
    hands.open(category, f"test/{names[0]}.jpg")
    for name in names:
        hands.go_to(f"test/{name}.jpg")
        hands.wait_for_scores()
        hands.press(Qt.Key.Key_W)
        hands.wait_for_next(f"test/{name}.jpg")


def _segment_by_hand(hands: Hands) -> None:
    """The large patch of rust: a box, a point on it, and one that says that the hole is not of it."""
    hands.trigger("source_hand")
    hands.go_to("test/rust/000.jpg")
    hands.press(Qt.Key.Key_Escape)  # the verdicts came by here, with prompts from the ground truth
    hands.wait(lambda: hands.session.mask_status == "none", "an empty canvas")
    hands.press(Qt.Key.Key_B)
    hands.drag((104, 333, 245, 455))
    hands.wait_for_scores()
    hands.press(Qt.Key.Key_P)
    hands.click((160, 400))
    hands.wait_for_scores()
    hands.click((220, 367), RIGHT)
    hands.wait_for_scores()
    hands.press(Qt.Key.Key_F)
    hands.point_at((142, 372))
    hands.pause()


def _prompt_automatically(hands: Hands) -> None:
    """Rust in two places, found by comparison with four normal gears."""
    automatic = hands.app.presenter.automatic
    hands.trigger("source_auto")
    hands.go_to("test/rust/001.jpg")
    hands.wait(lambda: automatic.anomaly_map is not None, "the anomaly map")
    hands.wait_for_scores()
    hands.press(Qt.Key.Key_F)
    hands.show_panel("layers")
    hands.pause(2 * SETTLE_MS)  # the plot of the histogram comes a little later


def _cascade(hands: Hands, category: Path) -> None:
    """A crack through bricks: points where the map and the image differ, and the masks of three passes."""
    automatic = hands.app.presenter.automatic
    hands.open(category, "test/crack/000.jpg")
    hands.show_panel("prompts")
    automatic.choose_method("cascade")
    automatic.choose_map("few-shot")
    hands.wait(lambda: len(hands.session.pass_ious) == 3, "three passes")
    hands.wait_for_scores()
    hands.press(Qt.Key.Key_F)
    hands.pause(2 * SETTLE_MS)


def _compare(hands: Hands, samples: Path) -> None:
    """Rust on a gear under four modes, after two other images, with the difference of the first two and a table."""
    compare = hands.app.workspaces.compare
    hands.open(samples, "gear/test/scratch/000.jpg")
    hands.window.set_workspace("compare")
    for name in ("scratch/000", "scratch/001", "rust/001"):
        hands.go_to(f"gear/test/{name}.jpg")
        hands.wait(lambda: all(row.scores is not None for row in compare.rows()), "all panes")
    hands.pause()


def _evaluate(hands: Hands) -> None:
    """All bundled samples under four modes, two cells chosen."""
    hands.window.set_workspace("evaluate")
    evaluate = hands.app.workspaces.evaluate
    page = evaluate.page
    hands.wait(lambda: bool(page.choices.tree.datasets()), "the datasets")
    for mode in ("b", "bp", "bps", "few-shot"):
        page.choices.modes[mode].setChecked(True)
    hands.wait(page.choices.start.isEnabled, "the start")
    QTest.mouseClick(page.choices.start, LEFT)
    hands.wait(lambda: evaluate.run is not None and evaluate.state == "idle", "the results")
    columns = evaluate.run.table.columns
    page.table.choose(("brick", columns[0]))
    page.table.choose(("brick", columns[-1]), beside=True)
    page.images.tabs.segment("pair").click()
    hands.pause(4 * SETTLE_MS)


def _tune(hands: Hands) -> None:
    """MobileSAM tuned on three quarters of the bundled samples, judged on the others."""
    hands.window.set_workspace("tune")
    tune = hands.app.workspaces.tune.sam
    form = tune.page.form
    hands.wait(form.foot.start.isEnabled, "the marked images")
    QTest.mouseClick(form.foot.start, LEFT)
    hands.wait(lambda: tune.state == "running", "the start")
    hands.wait(lambda: tune.state == "idle", "the tuned model")
    hands.pause(2 * SETTLE_MS)


def _look_at_errors(hands: Hands) -> None:
    """A stain that runs down the wall: what the mask hits, what is too much, what it misses."""
    hands.go_to("test/stain/000.jpg")
    hands.wait_for_scores()
    hands.press(Qt.Key.Key_X)
    hands.press(Qt.Key.Key_F)
    hands.point_at((266, 180))
    hands.pause()


def save(hands: Hands, file: Path) -> None:
    """Grab the window, reduced to a palette."""
    grabbed = file.with_suffix(".grab.png")
    if not hands.window.grab().save(str(grabbed)):
        sys.exit(f"{grabbed} can't be written.")
    with Image.open(grabbed) as picture:
        # Of Pillow's rules the one that keeps small spots of strong colour: points, outlines, icons.
        reduced = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    reduced.save(file, optimize=True)
    grabbed.unlink()
    print(f"{file}: {file.stat().st_size / 1000:.0f} KB")


# --- the stage -----------------------------------------------------------------------------------------------------


@contextmanager
def own_home() -> Iterator[Path]:
    """A home that is gone afterwards, with a copy of the samples; the weights stay where the user has them."""
    weights = weights_folder()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ[FOLDER_VARIABLE] = str(weights)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = str(home / name.lower())
        shutil.copytree(resources_path() / "samples", home / "samples")
        yield home


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures (default: %(default)s)")
    out = parser.parse_args().out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with own_home() as home:
        make_qt_application()
        panes = [PaneSetting(mode=mode) for mode in ("b", "few-shot", "bp", "cascade")]
        application = build(settings=Settings(theme="light", compare=CompareSetting(panes=panes)))
        hands = Hands(application)
        hands.window.resize(*SIZE)
        hands.window.show()
        hands.window.activateWindow()
        hands.trigger("theme_light")
        try:
            draw(hands, home / "samples", out)
        finally:
            application.window.close()
            application.close()


if __name__ == "__main__":
    main()
