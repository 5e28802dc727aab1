"""What columns are called: by ourselves, by other programs, and in sheets that people make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.analyses import RATIOS

# First our own and metafor's names, which are taken wherever they stand; after a stroke those of other
# programs and looser ones, which are taken where none before it does. Neither case nor signs
# between letters count. What is said of an arm in words ("Treated Std-Dev", "n.e", "mean_arm1") is
# read by `ARMS` and `QUANTITIES`.
COLUMN_NAMES: Mapping[str, str] = {
    "study": "study, trial, studlab | slab | author, authors, first author, label, labels, name, study id, "
    "study name, study label, author year, study author, trial name, author name, _meta_studylabel | "
    "reference, citation, publication, paper, source | row names",
    "year": "year | study year, year of study, publication year, pub year, year of publication",
    "subgroup": "subgroup | _by",
    "n1": "n1, n1i | t sample",
    "mean1": "mean1, m1i | t mean",
    "sd1": "sd1, sd1i | t sd",
    "se1": "se1",
    "low1": "low1",
    "high1": "high1",
    "median1": "median1",
    "q11": "q11",
    "q31": "q31",
    "n2": "n2, n2i | c sample",
    "mean2": "mean2, m2i | c mean",
    "sd2": "sd2, sd2i | c sd",
    "se2": "se2",
    "low2": "low2",
    "high2": "high2",
    "median2": "median2",
    "q12": "q12",
    "q32": "q32",
    "events1": "events1, ai, x1i | tevents, tdeath, tpos, n11",
    "events2": "events2, ci, x2i | cevents, cdeath, cpos, n21",
    "time1": "time1, t1i | time e",
    "time2": "time2, t2i | time c",
    "without1": "without1, bi | tnoevents, tnodeath, tneg, n12",
    "without2": "without2, di | cnoevents, cnodeath, cneg, n22",
    "yi": "yi | giv mean, te, es, effect, effect size, estimate, effect estimate, point estimate, "
    "treatment effect, _meta_es, theta",
    "vi": "vi | variance, var, v, sampling variance, effect size variance",
    "sei": "sei | se, giv se, sete, se te, se es, std err, std error, stderr, standard error, "
    "effect size standard error, effect size se, es se, se es, se diff, se difference, se effect, _meta_se",
    "low": "ci.lb, ci_low, low | lower, lower limit, lower bound, ci lower, lower ci, ci l, l ci, lci, cil, "
    "ci start, lcl, ll, lb, ci ll, _meta_cil, lower conf limit, lower confidence limit",
    "high": "ci.ub, ci_high, high | upper, upper limit, upper bound, ci upper, upper ci, ci u, u ci, uci, "
    "ciu, ci end, ucl, ul, ub, ci ul, _meta_ciu, upper conf limit, upper confidence limit",
    "level": "ci_level | ci level",
    "measure": "measure | effect measure",
    "cluster_size": "cluster_size | average cluster size, mean cluster size, avg cluster size",
    "icc": "icc | intracluster correlation, intraclass correlation, intracluster correlation coefficient, "
    "intraclass correlation coefficient",
    "icc_from": "icc_from | icc source, source of icc",
    "design_effect": "design_effect | deff",
}
# Of a trial of clusters, beside its numbers; the first of each is needed, the last may stand with both
CLUSTERED = (("cluster_size", "icc", "icc_from"), ("design_effect", "icc_from"))
WORDED = 2  # rank of a name by arm and quantity, or by a measure

# Words for an arm; those of one letter count only where a sign sets them apart ("n.e", "sd_c")
ARMS: Mapping[str, str] = {
    "1": "1, 1i, e, t, i, a, exp, experimental, int, interv, intervention, trt, trt1, treat, treated, "
    "treatment, active, arm1, arm 1, group1, group 1, grp1, g1, group a, arm a, treatment group, "
    "intervention group, experimental group, intervensjon, tiltak, behandling",
    "2": "2, 2i, c, b, p, con, ctr, ctrl, cont, control, controls, comp, comparator, comparison, placebo, "
    "plac, pla, trt2, arm2, arm 2, group2, group 2, grp2, g2, group b, arm b, control group, placebo group, "
    "comparison group, kontroll, kontrollgruppe",
}
QUANTITIES: Mapping[str, str] = {
    "mean": "mean, m, means, average, avg, post mean, post m, gjennomsnitt",
    "sd": "sd, sds, std, stdev, std dev, stddev, standard deviation, st dev, post sd",
    "median": "median, mdn, med",
    "q1": "q1, lower quartile, first quartile, p25",
    "q3": "q3, upper quartile, third quartile, p75",
    "se": "se, sem, stderr, std err, std error, standard error",
    "n": "n, total, total n, n total, sample size, sample, size, participants, patients, ntot, tot, post n, "
    "number, no, antall, number of participants, number of patients, no of patients, n participants, "
    "n patients",
    "events": "event, events, n events, number of events, events n, cases, deaths, hendelser, n event, "
    "no of events",
    "time": "person time, person years, patient years, pyears, pyrs, pyar, persontid, personår",
    "without": "no events, noevents, nonevents, non events, without, no event, non event",
    "low": "lower, lower limit, ci lower, lci, low",
    "high": "upper, upper limit, ci upper, uci, high",
}
# Further names of a measure that head a column of its values
_MEASURES: Mapping[str, str] = {
    "SMD": "g, d, hedges g, hedges's g, cohen d, cohens d, cohen's d, smd, std diff in means, "
    "std mean difference, std mean diff, standardised mean diff, standardized mean diff",
    "MD": "wmd, mean diff, difference in means, weighted mean difference",
    "RD": "risk diff",
}


# What the columns of a single group are called. They are looked for where a table holds neither two
# groups nor effects that come computed, so that beside these they are moderators.
ONE_GROUP: Mapping[str, str] = {
    "events": "xi, events, event, cases, death, deaths, n events, number of events, hendelser",
    "n": "ni, n, total, sample size, n total, total n, participants, patients, number of participants",
    "time": "ti, person time, person years, patient years, pyears, pyrs, pyar, persontid, personår",
    "mean": "mi, mean, m, gjennomsnitt",
    "sd": "sdi, sd, standard deviation, std dev",
    "r": "ri, cor, correlation, corr, pearson r, pearsons r, pearson's r, korrelasjon",
}
_EITHER = "r"  # a correlation to some, people with the event to others
# Two measurements of the same people, which no measure here is of
_PAIRED = ("m1i", "sd1i", "m2i", "sd2i", "ni", "ri")
_ARM_ROWS = ("treatment", "treat", "trt", "arm", "group", "intervention")


def squeezed(name: str) -> str:
    """Return a name without case and the signs between its letters.

    Examples
    --------
    >>> squeezed("Hedges's g"), squeezed("_seES"), squeezed("mean1 (mm)"), squeezed("95% CI")
    ('hedgessg', 'sees', 'mean1', '95%ci')
    """
    words = re.sub(r"\b(log|ln)\s*[(\[](\w+)[)\]]", r"\1\2", bare(name))
    end = re.search(r"[(\[]([^)\]]*)[)\]]$", words)
    if end and not re.search(r"%|\b(sd|se|sem|ci|ki|mean|iqr|n|log|ln)\b", end[1]) and end[1] not in _arms():
        words = words[: end.start()] or words  # a unit
    return re.sub(r"[^\w%±]|_", "", words)


@cache
def _arms() -> frozenset[str]:
    return frozenset(name for names in ARMS.values() for name in listed(names))


def bare(name: str) -> str:
    """Return a heading in small letters, without the number of people in it: "Exercise (n = 34)"."""
    return " ".join(re.sub(r"[(\[,;]?\s*\bn\s*=\s*\d+\s*[)\]]?", " ", name.casefold()).split())


def listed(names: str) -> list[str]:
    """Part names at their commas."""
    return [name.strip() for name in names.split(",")]


def spaced(name: str) -> str:
    """Return a name in small letters, its words set apart: at signs, digits' ends and capitals."""
    parted = re.sub(r"(?<=[a-zåäöøæ])(?=[A-ZÅÄÖØÆ])", " ", name)
    return " ".join(re.sub(r"[^\w%±]|_", " ", parted).casefold().split())


@cache
def _by_words() -> dict[str, tuple[str, int]]:
    """Map what an arm's column is called in words, squeezed or spaced, to our names, each with its rank."""
    names: dict[str, tuple[str, int]] = {}
    for arm, arms in ARMS.items():
        for word in listed(arms):
            # a single letter may be part of a word, unless something sets it apart
            letter = len(word) == 1 and word.isalpha()
            words = (word,) if len(word) == 1 or "group" in word else (word, f"{word} group", f"{word} arm")
            for quantity, quantities in QUANTITIES.items():
                for called in listed(quantities):
                    rank = WORDED + ("tot" in called)  # n goes before totaln
                    for pair in (f"{called} {each}" for each in words):
                        turned = pair[len(called) + 1 :] + " " + called
                        for name in (pair, turned):
                            names.setdefault(
                                name if letter else name.replace(" ", ""), (quantity + arm, rank)
                            )
    return names


@cache
def _by_name() -> dict[str, tuple[str, int]]:
    """Map squeezed names to ours, each with its rank."""
    names: dict[str, tuple[str, int]] = {}
    for ours, ranks in COLUMN_NAMES.items():
        for rank, called in enumerate(ranks.split("|")):
            for name in listed(called):
                names.setdefault(squeezed(name), (ours, rank))
    for measure in _measures():
        for spread, ours in (
            ("se", "sei"),
            ("stderr", "sei"),
            ("standarderror", "sei"),
            ("var", "vi"),
            ("v", "vi"),
        ):
            for name in (spread + measure, measure + spread, f"{spread}of{measure}"):
                names.setdefault(name, (ours, WORDED))
        for side in ("low", "high"):
            for limit in {squeezed(name) for rank in COLUMN_NAMES[side].split("|") for name in listed(rank)}:
                for name in (limit + measure, measure + limit):
                    names.setdefault(name, (side, WORDED))
    return names


@cache
def _measures() -> dict[str, tuple[str, bool]]:
    """Map squeezed names of a measure's values to the measure, and whether they are its logs."""
    names: dict[str, tuple[str, bool]] = {}
    for key, measure in MEASURES.items():
        if key in {"GEN", "SMD-PP"} or measure.one_group:
            continue
        called = {key, measure.words, measure.ratio or key, *measure.names, *listed(_MEASURES.get(key, key))}
        for name in called:
            names.setdefault(squeezed(name), (key, False))
            for log in ("log", "ln") if key in RATIOS else ():
                names.setdefault(log + squeezed(name), (key, True))
    return names


def measure_in(name: str) -> tuple[str, bool] | None:
    """Return the measure that a column is named by, and whether its logs are meant; None for others.

    Examples
    --------
    >>> measure_in("Hedges's g"), measure_in("lnOR"), measure_in("weeks")
    (('SMD', False), ('OR', True), None)
    """
    return _measures().get(squeezed(name))


def level_in(name: str) -> str:
    """Return the level that a limit's column is named with, "" where with none.

    Examples
    --------
    >>> level_in("Lower 95% CI"), level_in("lower")
    ('95', '')
    """
    match = re.search(r"(?<!\d)(9\d(?:\.\d+)?)(?!\d)", name)
    return match[1] if match else ""


def ours_of(name: str) -> tuple[str, int] | None:
    """Return what a column may be by our names, and of which rank its name is; 0 goes first."""
    plain = squeezed(name)
    without_level = re.sub(r"9\d%?", "", plain)
    known = _by_name()
    ours = known.get(plain) or (known.get(without_level) if without_level != plain else None)
    if ours is not None and (plain == without_level or ours[0] in {"low", "high"}):
        return ours
    worded = _by_words()
    return worded.get(plain) or worded.get(spaced(name))


def candidates(header: Iterable[str]) -> dict[str, list[str]]:
    """Map our names to the columns of a file that may be meant: one, or several of equal right."""
    ranked: dict[str, dict[int, list[str]]] = {}
    names = list(header)
    plain = {squeezed(name) for name in names}
    for name in names:
        ours = ours_of(name)
        if ours is None or (squeezed(name) == "ci" and "ai" not in plain):
            continue  # metafor's counts of group 2 stand beside ai; alone it is an interval
        ranked.setdefault(ours[0], {}).setdefault(ours[1], []).append(name)
    return {ours: ranks[min(ranks)] for ours, ranks in ranked.items()}


def role_of(name: str) -> str:
    """Return our name of a role that is typed: any word for the study is `study`."""
    study = name not in {*COLUMN_NAMES, *ONE_GROUP} and (ours_of(name) or ("",))[0] == "study"
    return "study" if study else name


def alone(header: Iterable[str]) -> dict[str, list[str]]:
    """Map our names of a single group's columns to those of a file, metafor's before all others.

    Examples
    --------
    >>> alone(["study", "xi", "n", "cases"]), alone(["r", "n"])
    ({'events': ['xi'], 'n': ['n']}, {'n': ['n'], 'r or events': ['r']})
    """
    held = {squeezed(name): name for name in header}
    columns = {}
    for ours, names in ONE_GROUP.items():
        known = [held[key] for name in listed(names) if (key := squeezed(name)) in held]
        if known:
            first = squeezed(known[0]) == squeezed(listed(names)[0])
            columns[ours] = known[:1] if first else list(dict.fromkeys(known))
    if "r" not in columns and "events" not in columns and _EITHER in held:
        columns["r or events"] = [held[_EITHER]]
    return columns


def arm_column(header: Iterable[str]) -> str | None:
    """Return the column that says which arm a row is, where a table may have a row per arm."""
    held = {squeezed(name): name for name in header}
    return next((held[name] for name in _ARM_ROWS if name in held), None)


def paired(header: Iterable[str]) -> str | None:
    """Say that a table holds two measurements of the same people, and what to do; None for others.

    Examples
    --------
    >>> print(paired(["m1i", "sd1i", "m2i", "sd2i", "ni", "ri"]))
    m1i, sd1i, m2i, sd2i, ni, ri: two measurements of the same people. Effects are not computed from \
these. Compute yi = m1i − m2i and vi = (sd1i² + sd2i² − 2·ri·sd1i·sd2i)/ni, and give study, yi and \
vi with --measure MD.
    """
    held = {squeezed(name): name for name in header}
    if not all(name in held for name in _PAIRED):
        return None
    m1, sd1, m2, sd2, n, r = names = [held[name] for name in _PAIRED]
    return (
        f"{', '.join(names)}: two measurements of the same people. Effects are not computed from these. "
        f"Compute yi = {m1} − {m2} and vi = ({sd1}² + {sd2}² − 2·{r}·{sd1}·{sd2})/{n}, and give study, "
        "yi and vi with --measure MD."
    )
