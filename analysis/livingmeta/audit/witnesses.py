"""Our headline numbers beside those of other programs: to how many digits, and why not further."""

from __future__ import annotations

import math
import platform
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import numpy as np

from livingmeta.audit.results import Results
from livingmeta.engine.tau2 import TAU2
from livingmeta.printer import Shown, cells
from livingmeta.synthesis.pool import Pool

WitnessAnswer = dict[str, float]
Name = TypeVar("Name")
EQUAL = 8  # digits from which two programs are called equal
QUANTITIES = ("estimate", "se", "ci_low", "ci_high", "tau2", "q", "pi_low", "pi_high")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a witness is asked: effects, variances and methods; counts where they are summed."""

    yi: tuple[float, ...]
    vi: tuple[float, ...]
    model: str
    tau2: str | None
    ci: str
    prediction: str | None
    level: float
    method: str = "IV"
    measure: str = ""
    cells: tuple[tuple[float, ...], ...] | None = None


class NotOfferedError(Exception):
    """A method that a witness does not have."""


class MissingError(Exception):
    """A witness that is not here; the message says how to get it."""


@dataclass(frozen=True, kw_only=True)
class WitnessLine:
    """One number beside a witness's; `digits` None where the witness gives none."""

    synthesis: str
    subgroup: str | None
    methods: str
    quantity: str
    ours: float
    witness: str
    theirs: float | None
    digits: int | None
    why: str | None  # why it differs, or why there is none


@dataclass(frozen=True, kw_only=True, repr=False)
class Certificate(Shown):
    """What was compared, with which versions."""

    review: str
    version: str
    environment: Mapping[str, str]
    witnesses: Mapping[str, str]  # version, or "missing: …"
    lines: tuple[WitnessLine, ...]

    def __str__(self) -> str:
        return f"{self.review}: " + "; ".join(self.summary())

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return each number beside a witness's."""
        return map(cells, self.lines)

    @property
    def unexplained(self) -> tuple[WitnessLine, ...]:
        """Numbers that differ for no reason that is known."""
        return tuple(line for line in self.lines if line.why == UNEXPLAINED)

    def summary(self) -> list[str]:
        """Say for each witness how far it agrees."""
        return [
            f"{name} {release}: {_agreement([x for x in self.lines if x.witness == name])}"
            if not release.startswith("missing")
            else f"{name}: {release}"
            for name, release in self.witnesses.items()
        ]


def _agreement(lines: Sequence[WitnessLine]) -> str:
    compared = [line.digits for line in lines if line.digits is not None]
    if not compared:
        return "no number of this review is within its methods"
    equal = [digits for digits in compared if digits >= EQUAL]
    text = f"{len(equal)} of {len(compared)} numbers equal to {EQUAL} digits or more"
    if equal:
        text += f" (the least to {min(equal)})"
    reasons = dict.fromkeys(line.why for line in lines if line.digits is not None and line.why)
    return "; ".join([text, *map(str, reasons)])


UNEXPLAINED = "differs, and no reason is known: please report it"


def certify(
    results: Results,
    *,
    program: str,
    witnesses: Mapping[str, Callable[[Sequence[Question]], list[WitnessAnswer | str]]] | None = None,
) -> Certificate:
    """Ask every witness for every pooled number of a review.

    Parameters
    ----------
    results : Results
        A review's pools, under its own methods and those of its headline.
    program : str
        Our version.
    witnesses : mapping, optional
        Name to a function from questions to answers, or to words why there is none; all that
        are known by default.

    Returns
    -------
    Certificate
        A witness that is not installed is named as missing, never passed over.
    """
    both = dict.fromkeys((*results.headline_pools, *results.pools))
    pools = [pool for pool in both if pool.result is not None]
    questions = [_question(pool) for pool in pools]
    versions: dict[str, str] = {}
    lines: list[WitnessLine] = []
    for name, ask in (WITNESSES if witnesses is None else witnesses).items():
        try:
            answers = ask(questions)
            versions[name] = VERSIONS[name]() if name in VERSIONS else "as given"
        except MissingError as missing:
            versions[name] = f"missing: {missing}"
            continue
        for pool, question, answer in zip(pools, questions, answers, strict=True):
            lines += _lines(name, pool, question, answer)
    return Certificate(
        review=results.review.protocol.id,
        version=program,
        environment={"Python": platform.python_version()} | {p: version(p) for p in ("numpy", "scipy")},
        witnesses=versions,
        lines=tuple(lines),
    )


def _question(pool: Pool) -> Question:
    assert pool.result is not None
    return Question(
        yi=tuple(effect.yi for effect in pool.effects),
        vi=tuple(effect.vi for effect in pool.effects),
        model=pool.result.model,
        tau2=pool.result.tau2_method,
        ci=pool.result.ci_method,
        prediction=pool.result.pi_method,
        level=pool.result.level,
        method=pool.result.method,
        measure=pool.measure.removeprefix("log "),
        cells=tuple(pool.counted or ()) or None if pool.result.method == "MH" else None,
    )


def _lines(name: str, pool: Pool, question: Question, answer: WitnessAnswer | str) -> Iterable[WitnessLine]:
    result = pool.result
    assert result is not None
    scales = {"tau2": result.k * result.se**2, "q": float(result.k)}
    for quantity in QUANTITIES:
        ours = getattr(result, quantity)
        if ours is None:
            continue
        theirs = answer.get(quantity) if isinstance(answer, dict) else None
        why = answer if isinstance(answer, str) else None
        digits = None
        if theirs is not None:
            digits = agreeing_digits(ours, theirs, scale=scales.get(quantity, result.se))
            why = None if digits >= EQUAL else _reason(name, question, ours, theirs)
        elif why is None:
            why = "not given by these methods"
        yield WitnessLine(
            synthesis=pool.synthesis,
            subgroup=pool.subgroup,
            methods=pool.methods,
            quantity=quantity,
            ours=ours,
            witness=name,
            theirs=theirs if theirs is None or math.isfinite(theirs) else None,
            digits=digits,
            why=why,
        )


def agreeing_digits(ours: float, theirs: float, *, scale: float) -> int:
    """Count the digits to which two numbers agree, relative to the larger of them and a scale.

    Examples
    --------
    >>> agreeing_digits(0.12345678, 0.12345679, scale=0.01)
    7
    >>> agreeing_digits(0.5, 0.5, scale=1.0)
    15
    """
    if not math.isfinite(theirs):
        return 0
    gap = abs(ours - theirs) / max(abs(ours), scale)
    return 15 if gap < 1e-15 else max(0, math.floor(-math.log10(gap)))


def _reason(name: str, question: Question, ours: float, theirs: float) -> str:
    """Say why a witness differs, where that is known."""
    if name == "statsmodels" and question.tau2 == "DL" and _q_below_df(question):
        return "statsmodels does not truncate its DL estimate of τ² at 0"
    if name == "PyMARE" and question.tau2 in {"ML", "REML"} and math.isfinite(theirs):
        if agreeing_digits(ours, theirs, scale=abs(theirs)) >= 4:  # its search stops there
            return "PyMARE's search for the maximum stops earlier"
        if len(question.yi) == 1:
            return "PyMARE estimates τ² from a single trial"
    return UNEXPLAINED


def _q_below_df(question: Question) -> bool:
    y, w = np.array(question.yi), 1 / np.array(question.vi)
    return bool(w @ (y - np.average(y, weights=w)) ** 2 < y.size - 1)


def _summed(question: Question) -> NotOfferedError:
    """Return why a program that pools effects has no answer for counts that are summed."""
    if question.model == "random":
        return NotOfferedError("it has no random effects of Mantel-Haenszel")
    return NotOfferedError("it does not sum counts (Mantel-Haenszel)")


def _each(
    ask: Callable[[Question], WitnessAnswer], questions: Sequence[Question]
) -> list[WitnessAnswer | str]:
    replies: list[WitnessAnswer | str] = []
    for question in questions:
        try:
            replies.append({name: float(value) for name, value in ask(question).items()})
        except NotOfferedError as reason:
            replies.append(str(reason))
        except MissingError:
            raise
        except Exception as failure:  # whatever a witness dies of is told, not passed on
            replies.append(f"it failed: {type(failure).__name__}: {failure}")
    return replies


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise MissingError("pip install 'livingmeta[crosscheck]' brings it") from None


def _interval(
    package: str, question: Question, *, tau2: Collection[str | None], ci: Mapping[str, Name]
) -> Name:
    """Return a package's name of the interval that is asked for, where it has these methods."""
    if question.model == "random" and question.tau2 not in tau2:
        raise NotOfferedError(f"{package} has no {question.tau2}")
    if question.ci not in ci:
        raise NotOfferedError(f"{package} has no interval of the kind {question.ci}")
    return ci[question.ci]


def _stratified(question: Question) -> WitnessAnswer:
    """Ask statsmodels for sums of counts: it has a variance for odds ratios alone."""
    from scipy.special import ndtri
    from statsmodels.stats.contingency_tables import StratifiedTable

    if question.cells is None or question.measure not in {"OR", "RR"}:
        raise _summed(question)
    table = StratifiedTable([np.reshape(cells, (2, 2)) for cells in question.cells])
    if question.measure == "RR":
        return {"estimate": math.log(table.riskratio_pooled)}
    estimate, se = table.logodds_pooled, table.logodds_pooled_se
    half = ndtri(0.5 + question.level / 2) * se
    return {"estimate": estimate, "se": se, "ci_low": estimate - half, "ci_high": estimate + half}


def _statsmodels(question: Question) -> WitnessAnswer:
    _installed("statsmodels")
    if question.method == "MH":
        return _stratified(question)
    from statsmodels.stats.meta_analysis import combine_effects

    hksj = _interval("statsmodels", question, tau2={"DL", "PM", None}, ci={"wald": False, "hksj": True})
    with np.errstate(all="ignore"):
        fitted = combine_effects(
            np.array(question.yi),
            np.array(question.vi),
            method_re=(question.tau2 or "DL").lower(),
            use_t=hksj,
            alpha=1 - question.level,
            **({"atol": 1e-14} if question.tau2 == "PM" else {}),
        )
        common, random, _, scaled = fitted.conf_int()
    if question.model == "common" or question.tau2 is None:
        limits, estimate, se = common, fitted.mean_effect_fe, fitted.sd_eff_w_fe
    else:
        limits, estimate = scaled if hksj else random, fitted.mean_effect_re
        se = fitted.sd_eff_w_re_hksj if hksj else fitted.sd_eff_w_re
    answer = {"estimate": estimate, "se": se, "ci_low": limits[0], "ci_high": limits[1]}
    if question.tau2 is not None:
        answer |= {"tau2": fitted.tau2, "q": fitted.q}
    return answer


def _pymare(question: Question) -> WitnessAnswer:
    _installed("PyMARE")
    if question.method == "MH":
        raise _summed(question)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves a file of its own open
        from pymare import Dataset, estimators

    by_likelihood = estimators.VarianceBasedLikelihoodEstimator
    offered: dict[str | None, Callable[..., Any]] = {
        "DL": estimators.DerSimonianLaird,
        "HE": estimators.Hedges,
        "ML": partial(by_likelihood, method="ml"),
        "REML": partial(by_likelihood, method="reml"),
        None: estimators.WeightedLeastSquares,
    }
    ci = {"wald": "wald", "hksj": "knapp-hartung", "hksj-modified": "knapp-hartung-conservative"}
    correction = _interval("PyMARE", question, tau2=offered, ci=ci)
    y, v = (np.array(values)[:, None] for values in (question.yi, question.vi))
    estimator = offered[question.tau2](small_sample_correction=correction)
    fitted = estimator.fit_dataset(Dataset(y, v, add_intercept=True)).summary()
    stats = fitted.get_fe_stats(alpha=1 - question.level)
    names = {"estimate": "est", "se": "se", "ci_low": "ci_l", "ci_high": "ci_u"}
    answer = {name: stats[theirs][0, 0] for name, theirs in names.items()}
    if question.tau2 is not None:
        answer["tau2"] = np.ravel(fitted.tau2)[0]
    return answer


def _pymetaanalysis(question: Question) -> WitnessAnswer:
    _installed("PyMetaAnalysis")
    from meta_analyze import meta_analysis

    if question.method == "MH":
        raise _summed(question)
    if len(question.yi) < 2:
        raise NotOfferedError("PyMetaAnalysis refuses a single trial")
    ci = {"wald": "normal", "hksj": "hartung_knapp", "hksj-modified": "hartung_knapp_adhoc"}
    fitted = meta_analysis(
        effect=list(question.yi),
        variance=list(question.vi),
        model=question.model,
        tau2_method=question.tau2,
        ci_method=_interval("PyMetaAnalysis", question, tau2={"DL", "PM", "REML"}, ci=ci),
        confidence_level=question.level,
        atol=1e-14,
        max_iter=100_000,
    )
    answer = {
        "estimate": fitted.estimate,
        "se": fitted.standard_error,
        "ci_low": fitted.ci_low,
        "ci_high": fitted.ci_high,
        "q": fitted.heterogeneity.q,
    }
    if question.tau2 is not None:
        answer["tau2"] = fitted.tau2
    return answer


R_SCRIPT = """suppressMessages(library(metafor))
cat("version", as.character(packageVersion("metafor")), "\\n")
show <- function(x) paste(sprintf("%.17g", as.numeric(x)), collapse = " ")
ask <- function(id, yi, vi, method, test, level, control) {{
  said <- tryCatch({{
    fit <- suppressWarnings(rma(yi, vi, method = method, test = test, level = level,
                                control = control))
    ahead <- if (test == "z") c(NA, NA) else {{p <- predict(fit); c(p$pi.lb, p$pi.ub)}}
    show(c(fit$beta, fit$se, fit$ci.lb, fit$ci.ub, fit$tau2, fit$QE, ahead))
  }}, error = function(e) paste("error", conditionMessage(e)))
  cat("answer", id, said, "\\n")
}}
sums <- function(id, yi, vi, cells, measure, level) {{
  said <- tryCatch({{
    n <- matrix(cells, nrow = 4)
    fit <- suppressWarnings(rma.mh(ai = n[1, ], bi = n[2, ], ci = n[3, ], di = n[4, ],
                                   measure = measure, level = level))
    ends <- if (measure == "RD") c(NA, NA, NA) else c(fit$se, fit$ci.lb, fit$ci.ub)
    show(c(fit$beta, ends, NA, sum((yi - c(fit$beta))^2 / vi), NA, NA))
  }}, error = function(e) paste("error", conditionMessage(e)))
  cat("answer", id, said, "\\n")
}}
steps <- list(threshold = 1e-14, maxiter = 1e5, stepadj = 0.5)
tight <- list(ML = steps, REML = steps, EB = list(threshold = 1e-14, maxiter = 1e5),
              PM = list(tol = 1e-14, tau2.max = 1e10, maxiter = 1e5))
{calls}
"""
R_TESTS = {"wald": "z", "t": "t", "hksj": "knha", "hksj-modified": "adhoc"}
_versions: dict[str, str] = {}


def _metafor(questions: Sequence[Question]) -> list[WitnessAnswer | str]:
    """Ask metafor everything in one call of R, with tightened tolerances."""
    program = shutil.which("Rscript")
    if program is None:
        raise MissingError("Rscript is not on the PATH; install R and its package metafor")
    replies: list[WitnessAnswer | str] = ["metafor gave no answer"] * len(questions)
    calls = []
    for i, question in enumerate(questions):
        tau2 = metafor_name(question.tau2)
        if question.method == "MH" and question.cells is None:
            replies[i] = str(_summed(question))
            continue
        if question.ci not in R_TESTS or tau2 is None:
            method = question.ci if question.ci not in R_TESTS else question.tau2
            replies[i] = f"metafor is not asked for {method}"
            continue
        yi, vi = (", ".join(f"{x:.17g}" for x in values) for values in (question.yi, question.vi))
        test = R_TESTS[question.ci]
        level = f"{100 * question.level:.17g}"
        if question.cells is not None:
            counts = ", ".join(f"{cell:.17g}" for cells in question.cells for cell in cells)
            calls.append(f'sums({i}, c({yi}), c({vi}), c({counts}), "{question.measure}", {level})')
            continue
        control = f'as.list(tight[["{tau2}"]])'
        calls.append(f'ask({i}, c({yi}), c({vi}), "{tau2}", "{test}", {level}, {control})')
    try:
        ran = subprocess.run(
            [program, "--vanilla", "-"],
            input=R_SCRIPT.format(calls="\n".join(calls)),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MissingError("R did not answer within five minutes") from None
    version_line = re.search(r"^version (\S+)", ran.stdout, re.MULTILINE)
    if version_line is None:
        raise MissingError("R is here and its package metafor is not")
    _versions["metafor"] = version_line[1]
    for number, said in re.findall(r"^answer (\d+) (.*)$", ran.stdout, re.MULTILINE):
        question = questions[int(number)]
        if said.startswith("error"):
            replies[int(number)] = f"metafor: {said.removeprefix('error ').strip()}"
            continue
        dropped = set() if question.prediction == "t(k-1)" else {"pi_low", "pi_high"}
        if question.tau2 is None:
            dropped |= {"tau2"}
        replies[int(number)] = {
            name: float(value)
            for name, value in zip(QUANTITIES, said.split(), strict=True)
            if value != "NA" and name not in dropped
        }
    return replies


WITNESSES: Mapping[str, Callable[[Sequence[Question]], list[WitnessAnswer | str]]] = {
    "metafor": _metafor,
    "statsmodels": partial(_each, _statsmodels),
    "PyMARE": partial(_each, _pymare),
    "PyMetaAnalysis": partial(_each, _pymetaanalysis),
}
VERSIONS: Mapping[str, Callable[[], str]] = {
    "metafor": lambda: _versions["metafor"],
    **{name: partial(version, name) for name in WITNESSES if name != "metafor"},
}


def metafor_name(tau2: str | None) -> str | None:
    """Return what metafor calls an estimator, None where it has none.

    Examples
    --------
    >>> metafor_name("CA"), metafor_name(None), metafor_name("given")
    ('HE', 'EE', None)
    """
    if tau2 is None:
        return "EE"  # a common effect
    return TAU2[tau2].metafor if tau2 in TAU2 else None
