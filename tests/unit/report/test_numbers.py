"""Numbers as a reader sees them."""

import pandas as pd
import pytest

from unscene.report import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (numbers.percent(1 / 6), "16.7\u202f%"),
        (numbers.points(-0.031), "\u22123.1"),
        (numbers.points(None), "not measured"),
        (numbers.interval(0.5, float("nan")), "no interval"),
        (numbers.duration(0.07), "70\u202fms"),
        (numbers.duration(140), "2.33\u202fmin"),
        (numbers.count(30000), "30,000"),
        (numbers.megabytes(2048), "2.0\u202fGB"),
        (numbers.by_name("keyword_usd", 3.609), "$3.61"),
        (numbers.by_name("usd", 0.0123), "$0.0123"),
        (numbers.by_name("total_bytes", 12_345_678), "12.3\u202fMB"),
        (numbers.by_name("psnr_edit", 16.31), "16.3\u202fdB"),
        (numbers.plain(True), "yes"),
        (numbers.plain(pd.NA), "not measured"),
        (numbers.p_value(0.0), "< 0.001"),
    ],
)
def test_numbers(value, text):
    assert value == text
