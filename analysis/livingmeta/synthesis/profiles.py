"""Named sets of methods, each as one program or one convention has them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from livingmeta.engine.pooling import DEFAULTS
from livingmeta.engine.pooling import chosen as pooled_by
from livingmeta.language import Said, said, together
from livingmeta.words import RefusalError, pick


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How effects are computed and pooled.

    Small-sample correction, variance formulas and rule for empty cells are entries of
    `effect_sizes` and `counts`; from `model` on methods are as `pooling.pool` takes them, "none"
    for none, as a common effect has but of the interval.
    """

    name: str
    correction: str = "approximate"
    smd_variance: str = "revman"
    md_variance: str = "unpooled"
    zero_cells: str = "only0"
    mh_zero_cells: str = "needed"
    mh_variance: str = "GR"
    method: str = "IV"  # of counts; all else is pooled by inverse variance
    common_method: str = "IV"  # by which a common effect of counts is pooled, where nobody says
    model: str = "random"
    tau2: str = "REML"
    ci: str = "hksj-modified"
    tau2_ci: str = "q-profile"
    prediction: str = "t(k-1)"
    i2: str = "q"  # the I² that is shown: "q" or "tau2"
    about: str  # where it comes from, in a few words
    unverified: str | None = None  # what of it no printed number and no run of the program pins

    def with_choices(self, **choices: str | None) -> Profile:
        """Return the profile with some of its methods chosen otherwise; None changes nothing.

        Another model brings its own interval, estimator and method, unless they are chosen by name:
        those of the profile for random effects, Wald for a common effect. Mantel-Haenszel and Peto
        bring a common effect, and random effects of Mantel-Haenszel the τ² of DL.

        Raises
        ------
        ValueError
            For methods that do not go together, as `pooling.chosen`.

        Examples
        --------
        >>> PROFILES["today"].with_choices(model="common").words()
        'common effect, Wald interval (profile today, changed)'
        """
        named = {name: choice for name, choice in choices.items() if choice}
        model = named.get("model", self.model)
        if "model" not in named and named.get("method") in {"MH", "Peto"} - {self.method}:
            model = (
                "common" if all(named.get(name, "none") in {"none", "wald"} for name in DEFAULTS) else model
            )
        method = named.get("method", self._method(model, named.get("tau2", self.tau2)))
        named_by = PROFILES.get(self.name, self)
        base = self if model == self.model else named_by
        own = {} if model == "common" else {name: getattr(base, name) for name in DEFAULTS}
        if own and "MH" in {method, self.method} and method != self.method:  # its τ² is that of DL
            own["tau2"] = "DL" if method == "MH" else named_by.tau2
        asked = own | {name: choice for name, choice in named.items() if name in DEFAULTS}
        i2 = named.get("i2", "q" if model == "common" else base.i2)
        if model == "common" and i2 != "q":
            raise RefusalError(f"i2 = {i2!r}: a common effect has no τ² to take I² from: leave it out.")
        return replace(self, **named | pooled_by(model=model, method=method, **asked) | {"i2": i2})

    def _method(self, model: str, tau2: str) -> str:
        """Return the method where none is asked for: the one chosen before, else that of the profile.

        Where the profile's own sums would have the τ² of DL, and another is asked for, it is inverse
        variance.
        """
        if self.method != self.own_method() or (model == self.model and self.method != "MH"):
            return self.method
        if model == "random" and tau2 not in {"DL", "none"}:
            return "IV"
        return self.own_method(model)

    def own_method(self, model: str | None = None) -> str:
        """Return the method by which the profile pools counts where nobody chose one."""
        own = PROFILES.get(self.name, self)
        return own.common_method if (model or self.model) == "common" else own.method

    def differences(self, other: Profile) -> dict[str, tuple[str, str]]:
        """Return the methods in which two profiles differ, as (this one's, the other's)."""
        return {
            name: (getattr(self, name), getattr(other, name))
            for name in METHOD_CHOICES
            if getattr(self, name) != getattr(other, name)
        }

    def words(self, *, ci: str | None = None, method: str | None = None) -> Said:
        """Say the methods in one line, the name of the profile last.

        `ci` is another interval, `method` that by which counts are pooled, where there are any.
        """
        own = PROFILES.get(self.name, self)
        name = [said("pool.profile", name=self.name)]
        if self.unverified:
            name.append(said("pool.unverified"))
        usual = {"IV", None, self.own_method()}  # a program has inverse variance beside its default
        if method not in usual or any(getattr(self, choice) != getattr(own, choice) for choice in TELLING):
            name.append(said("pool.changed"))
        parts = {"interval": CI_WORDS[ci or self.ci], "profile": together(name, "")}
        said_of = method is not None and {method, self.own_method()} != {"IV"}
        how = {"method": METHOD_WORDS[method or "IV"]} if said_of else {}
        if self.model == "common":
            return said("pool.common_by" if how else "pool.common", **how, **parts)
        return said("pool.random_by" if how else "pool.random", tau2=self.tau2, **how, **parts)


METHOD_CHOICES = {
    "correction": said("choice.correction"),
    "smd_variance": said("choice.smd_variance"),
    "md_variance": said("choice.md_variance"),
    "zero_cells": said("choice.zero_cells"),
    "mh_zero_cells": said("choice.mh_zero_cells"),
    "mh_variance": said("choice.mh_variance"),
    "method": said("choice.method"),
    "model": said("choice.model"),
    "tau2": said("choice.tau2"),
    "ci": said("choice.interval"),
    "tau2_ci": said("choice.tau2_ci"),
    "prediction": said("choice.prediction"),
    "i2": said("choice.i2"),
}
OF_NAME = {"name", "about", "unverified", "common_method"}
assert {field.name for field in fields(Profile)} == OF_NAME.union(METHOD_CHOICES)
# Which make another method of it; the rest is how it is reported.
TELLING = METHOD_CHOICES.keys() - {"method", "tau2_ci", "prediction", "i2"}

METHOD_WORDS = {"IV": said("method.iv"), "MH": said("method.mh"), "Peto": said("method.peto")}

CI_WORDS = {
    "wald": said("interval_of.wald"),
    "t": said("interval_of.t"),
    "hksj": said("interval_of.hksj"),
    "hksj-modified": said("interval_of.hksj_modified"),
    "profile": said("interval_of.profile"),
    "CR2": said("interval_of.cluster"),
}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="revman5",
            tau2="DL",
            ci="wald",
            prediction="none",
            zero_cells="needed",
            method="MH",
            common_method="MH",
            about=said("profile.revman5"),
        ),
        Profile(
            name="revman-web",
            ci="wald",
            i2="tau2",
            zero_cells="needed",
            common_method="MH",
            about=said("profile.revman_web"),
            unverified=said("profile.revman_web_open"),
        ),
        Profile(
            name="metafor",
            correction="exact",
            smd_variance="LS",
            zero_cells="keep00",
            mh_zero_cells="none",
            mh_variance="Sato",
            ci="wald",
            prediction="z",
            i2="tau2",
            about=said("profile.metafor"),
        ),
        Profile(
            name="meta",
            correction="exact",
            smd_variance="UB",
            mh_zero_cells="only0",
            common_method="MH",
            ci="wald",
            about=said("profile.meta"),
            unverified=said("profile.meta_open"),
        ),
        Profile(name="today", about=said("profile.today")),
    )
}


def profile(name: str) -> Profile:
    """Return the profile of this name, or refuse one that there is not.

    Examples
    --------
    >>> profile("revman5").tau2
    'DL'
    """
    return pick(PROFILES, name, "profile")
