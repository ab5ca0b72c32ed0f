"""Each score of a removal on pictures whose answer is known."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from unscene.quality import image_scores as scores


def make_texture(side=96, seed=0):
    """A photo-like picture: smooth colour, some grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(60, 190, (6, 6, 3)).astype(np.float32)
    pixels = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) + rng.normal(
        0, 8, (side, side, 3)
    )
    return np.clip(pixels, 0, 255).astype(np.uint8)


def make_disc(side=96, radius=18):
    rows, columns = np.mgrid[:side, :side]
    return (rows - side / 2) ** 2 + (columns - side / 2) ** 2 < radius**2


def found(*boxes):
    """Detections from (category, confidence, box)."""
    return SimpleNamespace(
        boxes=np.array([box for _, _, box in boxes], np.float32).reshape(-1, 4),
        confidences=np.array([confidence for _, confidence, _ in boxes], np.float32),
        categories=[category for category, _, _ in boxes],
    )


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((8, 8), np.uint8), "not RGB"),
        (np.zeros((8, 9, 3), np.uint8), "9x8"),
        (np.zeros((8, 8, 3), np.uint8), "every value is 0"),
        (np.full((8, 8, 3), 7, np.uint8), "every value is 7"),
        (np.full((8, 8, 3), np.nan), "not finite"),
    ],
)
def test_damage_is_named(pixels, words):
    assert words in scores.find_damage(pixels, (8, 8))


def test_a_sound_file_has_no_damage():
    assert scores.find_damage(make_texture(8), (8, 8)) is None


def test_outside_difference_sees_one_pixel_and_ignores_the_mask():
    original, mask = make_texture(), make_disc()
    edited = original.copy()
    edited[mask] = 0
    assert scores.measure_outside_difference(original, edited, mask) == 0
    edited[0, 0, 1] = original[0, 0, 1] - 5
    assert scores.measure_outside_difference(original, edited, mask) == 5
    assert scores.measure_outside_difference(original, edited, np.ones_like(mask)) == 0


def test_change_is_the_mean_inside_the_mask_only():
    original, mask = np.full((20, 20, 3), 100, np.uint8), np.zeros((20, 20), bool)
    mask[5:10, 5:10] = True
    edited = original.copy()
    edited[5:10, 5:10] = 88
    edited[15, 15] = 0
    assert scores.measure_change(original, edited, mask) == 12
    assert np.isnan(scores.measure_change(original, edited, np.zeros_like(mask)))


def test_ssim_equals_the_plain_definition():
    original, mask = make_texture(seed=1), make_disc()
    edited = np.where(mask[..., None], make_texture(seed=2), original)
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(float) for p in (original, edited))
    axis = np.arange(-5, 6)
    kernel = np.exp(-(axis**2) / (2 * 1.5**2))
    weight = np.outer(kernel, kernel) / kernel.sum() ** 2
    values = []
    for row, column in zip(*np.nonzero(mask), strict=True):
        a = x[row - 5 : row + 6, column - 5 : column + 6]
        b = y[row - 5 : row + 6, column - 5 : column + 6]
        mean_a, mean_b = (weight * a).sum(), (weight * b).sum()
        var_a, var_b = (weight * (a - mean_a) ** 2).sum(), (weight * (b - mean_b) ** 2).sum()
        both = (weight * (a - mean_a) * (b - mean_b)).sum()
        c1, c2 = 6.5025, 58.5225
        values.append(
            (2 * mean_a * mean_b + c1)
            * (2 * both + c2)
            / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
        )
    assert scores.measure_ssim(original, edited, mask) == pytest.approx(np.mean(values), abs=2e-3)
    assert scores.measure_ssim(original, original, mask) == pytest.approx(1)


@pytest.mark.parametrize("side", [64, 512])
def test_seam_rises_with_the_step_hard_or_feathered(side):
    truth, mask = make_texture(side, seed=3), make_disc(side, radius=side // 5)
    depth = np.clip(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3) / 3, 0, 1)[..., None]
    seams = {}
    for name, step, alpha in (
        ("none", 0, mask[..., None]),
        ("weak", 10, mask[..., None]),
        ("hard", 40, mask[..., None]),
        ("soft", 40, depth),
    ):
        edited = np.clip(truth + step * alpha, 0, 255).astype(np.uint8)
        seams[name] = scores.measure_seam(truth, edited, mask)
    assert seams["none"] == pytest.approx(1, abs=0.15)
    assert seams["none"] < seams["weak"] < seams["hard"]
    assert seams["soft"] > 1.5 * seams["none"]


def measure_seam_plainly(original, edited, mask):
    """The seam by its definition: discs drawn pixel by pixel, Gaussians over the whole photo."""
    ring = max(2, round(0.02 * max(mask.shape)))
    rows, columns = np.mgrid[-ring : ring + 1, -ring : ring + 1]
    disc = rows**2 + columns**2 <= ring**2

    def grow(shape, kernel):
        grown, reach = shape.copy(), kernel.shape[0] // 2
        rim = shape & (
            cv2.blur(shape.astype(np.float32), (3, 3)) < 1
        )  # a disc around an inner pixel adds nothing
        for row, column in zip(*np.nonzero(rim), strict=True):
            top, left = max(0, row - reach), max(0, column - reach)
            part = grown[top : row + reach + 1, left : column + reach + 1]
            part |= kernel[top - row + reach :, left - column + reach :][: part.shape[0], : part.shape[1]]
        return grown

    def smooth(pixels, shape):
        total = cv2.GaussianBlur(pixels.astype(float) * shape[..., None], (0, 0), ring)
        return total / np.maximum(cv2.GaussianBlur(shape.astype(float), (0, 0), ring), 1e-3)[..., None]

    def measure_step(pixels, shape):
        inner, outer = shape & grow(~shape, disc), grow(shape, disc) & ~shape
        cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
        edge = grow(shape, cross) & grow(~shape, cross)
        return np.abs(smooth(pixels, inner) - smooth(pixels, outer)).mean(axis=2)[edge].mean()

    usual = max(measure_step(original, mask), measure_step(edited, grow(mask, disc)))
    return (measure_step(edited, mask) + scores.GRAY_STEP) / (usual + scores.GRAY_STEP)


@pytest.mark.parametrize(("side", "tolerance"), [(64, 1e-3), (256, 1e-3), (1000, 0.03)])
def test_seam_equals_the_plain_definition_also_where_it_is_measured_on_a_smaller_scale(side, tolerance):
    original, mask = make_texture(side, seed=8), make_disc(side, radius=side // 6)
    mask[: side // 3, : side // 2] = False  # corners, too
    for tone in (0, 15, 60):
        edited = np.where(
            mask[..., None], np.clip(original.astype(int) + tone, 0, 255).astype(np.uint8), original
        )
        expected = measure_seam_plainly(original, edited, mask)
        assert scores.measure_seam(original, edited, mask) == pytest.approx(expected, rel=tolerance)


def test_a_horizon_that_the_mask_cuts_is_no_seam():
    pixels = np.full((96, 96, 3), 200, np.uint8)
    pixels[48:] = 40
    assert scores.measure_seam(pixels, pixels, make_disc()) <= 1.05


def test_blur_ratio_falls_for_a_smooth_fill_and_rises_for_noise():
    original, mask = make_texture(seed=4), make_disc()
    smooth = np.where(mask[..., None], cv2.GaussianBlur(original, (0, 0), 3), original)
    noise = np.random.default_rng(5).integers(0, 256, original.shape, dtype=np.uint8)
    noisy = np.where(mask[..., None], noise, original)
    assert scores.measure_blur_ratio(original, original, mask) == pytest.approx(1, rel=0.2)
    assert scores.measure_blur_ratio(original, smooth, mask) < 0.2
    assert scores.measure_blur_ratio(original, noisy, mask) > 5


@pytest.mark.parametrize("radius", [5, 18])
def test_blur_ratio_equals_the_plain_definition(radius):
    """Eroded by a pixel inside; outside from beyond a pixel to a quarter of the square root of the
    area, 4 pixels at least: 4 for the small disc, 8 for the large one.
    """
    original, mask = make_texture(seed=4), make_disc(radius=radius)
    edited = np.where(mask[..., None], make_texture(seed=5) // 2, original)

    def measure_depth(of):
        return cv2.distanceTransform(of.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)

    def measure_variance(pixels, where):
        gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
        return cv2.Laplacian(gray, cv2.CV_32F, ksize=1)[where].var()

    reach = {5: 4, 18: 8}[radius]
    around = (measure_depth(~mask) > 1) & (measure_depth(~mask) <= reach)
    inside = measure_variance(edited, measure_depth(mask) > 1)
    expected = (inside + 4) / (measure_variance(original, around) + 4)
    assert scores.measure_blur_ratio(original, edited, mask) == pytest.approx(expected, rel=1e-4)


def test_a_step_on_a_flat_ground_is_measured_against_the_grain_of_a_photo():
    original, mask = np.full((96, 96, 3), 100, np.uint8), make_disc()
    edited = np.where(mask[..., None], np.uint8(120), original)
    assert scores.measure_seam(original, edited, mask) == pytest.approx((20 + 2) / 2, rel=1e-3)


def test_a_mask_without_surroundings_has_no_seam_and_no_blur_ratio():
    original, mask = make_texture(32), np.ones((32, 32), bool)
    assert np.isnan(scores.measure_seam(original, original, mask))
    assert np.isnan(scores.measure_blur_ratio(original, original, mask))


def test_local_scores_do_not_depend_on_how_much_photo_there_is():
    """They look at a window around the mask; the seam's ring follows the photo's size, so that
    stays the same here.
    """
    original, mask = make_texture(96, seed=6), make_disc(96, radius=10)
    edited = np.where(mask[..., None], make_texture(96, seed=7), original)
    wide = [cv2.copyMakeBorder(p, 200, 200, 0, 0, cv2.BORDER_REFLECT) for p in (original, edited)]
    wide_mask = cv2.copyMakeBorder(mask.astype(np.uint8), 200, 200, 0, 0, cv2.BORDER_CONSTANT, value=0) > 0
    for measure in (scores.measure_ssim, scores.measure_blur_ratio, scores.measure_change):
        assert measure(*wide, wide_mask) == pytest.approx(measure(original, edited, mask), rel=1e-4)


def test_psnr():
    truth, mask = np.full((4, 4, 3), 100, np.uint8), np.eye(4, dtype=bool)
    edited = truth.copy()
    edited[mask] += 10
    assert scores.measure_psnr(edited, truth, mask) == pytest.approx(10 * np.log10(255**2 / 100))
    assert scores.measure_psnr(truth, truth, mask) == 99


def test_share_inside_and_iou():
    mask = np.zeros((10, 20), bool)
    mask[:, :10] = True
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [-5, -5, 40, 40]])
    assert scores.get_share_inside(boxes, mask).tolist() == [1, 0.5, 0, 0.5]
    assert scores.get_box_iou(boxes[:1], boxes[:3])[0] == pytest.approx([1, 1 / 3, 0])
    assert scores.get_box_iou(np.zeros((0, 4)), boxes).shape == (0, 4)


def test_the_shares_of_boxes_are_those_of_their_pixels():
    rng = np.random.default_rng(4)
    mask = rng.random((30, 40)) < 0.4
    boxes = np.sort(rng.uniform(-5, 45, (60, 2, 2)), axis=1).reshape(-1, 4)  # some reach beyond the mask
    for share, (x0, y0, x1, y1) in zip(scores.get_share_inside(boxes, mask), boxes, strict=True):
        left, top = min(max(int(np.floor(x0)), 0), 39), min(max(int(np.floor(y0)), 0), 29)
        right, bottom = min(max(int(np.ceil(x1)), left + 1), 40), min(max(int(np.ceil(y1)), top + 1), 30)
        assert share == pytest.approx(mask[top:bottom, left:right].mean())
    assert scores.get_share_inside(np.zeros((0, 4)), mask).shape == (0,)


class TestJudge:
    mask = np.zeros((100, 100), bool)
    mask[20:60, 20:60] = True

    def judge(self, before, after):
        return scores.judge_removal(found(*before), found(*after), "dog", self.mask)

    def test_clean_removal(self):
        result = self.judge([("dog", 0.9, (25, 25, 55, 55))], [])
        assert result["residual"] == result["residual_frame"] == result["new_object"] == 0
        assert result["original_confidence"] == pytest.approx(0.9)
        assert np.isnan(result["collateral"])

    def test_object_that_is_still_there(self):
        result = self.judge([("dog", 0.9, (25, 25, 55, 55))], [("dog", 0.6, (25, 25, 55, 55))])
        assert result["residual"] == result["residual_frame"] == pytest.approx(0.6)
        assert result["new_object"] == 0

    def test_another_instance_that_was_never_masked_is_a_residual(self):
        second = ("dog", 0.4, (70, 70, 95, 95))
        result = self.judge([("dog", 0.9, (25, 25, 55, 55)), second], [second])
        assert result["residual"] == pytest.approx(0.4)

    def test_a_class_seen_first_after_the_edit_outside_the_mask_counts_in_the_frame_only(self):
        result = self.judge([("dog", 0.9, (25, 25, 55, 55))], [("dog", 0.3, (70, 70, 95, 95))])
        assert result["residual"] == 0
        assert result["residual_frame"] == pytest.approx(0.3)

    @pytest.mark.parametrize(
        "before", [[], [("dog", 0.9, (70, 70, 95, 95))], [("cat", 0.9, (25, 25, 55, 55))]]
    )
    def test_a_judge_that_never_saw_the_object_cannot_say_that_it_went(self, before):
        result = self.judge(before, [])
        assert np.isnan(result["residual"]) and result["original_confidence"] == 0
        assert result["residual_frame"] == 0

    def test_another_object_in_place_of_the_removed_one_is_new(self):
        dog, cat = ("dog", 0.9, (25, 25, 55, 55)), ("cat", 0.6, (25, 25, 55, 55))
        assert self.judge([dog], [cat])["new_object"] == pytest.approx(0.6)
        assert self.judge([dog], [dog])["new_object"] == 0
        # a judge that takes it for both is no news
        assert self.judge([dog, cat], [dog, cat])["new_object"] == 0

    def test_the_original_of_another_class_excuses_nothing(self):
        bench, cat = ("bench", 0.9, (25, 25, 55, 55)), ("cat", 0.6, (25, 25, 55, 55))
        assert self.judge([bench], [cat])["new_object"] == pytest.approx(0.6)
        assert self.judge([bench], [("dog", 0.5, (25, 25, 55, 55))])["new_object"] == pytest.approx(0.5)

    def test_new_object_but_not_one_that_stood_there_before(self):
        before = [("dog", 0.9, (25, 25, 55, 55)), ("bench", 0.5, (20, 40, 60, 60))]
        after = [("bench", 0.8, (20, 40, 60, 60)), ("cat", 0.7, (22, 22, 38, 38))]
        result = self.judge(before, after)
        assert result["new_object"] == pytest.approx(0.7)

    def test_collateral_counts_lost_neighbours(self):
        cat, car = ("cat", 0.8, (70, 10, 95, 30)), ("car", 0.9, (65, 65, 95, 95))
        faint = ("bird", 0.3, (0, 0, 10, 10))
        result = self.judge([cat, car, faint, ("bench", 0.9, (20, 20, 58, 58))], [car])
        assert result["collateral"] == 0.5


def test_crop_is_centred_on_a_black_square():
    pixels = np.full((50, 50, 3), 200, np.uint8)
    crop = scores.crop_padded_square(pixels, (10.2, 10, 30, 15))
    assert crop.shape == (20, 20, 3)
    assert (crop[7:12] == 200).all()
    assert crop[:7].max() == crop[12:].max() == 0
    assert scores.crop_padded_square(pixels, (49.5, 49.5, 90, 90)).shape == (1, 1, 3)


def test_mask_box():
    mask = np.zeros((9, 9), bool)
    mask[2:4, 5:8] = True
    assert scores.get_mask_box(mask) == (5, 2, 8, 4)
