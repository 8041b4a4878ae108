"""to_mnist against laws of its form, with a classifier as the judge of what it keeps."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from mnist_course.drawings import synthetic_digit
from mnist_course.exceptions import ImageError
from mnist_course.preprocessing import to_mnist
from mnist_course.preprocessing.reading import MAX_PIXELS, read_gray

BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
digits = st.integers(0, 9)
seeds = st.integers(0, 10_000)


def assert_contract(result):
    assert result.shape == (28, 28)
    assert result.dtype == np.float32
    assert result.min() == 0
    assert result.max() == 1
    rows, columns = np.nonzero(result)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 20


def close(a, b) -> bool:
    """The same digit to the eye: a mean difference of 2 of 255 levels."""
    return float(np.abs(a - b).mean()) < 2 / 255


def difference(a, b) -> float:
    """Mean difference 0..1, at the best of nine places: centring rounds to whole pixels."""
    steps = (-1, 0, 1)
    return min(
        float(np.abs(a - np.roll(b, (down, right), axis=(0, 1))).mean())
        for down in steps
        for right in steps
    )


# ---------------------------------------------------------------- laws


@BOUNDED
@given(digit=digits, seed=seeds, size=st.integers(56, 400))
def test_contract(digit, seed, size):
    result = to_mnist(synthetic_digit(digit, seed=seed, size=size))
    assert_contract(result)
    centre = ndimage.center_of_mass(result)
    assert np.abs(np.subtract(centre, 14)).max() <= 0.5 + 1e-6  # where MNIST's own centres lie
    assert np.abs(np.subtract(centre, 13.5)).max() <= 1 + 1e-6  # the middle of the frame


@BOUNDED
@given(digit=digits, seed=seeds)
def test_polarity_does_not_matter(digit, seed):
    pixels = np.asarray(synthetic_digit(digit, seed=seed))
    assert close(to_mnist(pixels), to_mnist(255 - pixels))


@BOUNDED
@given(index=st.integers(0, 999), top=st.integers(2, 40), left=st.integers(2, 40))
def test_place_does_not_matter(small_test, index, top, left):
    image = small_test[0][index]
    rows, columns = np.nonzero(image > 0.2)
    digit = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    canvas = np.zeros((64, 64), np.float32)
    other = canvas.copy()
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    other[20 : 20 + digit.shape[0], 20 : 20 + digit.shape[1]] = digit
    assert close(to_mnist(canvas), to_mnist(other))


@BOUNDED
@given(index=st.integers(0, 999), factor=st.integers(2, 20))
def test_scale_does_not_matter(small_test, index, factor):
    image = small_test[0][index]
    large = np.kron(image, np.ones((factor, factor), np.float32))
    assert difference(to_mnist(large), to_mnist(image)) < 8 / 255


@BOUNDED
@given(digit=digits, seed=seeds, contrast=st.floats(0.3, 1), level=st.floats(0, 1))
def test_exposure_does_not_matter(digit, seed, contrast, level):
    shades = np.asarray(synthetic_digit(digit, seed=seed), np.float32) / 255
    changed = to_mnist(shades * contrast + level * (1 - contrast))
    assert difference(changed, to_mnist(shades)) < 4 / 255


@pytest.mark.parametrize("bold", [False, True], ids=["thin", "bold"])
def test_a_digit_of_mnist_stays_what_it_is(small_test, bold):
    images = small_test[0]
    order = np.argsort(images.mean(axis=(1, 2)))
    for index in order[-20:] if bold else order[:20]:
        assert float(np.abs(to_mnist(images[index]) - images[index]).mean()) < 0.06


# ---------------------------------------------------------------- kinds of pictures


@pytest.fixture(scope="module")
def drawing():
    return synthetic_digit(5, seed=3, size=200)


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"],
)
def test_every_mode_reads_the_same(drawing, mode):
    through = drawing.convert("RGB") if mode in {"HSV", "LAB"} else drawing
    converted = through.convert(mode)
    limit = 0.06 if mode == "1" else 0.01  # dithering to two levels is seen
    assert np.abs(to_mnist(converted) - to_mnist(drawing)).mean() < limit


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a,
        lambda a: a.astype(np.int64),
        lambda a: a.astype(np.float64),
        lambda a: (a / 255).astype(np.float32),
        lambda a: a.astype(np.float16) / 255,
        lambda a: a.astype(np.uint16) * 257,
        lambda a: a.astype(np.uint16) * 16,
        lambda a: a[..., np.newaxis],
        lambda a: np.stack([a] * 3, axis=-1),
        lambda a: np.dstack([a, np.full_like(a, 255)]),
        lambda a: np.dstack([a, a, a, np.full_like(a, 255)]),
        lambda a: (a / 255).tolist(),
        lambda a: np.asfortranarray(a)[::-1][::-1],
    ],
    ids=[
        "u8",
        "i64",
        "f64",
        "f32-unit",
        "f16",
        "u16",
        "12bit",
        "hw1",
        "rgb",
        "la",
        "rgba",
        "list",
        "strides",
    ],
)
def test_every_kind_of_array_reads_the_same(drawing, convert):
    pixels = np.asarray(drawing)
    assert np.abs(to_mnist(convert(pixels)) - to_mnist(pixels)).mean() < 0.005


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int32])
def test_two_levels_are_enough(drawing, kind):
    mask = np.asarray(drawing) < 110
    assert_contract(to_mnist(mask.astype(kind)))


@pytest.mark.parametrize("ink", ["black", "white", "red", "yellow"])
def test_ink_on_nothing(drawing, ink):
    """The export of a drawing program: one colour, its shape in the alpha channel."""
    mask = Image.fromarray(np.where(np.asarray(drawing) < 110, 255, 0).astype(np.uint8))
    image = Image.new("RGBA", mask.size, ink)
    image.putalpha(mask)
    assert close(to_mnist(image), to_mnist(mask))
    assert close(to_mnist(np.asarray(image)), to_mnist(mask))


def test_paper_cut_out_of_its_surroundings(drawing):
    pixels = np.asarray(drawing)
    alpha = np.zeros_like(pixels)
    alpha[8:-8, 8:-8] = 255
    cut = Image.fromarray(np.dstack([pixels, pixels, pixels, alpha]))
    assert np.abs(to_mnist(cut) - to_mnist(drawing)).mean() < 0.02


def test_a_palette_with_a_transparent_colour(drawing):
    mask = np.asarray(drawing) < 110
    image = Image.fromarray(mask.astype(np.uint8))
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.info["transparency"] = 0
    assert close(to_mnist(image), to_mnist(mask))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".bmp", ".tiff", ".webp"])
def test_every_kind_of_file_by_name_or_path(drawing, tmp_path, suffix):
    path = tmp_path / f"digit{suffix}"
    drawing.save(path)
    assert np.abs(to_mnist(path) - to_mnist(drawing)).mean() < 0.02
    assert np.array_equal(to_mnist(path), to_mnist(str(path)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_says(drawing, tmp_path, orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = drawing.transpose(undo[orientation]) if orientation > 1 else drawing
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    assert np.abs(to_mnist(tmp_path / "photo.jpg") - to_mnist(drawing)).mean() < 0.02


def test_a_large_photo(tmp_path):
    synthetic_digit(8, seed=1).resize((4000, 3000)).save(tmp_path / "photo.jpg")
    assert_contract(to_mnist(tmp_path / "photo.jpg"))
    assert max(read_gray(tmp_path / "photo.jpg").shape) <= 640


def test_the_callers_image_is_left_alone(drawing, tmp_path):
    drawing.resize((2000, 2000)).save(tmp_path / "photo.jpg")
    with Image.open(tmp_path / "photo.jpg") as image:
        to_mnist(image)
        assert image.size == (2000, 2000)
    pixels = np.asarray(drawing).copy()
    to_mnist(pixels)
    assert np.array_equal(pixels, np.asarray(drawing))


# ---------------------------------------------------------------- light


def on_paper(image, rng, *, shadow=False):
    """A digit (28, 28) on a photo 240 × 240: slanted light, dark border, grain, a soft shadow."""
    large = np.asarray(Image.fromarray(image).resize((140, 140), Image.Resampling.BICUBIC))
    ink = np.zeros((240, 240))
    top, left = rng.integers(10, 90, size=2)
    ink[top : top + 140, left : left + 140] = np.clip(large, 0, 1)
    y, x = np.mgrid[-0.5:0.5:240j, -0.5:0.5:240j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 0.75 + 0.3 * (x * np.cos(angle) + y * np.sin(angle)) - 0.3 * (x**2 + y**2)
    if shadow:
        across = x * np.cos(angle + 1) + y * np.sin(angle + 1)
        light = light * (0.7 + 0.3 / (1 + np.exp(-(across - rng.uniform(-0.2, 0.2)) * 40)))
    return np.clip(light * (1 - 0.6 * ink) + rng.normal(0, 0.015, ink.shape), 0, 1)


def enlarge(image, rng):
    large = Image.fromarray(image).resize((168, 168), Image.Resampling.BICUBIC)
    canvas = np.zeros((300, 420), np.float32)
    top, left = rng.integers(0, 300 - 168), rng.integers(0, 420 - 168)
    canvas[top : top + 168, left : left + 168] = np.clip(np.asarray(large), 0, 1)
    return 1 - canvas


def crop(image, rng):
    rows, columns = np.nonzero(image > 0.2)
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@pytest.fixture(scope="module")
def classifier(mnist_data):
    from sklearn.svm import SVC

    (x, y), _ = mnist_data
    model = SVC(C=5, gamma=0.03)
    model.fit(x[:6000].reshape(-1, 784).astype(np.float32) / 255, y[:6000])
    return lambda images: model.predict(np.reshape(images, (-1, 784)))


@pytest.mark.parametrize(
    ("change", "points"),
    [
        (lambda image, rng: image, 2),
        (enlarge, 2),
        (crop, 3),
        (on_paper, 3),
        (lambda image, rng: 1 - on_paper(image, rng), 3),
        (lambda image, rng: on_paper(image, rng, shadow=True), 6),
    ],
    ids=["plain", "enlarged, moved, inverted", "cropped", "paper", "blackboard", "shadow"],
)
def test_a_classifier_reads_them_as_well_as_plain_digits(classifier, small_test, change, points):
    images, labels = small_test[0][:160], small_test[1][:160]
    rng = np.random.default_rng(0)
    plain = (classifier(images) == labels).mean()
    changed = (classifier([to_mnist(change(image, rng)) for image in images]) == labels).mean()
    assert changed >= plain - points / 100


def test_a_classifier_reads_the_synthetic_digits(classifier):
    pairs = [(digit, seed) for digit in range(10) for seed in range(10)]
    images = [to_mnist(synthetic_digit(digit, seed=seed)) for digit, seed in pairs]
    assert (classifier(images) == [digit for digit, _ in pairs]).mean() >= 0.95


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((28, 28)),
        np.ones((50, 80)),
        np.full((28, 28), 255, np.uint8),
        np.zeros((1, 1)),
        Image.new("RGBA", (40, 40), (0, 0, 0, 0)),
        Image.new("RGB", (40, 40), "navy"),
        0.8 - 0.3 * np.linspace(0, 1, 200)[:, None] * np.ones((1, 150)),
        np.random.default_rng(0).normal(0.7, 0.01, (200, 200)),
    ],
    ids=["black", "white", "255", "one pixel", "transparent", "navy", "gradient", "grain"],
)
def test_a_blank_image_is_refused(blank):
    with pytest.raises(ImageError, match="Nothing stands out from the ground"):
        to_mnist(blank)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "got NoneType"),
        (7, r"got \(\)"),
        (b"bytes", "got bytes"),
        ({"a": 1}, "got dict"),
        (object(), "got object values"),
        (np.array([["a", "b"]]), "got <U1 values"),
        (np.zeros((2, 2), complex), "got complex128 values"),
        ([[1, 2], [3]], "not an image"),
        (np.zeros(784), r"image.reshape\(28, 28\)"),
        (np.zeros((5, 28, 28)), r"one image at a time, images\[0\]"),
        (np.zeros((1, 28, 28, 1)), r"one image at a time, images\[0\]"),
        (np.zeros((28, 28, 5)), r"got \(28, 28, 5\)"),
        (np.zeros((0, 28)), "is empty.*got 0 × 28"),
        (np.full((28, 28), np.nan), "NaN or infinite"),
        (np.full((28, 28), np.inf), "NaN or infinite"),
        (np.linspace(-1, 1, 784).reshape(28, 28), r"unknown scale.*got -1\.\.1"),
        (np.linspace(0, 1e6, 784).reshape(28, 28), r"unknown scale.*got 0\.\.1e\+06"),
    ],
)
def test_what_is_not_an_image_is_refused_in_a_sentence(image, message):
    with pytest.raises(ImageError, match=message) as caught:
        to_mnist(image)
    assert "Expected" in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ImageError, match=r"'seven\.png' does not exist") as caught:
        to_mnist(tmp_path / "seven.png")
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(ImageError, match="is a folder"):
        to_mnist(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_a_file_that_is_no_image(tmp_path, content):
    (tmp_path / "notes.png").write_bytes(content)
    with pytest.raises(ImageError, match="save it as PNG"):
        to_mnist(tmp_path / "notes.png")


@settings(BOUNDED, max_examples=60)
@given(data=st.data(), kind=st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP"]))
def test_damaged_files_end_in_a_sentence_or_an_image(drawing, tmp_path, data, kind):
    buffer = io.BytesIO()
    drawing.resize((60, 60)).save(buffer, kind)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        result = to_mnist(path)
    except ImageError:
        return
    assert_contract(result)


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize("side", [8001, 10_000, 20_000, 100_000])
def test_a_decompression_bomb_is_refused_before_a_pixel_is_decoded(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(side, side))
    with pytest.raises(ImageError, match="at most 64 million pixels"):
        to_mnist(path)


def test_a_giant_array_is_refused():
    giant = np.broadcast_to(np.uint8(0), (MAX_PIXELS // 1000 + 1, 1000))
    with pytest.raises(ImageError, match="too large"):
        to_mnist(giant)


@pytest.mark.parametrize("shape", [(2, 2), (3, 100), (100, 3), (1, 700), (700, 1), (5, 5)])
def test_odd_shapes_end_in_a_sentence_or_an_image(shape):
    image = np.zeros(shape)
    image[shape[0] // 2, shape[1] // 2] = 1
    try:
        result = to_mnist(image)
    except ImageError:
        return
    assert_contract(result)
