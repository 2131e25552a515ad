"""What counts as an image, and how its bytes reach a request."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from bot.brain.images import IMAGE_SIDE, Image, image_in, image_reference, with_images
from tests.brain.logs import fetched
from tests.support.pictures import gif, jpeg, png, webp


@pytest.mark.parametrize(("kind", "make"), [("png", png), ("gif", gif), ("jpeg", jpeg), ("webp", webp)])
def test_an_image_is_known_by_its_content(kind: str, make: Callable[[int, int], bytes]) -> None:
    assert image_in(make(640, 480)) == Image(media_type=f"image/{kind}", width=640, height=480)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF....WEBPVP8 ", b"%PDF-1.7", b"<svg/>"],
)
def test_what_is_none_is_none(content: bytes) -> None:
    assert image_in(content) is None


def test_an_image_that_the_model_would_refuse_does_not_fit() -> None:
    [large, small] = [image_in(png(IMAGE_SIDE + 1, 1)), image_in(png(IMAGE_SIDE, 1))]
    assert large is not None
    assert small is not None
    assert (large.fits, small.fits) == (False, True)


def test_the_bytes_take_the_place_of_their_key_and_nothing_else_changes() -> None:
    text = {"type": "text", "text": "look"}
    reference = image_reference(fetched("F1", kind="image"))
    [message] = with_images(
        [{"role": "user", "content": [text, reference]}], {"file:F1": b"bytes"}.__getitem__
    )
    assert message["content"] == [
        text,
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": "image/png",
                "data": base64.b64encode(b"bytes").decode(),
            },
        },
    ]
