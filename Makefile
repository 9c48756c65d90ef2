# stream-monitor: `make` lists what there is. Everything lives in .venv/ and .kafka/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BOOTSTRAP ?= 127.0.0.1:9092
CONFIG ?=
BENCHMARKS := statistics detection throughput labels client

.DEFAULT_GOAL := help
.PHONY: help install install-test demo test test-fast lint run kafka bench lock clean

help:  ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: $(VENV)/.installed  ## the package and what it needs, into .venv
	@echo "Installed. Next: make demo, or $(BIN)/stream-monitor --help"

install-test: $(VENV)/.installed-test  ## the same with what tests and lint need

$(VENV)/.venv:
	@echo "Making a virtual environment in $(VENV) ..."
	@bash scripts/make_venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(VENV)/.installed: $(VENV)/.venv pyproject.toml requirements.lock
	@echo "Installing stream-monitor (versions as in requirements.lock) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what tests and lint need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[test,lint]'
	@touch $@

demo: $(VENV)/.installed  ## the main job end to end on an embedded broker, under two minutes
	@$(BIN)/stream-monitor demo $(ARGS)

test: $(VENV)/.installed-test  ## every test, on a real Apache Kafka (Docker, or Java and Maven)
	$(BIN)/pytest $(ARGS)
	@echo "Next: make lint, make bench, make demo"

test-fast: $(VENV)/.installed-test  ## the tests that need no Kafka
	$(BIN)/pytest -m 'not kafka' $(ARGS)

lint: $(VENV)/.installed-test  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

run: $(VENV)/.installed  ## a worker on BOOTSTRAP=host:port (CONFIG=monitor.yaml)
	$(BIN)/stream-monitor worker --bootstrap-servers $(BOOTSTRAP) $(if $(CONFIG),--config $(CONFIG))

kafka: $(VENV)/.installed  ## the tests' Apache Kafka on the JVM, on 127.0.0.1:9092, until Ctrl-C
	$(BIN)/python -m stream_monitor.testing.kafka --port 9092

bench: $(VENV)/.installed-test  ## every benchmark; the last line of each is its JSON
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

lock: $(VENV)/.installed-test  ## write the versions installed now to requirements.lock
	@bash scripts/lock.sh $(BIN)/pip > requirements.lock
	@echo "Wrote requirements.lock; run make test before you commit it."

clean:  ## remove what the targets above have made
	rm -rf $(VENV) .kafka var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
