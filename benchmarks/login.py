"""Signing in, eight at a time: what Argon2 costs, and what we add to it.

The yardstick is Argon2 alone with Django's own strength, eight threads at a time in one
process on the same cores, before and after.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from argon2.low_level import Type, hash_secret

from benchmarks import load
from benchmarks.figures import ratio, summary
from benchmarks.load import Ask, Plan
from benchmarks.processes import watched
from benchmarks.size import Size
from benchmarks.stage import Site, Stage

PARALLEL = 8
_HASHES = 24
# django.contrib.auth.hashers.Argon2PasswordHasher
_STRENGTH = {"time_cost": 2, "memory_cost": 102_400, "parallelism": 8}


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with (
        stage.database("login") as url,
        stage.web(url) as web,
        watched({"web": web.process}) as memory,
    ):
        _sign_in(web, seconds=1)
        hashing = _argon2_alone()
        signing_in = _sign_in(web, seconds=size.seconds)
        hashing += _argon2_alone()
    figure, baseline = summary(signing_in, 0.5, 0.95), summary(hashing, 0.5, 0.95)
    return {
        "figure": {**figure, "requests": len(signing_in)},
        "baseline": baseline,
        "ratio": ratio(figure["p50_ms"], baseline["p50_ms"]),
        "ok": True,
        "memory": memory,
    }


def _sign_in(web: Site, *, seconds: float) -> list[float]:
    body = json.dumps(web.credentials)
    ask = Ask("/api/v1/auth/login", "POST", body.replace("%", "%%"), web.headers)
    return load.run(Plan(web.port, [ask], PARALLEL, seconds)).times_ms


def _argon2_alone() -> list[float]:
    def one(number: int) -> float:
        began = time.perf_counter()
        salt = number.to_bytes(16, "big")
        hash_secret(b"a password", salt, hash_len=32, type=Type.ID, **_STRENGTH)
        return (time.perf_counter() - began) * 1000

    with ThreadPoolExecutor(PARALLEL) as threads:
        return list(threads.map(one, range(_HASHES)))
