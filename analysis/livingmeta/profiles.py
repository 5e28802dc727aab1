"""Named sets of methods, each as one program or one convention has them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from livingmeta.names import pick


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How effects are computed and pooled.

    Attributes
    ----------
    name : str
        Name it is chosen by.
    correction, smd_variance, md_variance : str
        Small-sample correction and variance formulas, entries of `effect_sizes`.
    model, tau2, ci, prediction : str
        As `pooling.pool` takes them; prediction "none" for none.
    about : str
        Where it comes from, in a few words.
    """

    name: str
    correction: str = "approximate"
    smd_variance: str = "revman"
    md_variance: str = "unpooled"
    model: str = "random"
    tau2: str = "REML"
    ci: str = "hksj-modified"
    prediction: str = "t(k-1)"
    about: str

    def with_choices(self, **choices: str | None) -> Profile:
        """Return the profile with some of its methods chosen otherwise; None changes nothing."""
        return replace(self, **{name: choice for name, choice in choices.items() if choice})

    def words(self) -> str:
        """Say the methods in one line, the name of the profile last."""
        if self.model == "common":
            return f"common effect, {CI_WORDS[self.ci]} (profile {self.name})"
        return f"random effects, {self.tau2}, {CI_WORDS[self.ci]} (profile {self.name})"


CI_WORDS = {
    "wald": "Wald interval",
    "hksj": "HKSJ interval",
    "hksj-modified": "modified HKSJ interval",
}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="revman5",
            tau2="DL",
            ci="wald",
            prediction="none",
            about="RevMan 5: approximate J, DerSimonian-Laird, Wald, no prediction interval",
        ),
        Profile(
            name="today",
            about="ours, for few trials of unequal size: REML, modified HKSJ, t(k-1)",
        ),
    )
}


def profile(name: str) -> Profile:
    """Return the profile of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists those there are and the nearest.

    Examples
    --------
    >>> profile("revman5").tau2
    'DL'
    """
    return pick(PROFILES, name, "profile")
