"""How often the audit accuses a paper whose numbers are right, and misses one whose are wrong.

Run, in tests/simulations: OPENBLAS_NUM_THREADS=1 python consistency.py > consistency.csv

A paper pools 2 to 40 simulated trials and prints what papers print, rounded: estimate, interval,
Z, P, Q, I², τ², the number of trials and people, words, a forest plot with weights, and a row of
a trial. Half of the papers by HKSJ, profile likelihood and bootstrap print the P of a Wald test
beside the interval. Of correct papers none may be called inconsistent. The rows with a `seeded`
error count what becomes of it: called inconsistent, or only consistent under assumptions (and
silent), of those papers that it changes.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from livingmeta.audit.consistency import Finding, findings
from livingmeta.engine.pooling import fit, pool
from livingmeta.review.schema import Claim, Outcome

SEED, CORRECT, SEEDED, RESAMPLES = 14, 10_000, 300, 200
BASIS = {
    "wald": "z",
    "t": "t",
    "hksj": "t",
    "hksj-modified": "t",
    "profile": "asymmetric",
    "bootstrap": "asymmetric",
}
RANDOM = list(BASIS)
KINDS = {"MD": "MD", "SMD": "SMD", "OR": "log OR"}
SPLITS = ("method", "level", "declared", "measure", "digits", "rounding", "k")


@dataclass
class Paper:
    """What is printed, as text by quantity, and how it came about."""

    made: dict[str, Any]
    printed: dict[str, str]
    trials: list[dict[str, str]] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    exact: dict[str, float] = field(default_factory=dict)  # what the texts were rounded from


def rounded(value: float, digits: int, how: str) -> str:
    mode = ROUND_HALF_UP if how == "half-up" else ROUND_HALF_EVEN
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=mode))


def p_text(p: float, digits: int, how: str, rng: np.random.Generator) -> str:
    """Print P as papers do: a number, or a bound."""
    if rng.random() < 0.3:
        bound = next((x for x in ("0.001", "0.01", "0.05") if p < float(x)), None)
        return f"<{bound}" if bound else ">0.05"
    text = rounded(p, digits, how)
    return text if float(text) > 0 else f"<{Decimal(1).scaleb(-digits)}"


def trials_of(rng: np.random.Generator, measure: str, k: int) -> tuple[np.ndarray, ...]:
    """Draw effects, variances and people, of trials with 8 to 100 people in an arm."""
    n1, n2 = rng.integers(8, 101, (2, k))
    scale = {"MD": 12.0, "SMD": 1.0, "OR": 2.0}[measure]
    tau = scale * rng.choice([0.0, 0.1, 0.3, 0.7])
    mean = scale * rng.choice([0.0, 0.0, -0.2, 0.5])
    v = scale**2 * (1 / n1 + 1 / n2)
    y = rng.normal(mean, np.sqrt(v + tau**2))
    return y, v + (y**2 / (2 * (n1 + n2)) if measure == "SMD" else 0), n1 + n2


def interval_of(
    rng: np.random.Generator, y: np.ndarray, v: np.ndarray, method: str, level: float
) -> tuple[Any, float, float, float | None]:
    """Return a pooled result, limits, and P of the same method, where it has one."""
    tau2, ci = method.split()
    if ci == "bootstrap":
        found = pool(y, v, tau2=tau2, ci="wald", level=level)
        drawn = rng.integers(0, len(y), (RESAMPLES, len(y)))
        many = fit(y[drawn], v[drawn], tau2=tau2, ci="wald").estimate
        low, high = np.quantile(many, [0.5 - level / 2, 0.5 + level / 2])
        return found, float(low), float(high), 2 * min(np.mean(many > 0), np.mean(many < 0))
    if tau2 == "common":
        found = pool(y, v, model="common", level=level)
    else:
        found = pool(y, v, tau2="ML" if ci == "profile" else tau2, ci=ci, level=level)
    return found, found.ci_low, found.ci_high, found.p_value


def paper(rng: np.random.Generator, **fixed: Any) -> Paper:
    """Write a correct paper; `fixed` are choices not left to chance."""
    choice = {
        "method": rng.choice(["common wald", *(f"{t} {ci}" for t in ("DL", "REML") for ci in RANDOM)]),
        "level": rng.choice([90, 95, 95, 99]),
        "declared": rng.choice(["no", "level", "all"]),
        "measure": rng.choice(list(KINDS)),
        "digits": int(rng.integers(0, 5)),
        "rounding": rng.choice(["half-up", "half-even"]),
        "k": int(rng.choice([2, 2, 3, 4, 5, 7, 10, 15, 25, 40])),
    } | fixed
    k, digits, how, measure = (choice[x] for x in ("k", "digits", "rounding", "measure"))
    level = choice["level"] / 100
    y, v, n = trials_of(rng, measure, k)
    found, low, high, p = interval_of(rng, y, v, choice["method"], level)
    ci = choice["method"].split()[1]
    wald = found.estimate / (np.sqrt(1 / np.sum(1 / (v + (found.tau2 or 0)))))
    z = wald
    if choice["declared"] != "all" and BASIS[ci] != "z" and rng.random() < 0.5:
        p = 2 * float(ndtr(-abs(wald)))
    elif BASIS[ci] == "t" and rng.random() < 0.5:
        z = found.statistic
    back = np.exp if measure == "OR" else float
    exact = {"estimate": back(found.estimate), "ci_low": back(low), "ci_high": back(high)}
    if max(exact.values()) > 1e9:  # no one prints such a ratio
        return paper(rng, **fixed)
    exact |= {"q": found.q, "tau2": found.tau2 or 0.0}
    exact["i2"] = found.i2 if rng.random() < 0.5 or found.i2_tau2 is None else found.i2_tau2
    printed = {name: rounded(x, digits, how) for name, x in exact.items()}
    # Z and P stand together where they are of one test.
    if z is wald and p is not None and abs(p - 2 * ndtr(-abs(wald))) > 1e-9:
        together = "p" if rng.random() < 0.5 else "z"
    else:
        together = "both"
    if together != "z" and p is not None:
        printed["p"] = p_text(p, int(rng.integers(1, 5)), how, rng)
        exact["p"] = p
        if choice["level"] == 95 or rng.random() < 0.3:
            printed["text"] = "significant difference" if p < 0.05 else "no significant difference"
    if together != "p":
        printed["z"], exact["z"] = rounded(z, int(rng.integers(1, 4)), how), float(z)
    if rng.random() < 0.7:
        printed["k"] = str(k)
    printed["n"] = str(n.sum())
    q975 = float(ndtri(0.975))
    trials = [
        {
            "estimate": rounded(back(a), digits, how),
            "ci_low": rounded(back(a - q975 * np.sqrt(b)), digits, how),
            "ci_high": rounded(back(a + q975 * np.sqrt(b)), digits, how),
            "weight": rounded(w, digits, how),
        }
        for a, b, w in zip(y, v, found.weights, strict=True)
    ]
    kept = k if rng.random() < 0.8 else int(rng.integers(1, k + 1))  # not all are taken over
    return Paper(choice, printed, trials[:kept], row_of(rng, digits), exact)


def row_of(rng: np.random.Generator, digits: int) -> dict[str, Any]:
    """Return a trial's difference, adjusted or not, with a t, normal or bootstrap interval."""
    n1, n2 = rng.integers(8, 80, 2)
    kind, digits = rng.choice(["t", "z", "bootstrap"]), max(digits, 1)
    level, df = rng.choice([90, 95, 99]), n1 + n2 - rng.choice([2, 3])
    se = 10 * np.sqrt(1 / n1 + 1 / n2)
    mean = rng.normal(3, se)
    q = float(stdtrit(df if kind == "t" else np.inf, 0.5 + level / 200))
    stretch = rng.uniform(0.7, 1.4, 2) if kind == "bootstrap" else (1, 1)
    cells = {
        "mean": mean,
        "ci_low": mean - q * se * stretch[0],
        "ci_high": mean + q * se * stretch[1],
        "se": se,
    }
    p = 2 * float(stdtr(df, -abs(mean / se)))
    if kind == "bootstrap" or rng.random() < 0.2:
        p **= rng.uniform(0.5, 1.5)  # a rank test
    row: dict[str, Any] = {name: round(float(x), digits) for name, x in cells.items()}
    if 0 < round(p, 3) < 1:
        row |= {"p_value": round(p, 3), "p_relation": "="}
    row |= {"ci_level": int(level), "n1": int(n1), "n2": int(n2), "measure": "MD"}
    if kind != "bootstrap" and rng.random() < 0.5:
        row["ci_basis"] = str(kind)
    return row


def audit(one: Paper) -> tuple[Finding, ...]:
    """Hand a paper to the audit as the files of a review would."""
    made = one.made
    ci = made["method"].split()[1]
    known = {
        "ci_level": made["level"] if made["declared"] != "no" else None,
        "ci_basis": BASIS[ci] if made["declared"] == "all" else None,
    }
    about = {
        "file": "published.csv",
        "where": "Results",
        "source": "p",
        "reading": "primary",
        "synthesis": "s",
    }
    rows = [
        Claim.model_validate({**about, **known, "row": i, "claim": "main", "quantity": name, "printed": text})
        for i, (name, text) in enumerate(one.printed.items(), start=2)
    ] + [
        Claim.model_validate(
            {**about, "row": 2, "claim": f"t{i}", "trial": f"t{i}", "quantity": name, "printed": text}
        )
        for i, cells in enumerate(one.trials)
        for name, text in cells.items()
    ]
    measure = KINDS[made["measure"]]
    outcomes = (
        [
            Outcome.model_validate(
                {
                    "file": "outcomes.csv",
                    "row": 2,
                    "trial": "t",
                    "outcome": "pain",
                    "instrument": "i",
                    "weeks": 9,
                    "group": "difference",
                    "use": "no",
                    "source": "s",
                    "locator": "Table",
                    **one.row,
                }
            )
        ]
        if one.row and one.row["ci_low"] < one.row["ci_high"]
        else []
    )
    pools: Any = [SimpleNamespace(synthesis="s", measure=measure)]
    return findings(rows, pools, outcomes)


def verdict(one: Paper) -> Counter[str]:
    """Count what the audit finds in a paper, each kind of finding once; and in its pool alone."""
    found = audit(one)
    of_pool = {f"{x.kind}, pool": 1 for x in found if "main" in x.claims}
    return Counter({x.kind: 1 for x in found} | of_pool)


def swapped(text: str, rng: np.random.Generator) -> str:
    """Exchange two neighbouring digits, as a hand does."""
    pairs = enumerate(pairwise(text))
    places = [i for i, (a, b) in pairs if a.isdigit() and b.isdigit() and a != b]
    if not places:
        return text
    i = int(rng.choice(places))
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _limits(one: Paper, rng: np.random.Generator) -> None:
    q, middle = float(ndtri(0.975)), one.exact["estimate"]
    for name in ("ci_low", "ci_high"):
        one.printed[name] = rounded(middle + (one.exact[name] - middle) / q, 2, "half-up")


def _digits(name: str) -> Any:
    def seed(one: Paper, rng: np.random.Generator) -> None:
        one.printed[name] = swapped(one.printed[name], rng)

    return seed


def _said(name: str, change: Any) -> Any:
    def seed(one: Paper, rng: np.random.Generator) -> None:
        one.printed[name] = change(one, rng)

    return seed


def _turned(one: Paper, rng: np.random.Generator) -> str:
    text = one.printed["estimate"]
    return text if float(text) == 0 else text[1:] if text[0] == "-" else f"-{text}"


def _weight(one: Paper, rng: np.random.Generator) -> None:
    i = int(rng.integers(len(one.trials)))
    one.trials[i]["weight"] = swapped(one.trials[i]["weight"], rng)


def _sd_for_se(one: Paper, rng: np.random.Generator) -> None:
    one.row["se"] = 10.0


def _row_digits(one: Paper, rng: np.random.Generator) -> None:
    name = str(rng.choice(["mean", "ci_low", "ci_high"]))
    one.row[name] = float(swapped(f"{one.row[name]:.2f}", rng))


ERRORS: dict[str, Any] = {
    "digits of the estimate swapped": _digits("estimate"),
    "digits of a limit swapped": _digits("ci_high"),
    "sign of the estimate wrong": _said("estimate", _turned),
    "estimate ± SE printed as limits": _limits,
    "a digit of P lost": _said("p", lambda one, rng: one.printed["p"].replace("0.0", "0.", 1)),
    "digits of P swapped": _digits("p"),
    "digits of Z swapped": _digits("z"),
    "digits of I² swapped": _digits("i2"),
    "digits of Q swapped": _digits("q"),
    "digits of a weight swapped": _weight,
    "a third of the people": _said("n", lambda one, rng: str(int(one.printed["n"]) // 3)),
    "words of the opposite": _said(
        "text",
        lambda one, rng: "no significant difference" if one.exact["p"] < 0.05 else "significant difference",
    ),
    "trial: digits swapped": _row_digits,
    "trial: SD typed as SE": _sd_for_se,
}


def plain(rng: np.random.Generator, declared: str) -> Paper:
    """Write a full paper by DL and Wald at 95%, to two digits, with nothing else to explain it."""
    while True:
        one = paper(
            rng,
            method="DL wald",
            level=95,
            digits=2,
            declared=declared,
            k=int(rng.integers(5, 16)),
            measure=str(rng.choice(["MD", "SMD"])),
        )
        one.row |= {"ci_level": 95}
        row = one.row
        mean, se = row["mean"], row["se"]
        q = float(stdtrit(row["n1"] + row["n2"] - 2, 0.975))
        row |= {"ci_low": round(mean - q * se, 2), "ci_high": round(mean + q * se, 2)}
        row["ci_basis"] = "t" if declared == "all" else None
        row |= {"p_value": None, "p_relation": None}
        p = 2 * float(ndtr(-abs(one.exact["z"])))
        one.printed |= {
            "p": rounded(p, 3, "half-up"),
            "k": str(one.made["k"]),
            "z": rounded(one.exact["z"], 2, "half-up"),
            "i2": rounded(max(0, 100 * (1 - (one.made["k"] - 1) / one.exact["q"])), 1, "half-up"),
            "text": "significant difference" if p < 0.05 else "no significant difference",
        }
        one.exact["p"] = p
        if len(one.trials) == one.made["k"] and not verdict(one) and 0.0005 < p < 0.9:
            return one


def correct(papers: int, seed: int) -> Iterator[tuple[Paper, Counter[str]]]:
    """Yield correct papers with what is found in them."""
    rng = np.random.default_rng(seed)
    for _ in range(papers):
        one = paper(rng)
        yield one, verdict(one)


def main() -> None:
    """Print a row for each property of correct papers, then for each seeded error."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    counted = ("papers", "inconsistent", "consistent only if", "consistent only if, pool")
    out.writerow(["seeded", "split", "value", *counted])
    table: dict[tuple[str, str], Counter[str]] = {}
    for one, found in correct(CORRECT, SEED):
        for split, value in [("all", ""), *((name, str(one.made[name])) for name in SPLITS)]:
            table.setdefault((split, value), Counter()).update(found, papers=1)
    order = ("all", *SPLITS)
    for key in sorted(table, key=lambda key: (order.index(key[0]), key)):
        out.writerow(["", *key, *(table[key][name] for name in counted)])
    for number, (name, seed) in enumerate(ERRORS.items()):
        for declared in ("no", "all"):
            rng, cell = np.random.default_rng([SEED, number]), Counter[str]()
            while cell["papers"] < SEEDED:
                one = plain(rng, declared)
                before = repr((one.printed, one.trials, one.row))
                seed(one, rng)
                if repr((one.printed, one.trials, one.row)) != before:
                    found = verdict(one)
                    told = ("inconsistent",) if found["inconsistent"] else counted[2:]
                    cell.update({x: found[x] for x in told}, papers=1)
            out.writerow([name, "declared", declared, *(cell[name] for name in counted)])


if __name__ == "__main__":
    main()
