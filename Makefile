# Everything a person needs here; `make demo` and `make test` work on a fresh machine.
PORT ?= 8000
WORKERS ?= 2
HOST ?= 127.0.0.1
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
CHECKED := wsgi.py serving.py kit audit outbox locations staff desk partners tags bookings payments checkout office demo apidocs tests benchmarks
# Two processes are enough to be quick and leave the machine usable.
PROCESSES ?= 2

.PHONY: help install lock demo serve worker test cover quick lint fix texts check bench

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: requirements.lock
	@echo "Installing into .venv; about a minute the first time."
	python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	touch $@

# Serving never installs anything once the environment is there.
.venv/bin/flask:
	$(MAKE) install

install: .venv/installed ## Make the environment with exactly the locked versions

lock: .venv/installed ## Lock the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev --upgrade \
		--no-header --no-annotate pyproject.toml --output-file requirements.lock

# Where guests' links lead: to this machine, unless something else was said.
demo: export FLASK_PUBLIC_URL ?= http://$(HOST):$(PORT)
# The demonstration's webhook endpoints are on this machine, too.
demo: export FLASK_ALLOW_LOOPBACK_TARGETS ?= true
# Cards of the demonstration are charged by a provider that moves no money.
demo: export FLASK_SANDBOX_GATEWAY ?= true
demo: install ## Database in instance/, demonstration agency, server and worker on port 8000
	@$(FLASK) demo
	@$(FLASK) worker & worker=$$!; trap '{ kill $$worker; wait $$worker; } 2>/dev/null' EXIT INT TERM; \
		$(FLASK) serve --host $(HOST) --port $(PORT)

serve: .venv/bin/flask ## Production server on the database of FLASK_SQLALCHEMY_DATABASE_URI
	@$(FLASK) db upgrade
	@exec $(FLASK) serve --host $(HOST) --port $(PORT) --workers $(WORKERS)

worker: .venv/bin/flask ## Deliver messages and do what is due
	@exec $(FLASK) worker

# Python keeps what it has compiled, whatever the environment says: reading 500 files of tests anew
# takes each process as long as a thousand tests.
test cover quick: export PYTHONDONTWRITEBYTECODE =

test: install ## The whole suite
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadgroup

cover: install ## The whole suite again, and which lines and branches it reaches; slower by a third
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadgroup --cov --cov-report=term

quick: export HYPOTHESIS_PROFILE = quick
quick: install ## The suite on SQLite, without browsers, killed processes and what is marked as long
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal -q -m "not browser and not processes and not long" -k "not postgresql"

lint: install ## Format, lint, types, walls between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports

fix: install ## Repair what can be repaired by itself
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

# Texts are sorted and have no line numbers, so that their files change only where texts do.
TEXTS := desk/locale
texts: install ## Bring the desk's catalogue up to date with its pages
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --sort-output \
		--add-location file --omit-header --no-wrap --output-file $(TEXTS)/messages.pot \
		desk staff partners office
	@$(BIN)/pybabel --quiet update --input-file $(TEXTS)/messages.pot --output-dir $(TEXTS) --init-missing \
		--locale en_GB --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

check: lint test ## What CI runs

bench: install ## Payments per second against the floor, on PostgreSQL
	$(BIN)/python -m benchmarks
