"""What the API knows of a machine that came in with a key."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShownKey:
    """`request.auth` of a machine: which key it showed, and how often it may."""

    prefix: str
    is_signed: bool
    requests_per_minute: int

    @property
    def facts(self) -> dict[str, object]:
        """What the journal keeps of it."""
        return {"key": self.prefix, "signed": self.is_signed}
