"""What a network sees of each kind of image."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data import image_file
from nas.data.sample import Sample, decode

WIDTH, HEIGHT = 16, 8
RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def seen(content: bytes, channels: int = 3, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """What a network of this input sees, with the precision of signed arithmetic."""
    sample = Sample("x", "a", None, lambda: content)
    return decode(sample, (*size, channels)).astype(int)


def halves(left: object, right: object, mode: str = "RGB") -> Image.Image:
    """An image with a colour on its left half and another on its right."""
    image = Image.new(mode, (WIDTH, HEIGHT), left)
    image.paste(right, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return image


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    """A PNG, chunk by chunk: Pillow writes none of 16 bits a channel."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def test_colours_stay() -> None:
    image = seen(encoded(halves(RED, GREEN)))
    assert image[4, 2].tolist() == list(RED)
    assert image[4, 13].tolist() == list(GREEN)


def stored_as(orientation: int, scene: Image.Image) -> Image.Image:
    """How a file of one of EXIF's orientations stores a scene.

    The Exif standard says of each where the first row and the first column of what is stored lie
    in the scene: 6, for one, at its right-hand side and at its top.
    """
    pixels = np.asarray(scene)
    sideways = pixels.transpose(1, 0, 2)
    stored = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: sideways,
        6: sideways[::-1],
        7: sideways[::-1, ::-1],
        8: sideways[:, ::-1],
    }
    return Image.fromarray(np.ascontiguousarray(stored[orientation]))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_images_are_upright_whatever_their_exif_says(kind: str, orientation: int) -> None:
    scene = halves(RED, BLACK)
    scene.paste(GREEN, (0, 0, 4, 4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = seen(encoded(stored_as(orientation, scene), kind, exif=exif, quality=100))
    assert np.abs(image - np.asarray(scene, dtype=int)).mean() < 12
    assert image[1, 1, 1] > image[1, 1, 0]


def test_a_damaged_exif_does_not_lose_the_image() -> None:
    content = encoded(halves(RED, GREEN), exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12")
    assert seen(content)[4, 2].tolist() == list(RED)


def test_grey_becomes_three_equal_channels_or_stays_one() -> None:
    content = encoded(halves(40, 200, "L"))
    assert seen(content)[4, 2].tolist() == [40, 40, 40]
    assert seen(content, channels=1)[4, 13].tolist() == [200]


def test_colour_becomes_grey_by_its_brightness() -> None:
    # ITU-R 601: 0.299 red + 0.587 green + 0.114 blue
    content = encoded(halves(RED, GREEN))
    assert abs(seen(content, channels=1)[4, 2, 0] - 0.299 * 255) <= 1
    assert abs(seen(content, channels=1)[4, 13, 0] - 0.587 * 255) <= 1


def test_black_and_white_is_0_and_255() -> None:
    content = encoded(halves(0, 1, "1"))
    assert seen(content)[4, 2].tolist() == list(BLACK)
    assert seen(content)[4, 13].tolist() == list(WHITE)


def test_palettes_give_their_colours() -> None:
    image = seen(encoded(halves(RED, GREEN).quantize(8)))
    assert image[4, 2].tolist() == list(RED)
    assert image[4, 13].tolist() == list(GREEN)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_lies_on_white(kind: str) -> None:
    content = encoded(halves((0, 0, 0, 0), (255, 0, 0, 255), "RGBA"), kind, lossless=True)
    assert seen(content)[4, 2].tolist() == list(WHITE)
    assert seen(content)[4, 13].tolist() == list(RED)
    assert seen(content, channels=1)[4, 2].tolist() == [255]


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    content = encoded(halves((255, 0, 0, 128), (0, 0, 0, 255), "RGBA"))
    assert seen(content)[4, 2].tolist() == [255, 127, 127]


def test_grey_with_alpha_lies_on_white() -> None:
    assert seen(encoded(halves((10, 0), (10, 255), "LA")), channels=1)[4, 2].tolist() == [255]


def test_a_transparent_colour_of_a_palette_lies_on_white() -> None:
    image = halves(0, 1, "P")
    image.putpalette([*BLACK, *GREEN])
    content = encoded(image, transparency=0)
    assert seen(content)[4, 2].tolist() == list(WHITE)
    assert seen(content)[4, 13].tolist() == list(GREEN)


def test_a_transparent_colour_of_an_opaque_png_lies_on_white() -> None:
    content = encoded(halves(RED, GREEN), transparency=RED)
    assert seen(content)[4, 2].tolist() == list(WHITE)


def test_grey_of_16_bits_keeps_its_upper_8() -> None:
    pixels = np.full((HEIGHT, WIDTH), 0x1280, dtype=np.uint16)
    pixels[:, WIDTH // 2 :] = 0xFFFF
    image = seen(encoded(Image.fromarray(pixels)), channels=1)
    assert image[4, 2, 0] == 0x12
    assert image[4, 13, 0] == 0xFF


def test_a_tiff_of_16_bits_keeps_its_upper_8() -> None:
    pixels = np.full((HEIGHT, WIDTH), 0x80FF, dtype=">u2")
    assert seen(encoded(Image.fromarray(pixels), "TIFF"), channels=1)[0, 0, 0] == 0x80


def test_colour_of_16_bits_keeps_its_upper_8() -> None:
    row = b"\0" + struct.pack(">3H", 0x12FF, 0x34FF, 0xFF00) * WIDTH
    assert seen(png(WIDTH, HEIGHT, 16, 2, row * HEIGHT))[4, 2].tolist() == [0x12, 0x34, 0xFF]


def test_colour_of_16_bits_with_alpha_lies_on_white() -> None:
    row = b"\0" + struct.pack(">4H", 0x1200, 0x3400, 0xFF00, 0) * WIDTH
    assert seen(png(WIDTH, HEIGHT, 16, 6, row * HEIGHT))[4, 2].tolist() == list(WHITE)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_numbers_of_unknown_range_are_refused(dtype: type) -> None:
    content = encoded(Image.fromarray(np.ones((HEIGHT, WIDTH), dtype)), "TIFF")
    with pytest.raises(DataError, match=r"image 'x': its pixels are 32-bit numbers .* 8 or 16"):
        seen(content)


def test_cmyk_becomes_rgb() -> None:
    content = encoded(halves((0, 255, 255, 0), (255, 255, 0, 0), "CMYK"), "JPEG", quality=100)
    image = seen(content)
    assert np.abs(image[4, 2] - RED).max() < 8
    assert np.abs(image[4, 13] - (0, 0, 255)).max() < 8


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_pictures_the_first_counts(kind: str) -> None:
    more = [halves(GREEN, GREEN)]
    content = encoded(halves(RED, RED), kind, save_all=True, append_images=more, duration=100)
    assert np.abs(seen(content)[4, 2] - RED).max() < 8


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_what_a_file_holds_counts_not_its_name(kind: str) -> None:
    assert np.abs(seen(encoded(halves(RED, RED), kind))[4, 2] - RED).max() < 8


def test_formats_that_start_programs_are_not_read() -> None:
    content = encoded(halves(RED, RED), "EPS")
    with pytest.raises(DataError, match="image 'x': it is not an image of a supported format"):
        seen(content)


Change = Callable[[bytes], bytes]


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    "damage",
    [lambda content: content[: len(content) // 2], lambda _: b"", lambda content: content[:20]],
    ids=["half of it", "nothing", "its beginning"],
)
def test_a_damaged_file_is_named(kind: str, damage: Change) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    with pytest.raises(DataError, match="could not read the image 'x': "):
        seen(damage(encoded(noise, kind)))


def test_damage_anywhere_is_an_error_or_an_image_never_something_else() -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds = [encoded(noise, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "TIFF")]
    kinds += [encoded(noise, "GIF"), encoded(noise, "BMP"), encoded(noise.convert("P"), "PNG")]
    outcomes = set()
    for number in range(1500):
        content = bytearray(kinds[number % len(kinds)])
        for place in rng.integers(0, min(len(content), 400), 3):
            content[place] = rng.integers(256)
        try:
            outcomes.add(seen(bytes(content)).shape)
        except DataError:
            outcomes.add(None)
    assert outcomes == {(HEIGHT, WIDTH, 3), None}


@pytest.mark.parametrize("side", [9000, 40000])
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    # Rows are missing: only the header is read.
    with pytest.raises(DataError, match=r"'x': it has .* pixels, the limit is 67,108,864"):
        seen(png(side, side, 8, 2, b""))


def test_the_limit_itself_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "MAX_PIXELS", WIDTH * HEIGHT)
    assert seen(encoded(halves(RED, RED)))[0, 0].tolist() == list(RED)
    monkeypatch.setattr(image_file, "MAX_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(DataError, match=f"it has {WIDTH}x{HEIGHT} pixels"):
        seen(encoded(halves(RED, RED)))


def test_a_large_jpeg_decoded_at_a_fraction_looks_the_same() -> None:
    rng = np.random.default_rng(0)
    scene = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    photo = scene.resize((1600, 1200), Image.Resampling.BICUBIC)
    content = encoded(photo, "JPEG", quality=95)
    at_once = Image.open(io.BytesIO(content)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    assert np.abs(seen(content) - np.asarray(at_once, dtype=int)).max() <= 4


def test_a_large_jpeg_is_not_decoded_in_full() -> None:
    image = image_file.open_image(encoded(Image.new("RGB", (1600, 1200)), "JPEG"))
    image_file.shrink_early(image, 50)
    assert image.size == (200, 150)
