import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.foreground.backgrounds import Backgrounds, BackgroundSettings, cut_out, image_generator
from sam_inspector.foreground.perlin import perlin_noise

KINDS = ["mixed", "flat", "gradient", "perlin"]
ID = "0123456789abcdef0123456789abcdef"


def made(kind="mixed", seed=0, image_id=ID, size=(60, 90), folder=None):
    return Backgrounds(BackgroundSettings(kind=kind, seed=seed, folder=folder)).make(image_id, *size)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, size in enumerate([(40, 70), (300, 200), (120, 120)]):
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, (*size, 3), np.uint8))
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_has_the_same_background_each_time(kind):
    first = made(kind)
    assert first.shape == (60, 90, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, made(kind))
    assert not np.array_equal(first, made(kind, seed=1))
    assert not np.array_equal(first, made(kind, image_id="f" + ID[1:]))


def test_another_process_makes_the_same_backgrounds():
    def digest(kinds):
        content = hashlib.sha256()
        for kind in kinds:
            content.update(made(kind).tobytes())
        return content.hexdigest()

    code = (
        "import hashlib\n"
        "from sam_inspector.foreground.backgrounds import Backgrounds, BackgroundSettings\n"
        "content = hashlib.sha256()\n"
        f"for kind in {KINDS!r}:\n"
        f"    content.update(Backgrounds(BackgroundSettings(kind=kind)).make({ID!r}, 60, 90).tobytes())\n"
        "print(content.hexdigest())\n"
    )
    root = Path(__file__).parents[2]
    outcome = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert outcome.stdout.strip() == digest(KINDS), outcome.stderr


def test_kinds_are_what_their_names_say():
    flat = made("flat")
    assert len(np.unique(flat.reshape(-1, 3), axis=0)) == 1
    graded = made("gradient").astype(int)
    steps = np.abs(np.diff(graded, axis=1)).max()
    assert 0 < steps < 12
    assert np.ptp(graded, axis=(0, 1)).max() > 10
    cloudy = made("perlin", size=(200, 200))
    assert len(np.unique(cloudy.reshape(-1, 3), axis=0)) > 50
    assert np.abs(np.diff(cloudy.astype(int), axis=0)).max() < 60


def test_a_mixture_has_every_kind():
    colours = [len(np.unique(made(image_id=f"{n:032x}").reshape(-1, 3), axis=0)) for n in range(60)]
    flat = sum(count == 1 for count in colours)
    assert 10 <= flat <= 30


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (33, 1), (2, 3)])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_images_of_any_format_have_one(kind, size):
    assert made(kind, size=size).shape == (*size, 3)


def test_photos_are_cut_out_of_their_folder(photos):
    for number in range(6):
        image_id = f"{number:032x}"
        photo = made("photos", image_id=image_id, folder=photos)
        assert photo.shape == (60, 90, 3)
        assert photo.std() > 10
        assert np.array_equal(photo, made("photos", image_id=image_id, folder=photos))
    mixed = [made("mixed", image_id=f"{number:032x}", folder=photos) for number in range(40)]
    assert any(
        np.array_equal(one, made("photos", image_id=f"{n:032x}", folder=photos)) is False for n, one in enumerate(mixed)
    )


def test_photos_do_not_depend_on_where_their_folder_is(photos, tmp_path):
    moved = tmp_path / "elsewhere"
    before = made("photos", folder=photos)
    photos.rename(moved)
    assert np.array_equal(before, made("photos", folder=moved))


def test_a_cut_out_keeps_the_format():
    rng = np.random.default_rng(0)
    photo = np.zeros((200, 100, 3), np.uint8)
    cv2.circle(photo, (50, 100), 20, (255, 255, 255), cv2.FILLED)
    for _ in range(5):
        part = cut_out(photo, 80, 80, rng)
        assert part.shape == (80, 80, 3)
    assert cut_out(photo[:1, :1], 7, 9, rng).shape == (7, 9, 3)


def test_damaged_photos_are_passed_over(photos):
    (photos / "0.png").write_bytes(b"damaged")
    (photos / "1.png").write_bytes(b"")
    for number in range(5):
        assert made("photos", image_id=f"{number:032x}", folder=photos).std() > 10


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("empty", "holds no images"),
        ("only text", "holds no images"),
        ("missing", "can't be read"),
        ("a file", "can't be read"),
        ("all damaged", "None of 2 photos"),
        ("none chosen", "need a folder"),
    ],
)
def test_a_folder_without_photos_is_refused_in_one_sentence(tmp_path, state, told):
    folder = tmp_path / "photos"
    if state == "a file":
        folder.write_text("a file")
    elif state != "missing":
        folder.mkdir()
    if state == "only text":
        (folder / "a.txt").write_text("text")
    if state == "all damaged":
        (folder / "a.png").write_bytes(b"damaged")
        (folder / "b.jpg").write_bytes(b"damaged")
    with pytest.raises(InputError, match=told) as refused:
        made("photos", folder=None if state == "none chosen" else folder)
    assert isinstance(refused.value, SamInspectorError)
    assert str(refused.value).count(". ") == 0


def test_a_mixture_asks_for_its_folder_too(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        Backgrounds(BackgroundSettings(kind="mixed", folder=tmp_path))
    Backgrounds(BackgroundSettings(kind="flat", folder=tmp_path))  # which does not look at it


def test_noise_is_smooth_centred_and_within_its_range():
    noise = perlin_noise(300, 200, image_generator(0, ID), cells=12)
    assert noise.shape == (300, 200)
    assert noise.dtype == np.float32
    assert -1 <= noise.min() < -0.2
    assert 0.2 < noise.max() <= 1
    assert abs(noise.mean()) < 0.1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.2
    again = perlin_noise(300, 200, image_generator(0, ID), cells=12)
    assert np.array_equal(noise, again)
    assert not np.array_equal(noise, perlin_noise(300, 200, image_generator(1, ID), cells=12))


def test_noise_is_nothing_at_the_lattice():
    # Gradient noise is 0 where four cells meet: with a cell of 8 pixels, half a pixel beside the centres.
    noise = perlin_noise(64, 64, np.random.default_rng(0), cells=8, octaves=1)
    around = (noise[7:-1:8, 7:-1:8] + noise[8::8, 8::8] + noise[7:-1:8, 8::8] + noise[8::8, 7:-1:8]) / 4
    assert np.abs(around).max() < 0.02
    assert np.abs(noise).max() > 0.4
