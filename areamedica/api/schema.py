from typing import Any


def contract_only(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    """Keep the contract's own addresses; the aliases answer but are not advertised."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]
