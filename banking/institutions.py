"""Venezuelan banks by SUDEBAN code. Names change, codes do not.

Source: the table of facts/banks-and-front-end.md §6.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

BANESCO = "0134"


@dataclass(frozen=True)
class Institution:
    """A bank a payment can come from; `former` is a name old receipts still bear."""

    code: str
    name: str
    former: str = ""
    is_historic: bool = False

    @property
    def label(self) -> str:
        """`0134 Banesco`; the former name in brackets, a closed bank marked."""
        marks = [self.former] if self.former else []
        if self.is_historic:
            marks.append(str(_("historic")))
        return f"{self.code} {self.name}" + "".join(f" ({mark})" for mark in marks)


INSTITUTIONS = {
    bank.code: bank
    for bank in (
        Institution("0001", "Banco Central de Venezuela"),
        Institution("0102", "Banco de Venezuela"),
        Institution("0104", "Venezolano de Crédito"),
        Institution("0105", "Mercantil"),
        Institution("0108", "Provincial"),
        Institution("0114", "Bancaribe"),
        Institution("0115", "Exterior"),
        Institution("0116", "BOD", is_historic=True),
        Institution("0128", "Caroní"),
        Institution(BANESCO, "Banesco"),
        Institution("0137", "Sofitasa"),
        Institution("0138", "Plaza"),
        Institution("0146", "Bangente"),
        Institution("0151", "BFC"),
        Institution("0156", "100% Banco"),
        Institution("0157", "DelSur"),
        Institution("0163", "Tesoro"),
        Institution("0166", "Agrícola"),
        Institution("0168", "Bancrecer"),
        Institution("0169", "R4", former="Mi Banco"),
        Institution("0171", "Activo"),
        Institution("0172", "Bancamiga"),
        Institution("0173", "BID"),
        Institution("0174", "Banplus"),
        Institution("0175", "Banco Digital de los Trabajadores", former="Bicentenario"),
        Institution("0176", "Espírito Santo", is_historic=True),
        Institution("0177", "Banfanb"),
        Institution("0178", "N58"),
        Institution("0191", "BNC"),
        Institution("0601", "IMCP"),
    )
}


def is_known(code: str) -> bool:
    """Whether SUDEBAN ever gave this code, closed banks included."""
    return code in INSTITUTIONS


def payer_banks() -> list[tuple[str, str]]:
    """The banks money can come from today, as choices of a form, by code."""
    return [(b.code, b.label) for b in INSTITUTIONS.values() if not b.is_historic]
