"""Printed limits set against effects and standard errors: on which scale they lie, at which level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scipy.special import ndtri

from livingmeta.exchange.analyses import RATIOS, Analysis, Record
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.words import number

LEVELS = (90.0, 95.0, 99.0)  # percent, of limits that stand beside a standard error
WIDEST_QUANTILE = 2.78  # standard errors: t with 4 degrees of freedom at 95%, and all from there to normal


def on_its_scale(analysis: Analysis, file: str, *, asked: bool) -> None:
    """Compare printed limits with the effects, and refuse effects on another scale than told.

    Limits lie yi ± z · se where yi is on the scale it is pooled on; around the log of yi where it
    is a ratio; and their logs do where yi is a log beside printed limits of the ratio.
    """
    ratio = analysis.measure in RATIOS and not analysis.log
    low, high, yi = (
        next((record.columns[name] for record in analysis.records if name in record.columns), name)
        for name in ("low", "high", "yi")
    )
    if ratio and (wrong := [r for r in analysis.records if float(r.cells.get("yi") or 1) <= 0]):
        raise ExchangeError(
            "\n".join(
                f'{record.place}, {yi} = "{record.cells["yi"]}": no {analysis.measure} is 0 or below. If '
                f"{yi} holds logs, say --log."
                for record in wrong
            )
        )
    fits = {record.row: _scales(record) for record in analysis.records if _limits(record.cells)}
    if not fits:
        if ratio and not asked:
            raise ExchangeError(
                f"{file}: is {yi} the {analysis.measure} itself, or its log? Say --measure "
                f"{analysis.measure} for the first, and --measure {analysis.measure} --log for "
                "the second."
            )
        if ratio:
            analysis.remarks.append(
                f"{file}: {yi} is taken as the {analysis.measure} itself and its spread as that of "
                "the log. If it holds logs, say --log."
            )
        return
    wanted = {"ratio"} if ratio else {"plain", "mixed"} if analysis.log else {"plain"}
    analysis.limits = _level([record for record in analysis.records if record.row in fits], ratio=ratio)
    if all(scales & wanted for scales in fits.values()):
        for record in analysis.records:
            record.mixed = analysis.log and "plain" not in fits.get(record.row, {"plain"})
        both = all("ratio" in scales for scales in fits.values())
        if both and analysis.measure == "GEN" and not asked:
            raise ExchangeError(
                f"{file}: {low} and {high} fit {yi} as ratios as well as differences. Say which: "
                f"--measure MD, SMD or GEN for differences, --measure {', '.join(RATIOS[:-1])} or "
                f"{RATIOS[-1]} for ratios."
            )
        return
    first = next(record for record in analysis.records if record.row in fits)
    shown = f"{first.cells['yi']}, {first.cells['low']} to {first.cells['high']}"
    ratios = f"so {yi} holds ratios. Name them: --measure OR (or RR, HR, IRR, ROM) without --log"
    for scale, what, remedy in (
        ("ratio", f"are symmetric around {yi} on the log scale, and not around {yi} itself", ratios),
        (
            "plain",
            f"are symmetric around {yi} itself, and not on the log scale",
            f"so {yi} holds no ratios. If they are logs of one, say --log",
        ),
        (
            "mixed",
            f"are ratios, and {yi} is symmetric between their logs",
            f"so {yi} holds logs of a ratio. Name it: --measure OR --log (or RR, HR, IRR, ROM)",
        ),
    ):
        if all(scale in scales for scales in fits.values()):
            raise ExchangeError(f"{first.place}: {low} and {high} {what} ({shown}), {remedy}.")
    raise ExchangeError(
        "\n".join(
            f"{record.place}, {low} and {high}: {record.cells['low']} to {record.cells['high']} does not "
            f"fit {record.cells['yi']}{_beside(record)}"
            + (", on no scale" if not fits[record.row] else "")
            + ". Check the row, or leave the limits out."
            for record in analysis.records
            if record.row in fits and not fits[record.row] & wanted
        )
    )


def _beside(record: Record) -> str:
    spread = [
        f"{record.columns[name]} {record.cells[name]}" for name in ("sei", "vi") if record.cells.get(name)
    ]
    return f" with {spread[0]}" if spread else ""


def _limits(cells: Mapping[str, str]) -> bool:
    return all(cells.get(name) for name in ("yi", "low", "high"))


Extent = tuple[float, float]  # what a number may be, as it is rounded
# An effect, its lower and its upper limit on one scale, None where it has none there; and what its
# standard error may be
Reading = tuple[Extent | None, Extent | None, Extent | None, list[Extent | None]]


def _readings(record: Record) -> dict[str, Reading]:
    """Read an effect and its limits as plain numbers, as ratios, and as a log beside limits of the ratio."""
    yi, low, high = (number(record.cells[name]).span for name in ("yi", "low", "high"))
    se = _error(record.cells)
    # by the delta method, where the standard error is that of the ratio itself
    raw = (se[0] / yi[1], se[1] / yi[0]) if se and yi[0] > 0 else None
    return {
        "plain": (yi, low, high, [se]),
        "ratio": (_logs(yi), _logs(low), _logs(high), [se, raw]),
        "mixed": (yi, _logs(low), _logs(high), [se]),
    }


def _scales(record: Record) -> set[str]:
    """Say on which scales the limits of a row fit its effect, as far as rounding lets one see."""
    return {scale for scale, reading in _readings(record).items() if _around(*reading)}


def _error(cells: Mapping[str, str]) -> Extent | None:
    """Return what a standard error may be; 1.96 may have stood for 1.959964."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if cells.get(name):
            low, high = number(cells[name]).span
            return max(low, 0) ** power * 0.998, max(high, 0) ** power * 1.002
    return None


def _logs(span: Extent) -> Extent | None:
    return None if span[0] <= 0 else (math.log(span[0]), math.log(span[1]))


def _around(
    yi: Extent | None, low: Extent | None, high: Extent | None, errors: Sequence[Extent | None]
) -> bool:
    """Say whether an effect can be the middle of its limits, at a distance that its SE explains."""
    if yi is None or low is None or high is None:
        return False
    if not (low[0] + high[0]) / 2 <= yi[1] or not (low[1] + high[1]) / 2 >= yi[0]:
        return False
    usable = [se for se in errors if se is not None and se[1] > 0]
    if not usable:
        return True
    narrow, wide = (high[0] - low[1]) / 2, (high[1] - low[0]) / 2
    for se in usable:
        least = narrow / se[1]
        most = wide / se[0] if se[0] > 0 else math.inf
        z = [float(ndtri(0.5 + level / 200)) for level in LEVELS]
        if any(least <= quantile <= most for quantile in z) or (least <= WIDEST_QUANTILE and most >= z[1]):
            return True
    return False


def level_of(record: Record) -> float | None:
    """Return the level that a row tells of its limits, in percent."""
    level = float(record.cells.get("level") or 0)
    return (100 * level if level <= 1 else level) or None


def _level(records: Sequence[Record], *, ratio: bool) -> float | None:
    """Return the level of limits, as told or as all standard errors have it; None where neither."""
    levels = {level_of(record) for record in records} - {None}
    if len(levels) == 1:
        return levels.pop()
    readings = [_readings(record)["ratio" if ratio else "plain"] for record in records]
    for which in (0, 1)[: 1 + ratio]:
        for level in sorted(LEVELS, key=lambda level: level != 95):
            if all(_reaches(reading, which, level) for reading in readings):
                return level
    return None


def _reaches(reading: Reading, which: int, level: float) -> bool:
    """Say whether limits lie as many standard errors, of one of the two, apart as a level has it."""
    yi, low, high, ses = reading
    se = ses[which]
    if yi is None or low is None or high is None or se is None:
        return False
    z = float(ndtri(0.5 + level / 200))
    return (high[0] - low[1]) / 2 <= z * se[1] and (high[1] - low[0]) / 2 >= z * se[0]
