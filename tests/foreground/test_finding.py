import numpy as np
import pytest

from sam_inspector.core.errors import Cancelled, InputError, PromptError
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.foreground.box_center import box_center_prompt, find_box_center
from sam_inspector.foreground.extraction import ForegroundExtractor, ManualPrompts
from sam_inspector.foreground.manual import scaled_prompts
from sam_inspector.foreground.point_grid import find_point_grid
from sam_inspector.foreground.saliency import Saliency
from sam_inspector.foreground.separation import Separation, best_union
from sam_inspector.foreground.settings import (
    AutomaticMaskSettings,
    BoxCenterSettings,
    CleanUpSettings,
    ForegroundSettings,
    PointGridSettings,
)
from tests.foreground.floods import FloodSegmenter, disk_on_noise

PLAIN = CleanUpSettings(closing_px=0, dilation_px=0, outline="as_found")


def extractor(mode, **needs):
    coarse = AutomaticMaskSettings(points_per_side=8)
    return ForegroundExtractor(ForegroundSettings(mode=mode, clean_up=PLAIN, automatic=coarse), **needs)


def one_sentence(remark):
    return remark.endswith(".") and remark.count(".") == 1


@pytest.mark.parametrize("mode", ["point_grid", "box_center", "amg_union"])
@pytest.mark.parametrize("middle", [(160, 160), (135, 170)])
def test_a_coloured_disk_on_noise_is_found(mode, middle):
    pixels, disk = disk_on_noise(middle=middle)
    found = extractor(mode, segmenter=FloodSegmenter()).find(pixels)
    assert iou(found.mask, disk) >= 0.95
    assert not found.fell_back
    assert found.remark == ""


def test_a_broken_object_is_found_whole_where_one_question_finds_a_part():
    pixels, disk = disk_on_noise()
    halves = disk.copy()
    halves[:, 150:170] = False
    pixels[disk & ~halves] = 110
    pixels[150:170, 150:170] = (200, 60, 40)  # what holds them is too thin to matter
    segmenter = FloodSegmenter()
    embedding = segmenter.embed(pixels)
    assert iou(find_point_grid(segmenter, embedding, PointGridSettings()), halves) > 0.93


def test_two_objects_are_united_and_a_lit_ground_is_not_taken():
    pixels, one = disk_on_noise(radius=50, middle=(80, 120))
    other = np.roll(one, (60, 140), (0, 1))
    pixels[other] = (190, 70, 50)
    segmenter = FloodSegmenter()
    mask = find_point_grid(segmenter, segmenter.embed(pixels), PointGridSettings(points_per_side=6))
    assert iou(mask, one | other) > 0.93


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 2), (3, 5)])
@pytest.mark.parametrize("mode", ["point_grid", "box_center", "amg_union"])
def test_images_of_any_format_have_an_answer(mode, size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found = extractor(mode, segmenter=FloodSegmenter()).find(pixels)
    assert found.mask.shape == size
    assert found.mask.any()


def test_the_prompt_of_the_middle_is_as_specified():
    prompt = box_center_prompt(101, 201, BoxCenterSettings())
    assert prompt.box == pytest.approx((6.03, 3.03, 193.97, 96.97))
    assert prompt.points[0] == (100.0, 50.0)
    assert prompt.labels == (1, 0, 0, 0, 0)
    assert prompt.points[1] == pytest.approx((4.02, 2.02))
    assert prompt.points[4] == pytest.approx((195.98, 97.98))


def test_of_the_three_masks_the_surest_fit_one_counts():
    pixels, disk = disk_on_noise()
    settings = BoxCenterSettings()
    by_core = FloodSegmenter(scores=(0.99, 0.98, 0.5, 0.4))  # the single mask does not compete
    core = find_box_center(by_core, by_core.embed(pixels), settings)
    assert core.sum() < 0.9 * disk.sum()
    least = BoxCenterSettings(least_area=(core.mean() + disk.mean()) / 2)  # the core is too small now
    assert iou(find_box_center(by_core, by_core.embed(pixels), least), disk) > 0.95


def test_a_mask_along_the_frame_is_no_foreground():
    pixels, disk = disk_on_noise(radius=150)
    pixels[disk] = 110
    segmenter = FloodSegmenter()  # one even field, for every point
    assert not find_box_center(segmenter, segmenter.embed(pixels), BoxCenterSettings(most_area=1.0)).any()
    found = extractor("point_grid", segmenter=segmenter).find(pixels)
    assert found.fell_back
    assert found.mask.all()
    assert found.remark.startswith("No foreground was found")
    assert one_sentence(found.remark)


def test_a_persons_prompts_are_asked_in_each_image_and_scaled_to_it():
    pixels, disk = disk_on_noise()
    prompts = Prompts((Prompt(points=((39.5, 39.5),), labels=(1,)),))
    by_hand = ManualPrompts(prompts, (80, 80))
    assert iou(extractor("manual", segmenter=FloodSegmenter(), manual=by_hand).find(pixels).mask, disk) > 0.95
    assert scaled_prompts(prompts, (80, 80), (320, 320)).items[0].points == ((159.5, 159.5),)


@pytest.mark.parametrize("prompts", [Prompts(), Prompts((Prompt(points=((1, 1),), labels=(0,)),))])
def test_prompts_that_ask_for_nothing_are_refused(prompts):
    by_hand = ManualPrompts(prompts, (320, 320))
    with pytest.raises(PromptError, match="draw a box or click"):
        extractor("manual", segmenter=FloodSegmenter(), manual=by_hand).find(disk_on_noise()[0])


def test_what_is_salient_is_cut_at_a_threshold():
    pixels, disk = disk_on_noise()
    saliency = Saliency("a stub", lambda image: np.where(image[..., 0] > 150, 0.5, 0.49).astype(np.float32))
    assert np.array_equal(extractor("u2net", saliency=saliency).find(pixels).mask, disk)


def test_the_whole_image_may_be_meant():
    found = extractor("none").find(disk_on_noise()[0])
    assert found.mask.all()
    assert not found.fell_back
    assert found.remark == ""


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15)])
@pytest.mark.parametrize("mode", ["point_grid", "box_center", "amg_union", "u2net"])
def test_a_tiny_image_is_used_whole_and_said_so(mode, size):
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[: size[0] // 2 + 1, : size[1] // 2 + 1] = 200
    bright = Saliency("a stub", lambda image: (image[..., 0] > 150).astype(np.float32))
    found = extractor(mode, segmenter=FloodSegmenter(), saliency=bright).find(pixels)
    assert found.fell_back
    assert found.mask.all()
    assert one_sentence(found.remark)
    by_hand = ManualPrompts(Prompts((Prompt(points=((0, 0),), labels=(1,)),)), size)
    assert not extractor("manual", segmenter=FloodSegmenter(), manual=by_hand).find(pixels).remark.startswith("No")


def test_nothing_is_found_where_no_mask_parts_the_image_and_sam_is_sure_of_none():
    pixels, disk = disk_on_noise()
    little = PointGridSettings(least_separation=1.0)  # no mask explains an image in full

    def found(scores, settings):
        segmenter = FloodSegmenter(scores=scores)
        return find_point_grid(segmenter, segmenter.embed(pixels), settings)

    unsure = (0.9, 0.79, 0.7, 0.6)  # the single mask does not count
    assert not found(unsure, little).any()
    assert iou(found(unsure, PointGridSettings()), disk) > 0.93
    assert iou(found((0.1, 0.81, 0.85, 0.6), little), disk) > 0.9


@pytest.mark.parametrize("mode", ["point_grid", "box_center"])
def test_a_gray_image_is_no_exception(mode):
    pixels, disk = disk_on_noise(colour=(230, 230, 230))
    found = extractor(mode, segmenter=FloodSegmenter()).find(pixels)
    assert iou(found.mask, disk) >= 0.95
    assert not found.fell_back


def test_a_foreground_that_fills_the_image_is_said_and_marked():
    full = Saliency("everything", lambda image: np.ones(image.shape[:2], np.float32))
    found = extractor("u2net", saliency=full).find(disk_on_noise()[0])
    assert found.mask.all()
    assert found.fell_back
    assert "fills the whole image" in found.remark
    assert one_sentence(found.remark)
    nothing = Saliency("nothing", lambda image: np.zeros(image.shape[:2], np.float32))
    found = extractor("u2net", saliency=nothing).find(disk_on_noise()[0])
    assert found.mask.all()
    assert found.fell_back
    assert "No foreground was found" in found.remark


@pytest.mark.parametrize(
    ("mode", "told"), [("box_center", "SAM"), ("point_grid", "SAM"), ("manual", "SAM"), ("u2net", "U²-Net")]
)
def test_a_mode_without_what_it_needs_is_refused_at_once(mode, told):
    with pytest.raises(InputError, match=told):
        ForegroundExtractor(ForegroundSettings(mode=mode))


@pytest.mark.parametrize("mode", ["point_grid", "amg_union"])
def test_looking_is_given_up_between_questions(mode):
    asked = []
    segmenter = FloodSegmenter()

    def cancelled():
        asked.append(len(segmenter.decoded))
        return len(asked) > 1

    with pytest.raises(Cancelled):
        extractor(mode, segmenter=segmenter).find(disk_on_noise()[0], cancelled=cancelled)
    assert 0 < len(segmenter.decoded) < 1024


def test_the_share_of_variance_by_hand():
    # Two values, 0 on the left and 1 on the right: the right half explains all of the variance.
    features = np.zeros((1, 4, 4), np.float32)
    features[:, :, 2:] = 1
    separation = Separation(features)
    right = np.zeros((4, 4), bool)
    right[:, 2:] = True
    assert separation.of(right) == pytest.approx(1)
    assert separation.of(~right) == pytest.approx(1)
    assert separation.of(right.T) == pytest.approx(0)
    # The last column: means 1 and 1/3, shares 1/4 and 3/4, so 3/16 · 4/9 of a variance of 1/4.
    last = np.zeros((4, 4), bool)
    last[:, 3] = True
    assert separation.of(last) == pytest.approx(1 / 3)
    assert separation.of(np.ones((4, 4), bool)) == separation.of(np.zeros((4, 4), bool)) == 0
    assert Separation(np.ones((2, 3, 3), np.float32)).of(np.eye(3, dtype=bool)) == 0
    third = right.copy()
    third[:, 3] = False
    assert np.array_equal(best_union([last, third, right.T], [1, 1, 1], separation, alike=0.05), right)
    assert best_union([], [], separation, alike=0.05) is None


def test_of_masks_that_part_alike_the_surest_counts():
    features = np.zeros((1, 80, 80), np.float32)
    features[:, :, 40:] = 1
    separation = Separation(features)
    masks = [np.zeros((80, 80), bool) for _ in range(3)]
    masks[0][:, 40:] = masks[1][1:, 40:] = masks[2][:, 60:] = True
    assert separation.of(masks[1]) > 0.95 > 0.4 > separation.of(masks[2])
    assert np.array_equal(best_union(masks, [0.3, 0.4, 0.9], separation, alike=0.05), masks[1])
    assert np.array_equal(best_union(masks, [0.3, 0.4, 0.9], separation, alike=0.001), masks[0])
