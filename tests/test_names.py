"""A name nobody knows gets the allowed ones and the nearest."""

import pytest

from livingmeta.words import pick, unknown


def test_a_known_name_gives_its_entry() -> None:
    assert pick({"DL": 1}, "DL", "tau2") == 1


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert unknown("tau2", "reml", ["DL", "REML"]).endswith("Did you mean REML?")


def test_no_name_is_proposed_where_none_is_near() -> None:
    with pytest.raises(ValueError, match=r"tau2 = 'xyz': choose one of DL, REML\.$"):
        pick({"DL": 1, "REML": 2}, "xyz", "tau2")
