import pytest

from nas.data.file_names import as_unicode, parts_inside


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("train/person/1.jpg", ("train", "person", "1.jpg")),
        ("train\\person\\1.jpg", ("train", "person", "1.jpg")),
        ("./a/b.jpg", ("a", "b.jpg")),
        ("<script>/..b.jpg", ("<script>", "..b.jpg")),
    ],
)
def test_names_inside_are_taken_apart(name: str, parts: tuple[str, ...]) -> None:
    assert parts_inside(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x/1.jpg",
            "train/../../x/1.jpg",
            "/etc/passwd",
            "..\\..\\x\\1.jpg",
            "\\\\host\\x.jpg",
        ),
        *("C:\\x\\1.jpg", "c:x.jpg", "D:/x.jpg", ".."),
    ],
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    assert parts_inside(name) is None


def test_bytes_that_are_no_unicode_become_escapes() -> None:
    assert as_unicode("caf\udce9") == r"caf\xe9"
    assert as_unicode("café") == "café"
