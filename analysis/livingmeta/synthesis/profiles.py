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

        Another model brings its own interval and estimator, unless they are chosen by name: those
        of the profile for random effects, Wald for a common effect.

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
        base = self if model == self.model else PROFILES.get(self.name, self)
        own = {} if model == "common" else {name: getattr(base, name) for name in DEFAULTS}
        asked = own | {name: choice for name, choice in named.items() if name in DEFAULTS}
        i2 = named.get("i2", "q" if model == "common" else base.i2)
        if model == "common" and i2 != "q":
            raise RefusalError(f"i2 = {i2!r}: a common effect has no τ² to take I² from: leave it out.")
        return replace(self, **named | pooled_by(model=model, **asked) | {"i2": i2})

    def differences(self, other: Profile) -> dict[str, tuple[str, str]]:
        """Return the methods in which two profiles differ, as (this one's, the other's)."""
        return {
            name: (getattr(self, name), getattr(other, name))
            for name in METHOD_CHOICES
            if getattr(self, name) != getattr(other, name)
        }

    def words(self, *, ci: str | None = None) -> Said:
        """Say the methods in one line, the name of the profile last; `ci` is another interval."""
        own = PROFILES.get(self.name, self)
        methods = ("model", "tau2", "ci", "correction", "smd_variance", "md_variance", "zero_cells")
        name = [said("pool.profile", name=self.name)]
        if self.unverified:
            name.append(said("pool.unverified"))
        if any(getattr(self, choice) != getattr(own, choice) for choice in methods):
            name.append(said("pool.changed"))
        parts = {"interval": CI_WORDS[ci or self.ci], "profile": together(name, "")}
        if self.model == "common":
            return said("pool.common", **parts)
        return said("pool.random", tau2=self.tau2, **parts)


METHOD_CHOICES = {
    "correction": said("choice.correction"),
    "smd_variance": said("choice.smd_variance"),
    "md_variance": said("choice.md_variance"),
    "zero_cells": said("choice.zero_cells"),
    "model": said("choice.model"),
    "tau2": said("choice.tau2"),
    "ci": said("choice.interval"),
    "tau2_ci": said("choice.tau2_ci"),
    "prediction": said("choice.prediction"),
    "i2": said("choice.i2"),
}
assert {field.name for field in fields(Profile)} == {*METHOD_CHOICES, "name", "about", "unverified"}

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
            about=said("profile.revman5"),
        ),
        Profile(
            name="revman-web",
            ci="wald",
            i2="tau2",
            zero_cells="needed",
            about=said("profile.revman_web"),
            unverified=said("profile.revman_web_open"),
        ),
        Profile(
            name="metafor",
            correction="exact",
            smd_variance="LS",
            zero_cells="keep00",
            ci="wald",
            prediction="z",
            i2="tau2",
            about=said("profile.metafor"),
        ),
        Profile(
            name="meta",
            correction="exact",
            smd_variance="UB",
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
