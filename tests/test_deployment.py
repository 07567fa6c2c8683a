"""What the containers are made of and told; nothing here needs a container engine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
# Said by the image or by compose for each service, or of the demo.
NOT_OF_THE_CLINIC = {
    "DJANGO_SETTINGS_MODULE",
    "ENVIRONMENT",
    "DEBUG",
    "METRICS_PORT",
    "PROMETHEUS_MULTIPROC_DIR",
    "DEMO_PORT",
    "SANDBOX_PORT",
    "WITNESS_PORT",
    "DEMO_PASSWORD",
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def lay_out(folder: Path) -> None:
    """What .dockerignore lets into the image, at its places."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    left_out = {ROOT / line for line in lines if re.match(r"[a-z]", line)}

    def outside(parent: str, names: list[str]) -> list[str]:
        here = Path(parent)
        return [n for n in names if here / n in left_out or n == "__pycache__"]

    for name in kept:
        there = folder / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, there, ignore=outside)
        else:
            shutil.copy(ROOT / name, there)


def build_environment() -> dict[str, str]:
    """With what the Dockerfile has its static files collected."""
    [step] = re.findall(
        r"RUN (DJANGO_SETTINGS_MODULE=.*?)/venv/bin/python manage.py collectstatic",
        (ROOT / "Dockerfile").read_text(),
        re.DOTALL,
    )
    return dict(re.findall(r"(\w+)=(\S+)", step))


def test_the_image_has_all_that_the_system_needs(tmp_path: Path) -> None:
    lay_out(tmp_path)
    answer = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        cwd=tmp_path,
        env=build_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    loaded = "import areamedica.urls, areamedica.wsgi, witness.__main__"
    subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {loaded}"],
        cwd=tmp_path,
        env=build_environment(),
        check=True,
    )


def test_the_containers_are_told_every_variable() -> None:
    """Compose passes on what it names, and nothing else of .env."""
    explained = re.findall(
        r"^([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    told = set(read(COMPOSE)["x-application"]["environment"])
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    assert set(explained) - NOT_OF_THE_CLINIC == told | asked


def test_what_compose_demands_is_given_where_it_is_checked() -> None:
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE.read_text()))
    [step] = [
        step
        for step in read(ROOT / ".github/workflows/ci.yml")["jobs"]["image"]["steps"]
        if "compose config" in step.get("run", "")
    ]
    assert demanded == set(step["env"])
