"""The certificate as a page."""

from __future__ import annotations

from collections.abc import Mapping

from livingmeta.audit.witnesses import EQUAL, Certificate, WitnessLine


def markdown(certificate: Certificate) -> str:
    """Write the certificate's page."""
    from livingmeta.pages.template import page

    pools: dict[tuple[str, str | None, str], dict[str, dict[str, WitnessLine]]] = {}
    for line in certificate.lines:
        key = (line.synthesis, line.subgroup, line.methods)
        pools.setdefault(key, {}).setdefault(line.quantity, {})[line.witness] = line
    here = [name for name, version in certificate.witnesses.items() if not version.startswith("missing")]

    def reasons(quantities: Mapping[str, Mapping[str, WitnessLine]]) -> list[str]:
        why_not: dict[tuple[str, str], list[str]] = {}
        for quantity, witnesses in quantities.items():
            for line in witnesses.values():
                if line.why is not None:
                    why_not.setdefault((line.witness, line.why), []).append(quantity)
        whole = len(quantities)
        return [
            f"{name}{'' if len(about) == whole else ' (' + ', '.join(about) + ')'}: {why}."
            for (name, why), about in why_not.items()
        ]

    return page(
        "certificate.md.j2", certificate=certificate, pools=pools, here=here, equal=EQUAL, reasons=reasons
    )
