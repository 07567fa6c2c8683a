# The habits of this project. `make` alone lists them.
# Python 3.11 or newer and make are all it takes: see "A newcomer" in README.md.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?=
# Test processes side by side, each with servers of its own. 0: one after the other.
# A file stays in one process, for some tell a story; in their order, for the long ones
# (e2e, storms) are not last.
WORKERS ?= 2
# Anything more for pytest: make test ARGS="-k review"
ARGS ?=
PORT ?= 8000

# Twice quiet: errors only. Older pips warn about much that is none of our business.
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check \
	--require-hashes --requirement
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal \
	--generate-hashes --no-emit-index-url --no-header $(LOCK_ARGS) pyproject.toml

WITNESS_CHECKED := witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
# Enough to be a production settings module; nothing listens there, nothing is secret.
AS_PRODUCTION := DJANGO_SETTINGS_MODULE=areamedica.settings.production \
	SECRET_KEY=long-enough-to-be-checked-but-never-used-by-anybody-0123456789 \
	JWT_SECRET=another-one-that-is-checked-but-never-used-by-anybody-0123456789abc \
	ALLOWED_HOSTS=clinic.example METRICS_TOKEN=checked-but-never-used-0123456789 \
	AUDIT_SIGNING_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= \
	AUDIT_WRITER_KEY=Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA= \
	AUDIT_WITNESSES="$(WITNESS_CHECKED) https://witness.example" \
	EMAIL_URL=smtp://127.0.0.1:9 \
	DATABASE_URL=postgres://nobody:nothing@127.0.0.1:9/nowhere \
	REDIS_URL=redis://:nothing@127.0.0.1:9/0 \
	BANESCO_TOKEN_URL=https://bank.example/token \
	BANESCO_QUERY_URL=https://bank.example/transactions \
	BANESCO_CLIENT_ID=checked BANESCO_CLIENT_SECRET=checked \
	BANESCO_ACCOUNT_ID=01340031810311158627 BANESCO_RIF=J305959102

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

# ---- What a newcomer needs ---------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.demo ## The whole system with its own servers; Ctrl-C stops it
	@exec $(BIN)/python -m areamedica.devstack up --with-parent

.PHONY: demo-stop
demo-stop: $(VENV)/.demo ## Stop a demo that runs elsewhere
	@$(BIN)/python -m areamedica.devstack stop

.PHONY: demo-reset
demo-reset: $(VENV)/.demo ## Empty the demo: data, secrets, logs
	@$(BIN)/python -m areamedica.devstack reset

.PHONY: test
test: $(VENV)/.development ## The whole suite, on a PostgreSQL and a Redis of its own
	$(BIN)/python -m pytest -m "not soak" -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=term \
		--json-report --json-report-file=pytest_results.json --json-report-omit=log $(ARGS)

# ---- What a change must pass -------------------------------------------------------

.PHONY: check
check: lint types ## Style, types, import contracts, migrations, production settings
	$(BIN)/lint-imports
	@# Without a database, makemigrations warns that it could not ask one.
	@$(AS_PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py \
		makemigrations --check --dry-run
	@$(AS_PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

.PHONY: lint
lint: $(VENV)/.development ## Style alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.development ## Types alone; the plugin for Django reads the settings
	@$(AS_PRODUCTION) $(BIN)/python -m mypy .

.PHONY: format
format: $(VENV)/.development ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/.development ## Speed and memory, as JSON
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: soak
soak: $(VENV)/.development ## The long tests: faults, kills, restarts
	$(BIN)/python -m pytest -m soak $(ARGS)

# ---- With servers of your own (DATABASE_URL, REDIS_URL in .env) --------------------

.PHONY: migrate
migrate: $(VENV)/.development ## Bring the database up to date
	$(BIN)/python manage.py migrate

.PHONY: run
run: $(VENV)/.development ## The web server alone, reloading
	$(BIN)/python manage.py runserver $(PORT)

.PHONY: worker
worker: $(VENV)/.development ## A Celery worker alone
	$(BIN)/python -m celery -A areamedica worker -P threads -c 20 -l info

.PHONY: beat
beat: $(VENV)/.development ## Celery beat alone
	$(BIN)/python -m celery -A areamedica beat -l info -s $(VENV)/beat-schedule --pidfile=

# ---- Upkeep ------------------------------------------------------------------------

.PHONY: venv
venv: $(VENV)/.development ## The virtual environment with everything in it

.PHONY: lock
lock: $(VENV)/.development ## Write requirements/*.txt anew (LOCK_ARGS=--upgrade)
	$(LOCK) --output-file requirements/production.txt
	$(LOCK) --constraint requirements/production.txt --extra demo \
		--output-file requirements/demo.txt
	$(LOCK) --constraint requirements/demo.txt --extra demo --extra dev \
		--output-file requirements/development.txt
	$(LOCK) --constraint requirements/development.txt --extra demo --extra dev \
		--extra peers --output-file requirements/peers.txt

.PHONY: messages
messages: $(VENV)/.development ## Collect and compile translations (needs GNU gettext)
	$(BIN)/python manage.py makemessages --all --no-location --no-obsolete \
		--ignore='$(VENV)/*'
	$(BIN)/python manage.py compilemessages --ignore='$(VENV)'

.PHONY: clean
clean: ## Remove what tools leave behind; the demo and the environment stay
	rm -rf .coverage .coverage.* coverage.xml htmlcov pytest_results.json staticfiles
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# Stamps: nothing is installed twice until a lock file changes.
$(VENV)/.made:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			|| continue; \
		$$python -c 'import ensurepip, venv' 2>/dev/null || { bare=$$python; continue; }; \
		echo "Creating $(VENV) with $$python"; \
		$$python -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ "$$bare" ]; then \
		echo "$$bare cannot make virtual environments: its module ensurepip is missing."; \
		echo "On Debian and Ubuntu: apt install $$(basename $$bare)-venv"; \
	else \
		echo "Python 3.11 or newer was not found. Name one: make PYTHON=/path/to/python3"; \
	fi >&2; exit 1

$(VENV)/.demo: requirements/demo.txt | $(VENV)/.made
	@echo "Installing the locked packages of $<"
	@$(PIP_INSTALL) $<
	@touch $@

# The development packages are those of the demo and more.
$(VENV)/.development: requirements/development.txt | $(VENV)/.made
	@echo "Installing the locked packages of $<"
	@$(PIP_INSTALL) $<
	@touch $@ $(VENV)/.demo
