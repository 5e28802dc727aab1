"""A printed number stands for all that round to it."""

from __future__ import annotations

import pytest

from livingmeta.printed import parse_printed


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("0.30", 0.3, 0.005), ("−0.27", -0.27, 0.005), ("-0.27", -0.27, 0.005),
        ("–3", -3, 0.5), ("1,026", 1026, 0.5), ("9081", 9081, 0.5), (".505", 0.505, 0.0005),
        ("<0.001", 0.001, 0.0005), ("90%", 90, 0.5), ("1.2e-05", 1.2e-5, 5e-7), ("7", 7, 0.5),
    ],
)  # fmt: skip
def test_printed_digits_give_value_and_half_a_unit(text: str, value: float, half: float) -> None:
    assert parse_printed(text) == pytest.approx((value, half))


@pytest.mark.parametrize("text", ["", "seven", "0,28", "-0.54 to -0.05", "moderate", "1,02"])
def test_what_is_not_one_number_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="write the digits as printed"):
        parse_printed(text)
