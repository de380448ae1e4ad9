# Everything that is done with this project. The two that matter: `make demo` and `make test`.

PYTHON := .venv/bin/python
TESTS ?= tests

.PHONY: help demo test check bench chaos lock dashboards programs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/runtime.done ## three simulated schools on this machine; ONCE=1 stops after the first full set of verdicts, PORT=n
	@$(PYTHON) -m demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

test: .venv/dev.done programs ## every check and every test
	@$(MAKE) --no-print-directory check
	@$(PYTHON) -m pytest -n 2 --dist loadfile --durations 10 $(TESTS)

check: .venv/dev.done programs ## ruff, strict types, import layers, promtool, committed dashboards, locks
	@tools/check

bench: .venv/dev.done programs ## measures beside a peer; prints the tables of docs/benchmarks.md
	@$(PYTHON) -m bench.snmp_poll
	@$(PYTHON) -m bench.many_devices
	@$(PYTHON) -m bench.evaluations
	@$(PYTHON) -m bench.cameras
	@$(PYTHON) -m bench.av_devices
	@$(PYTHON) -m bench.throughput

chaos: .venv/dev.done programs ## fifteen minutes of faults between real agents and a collector; prints docs/reliability.md's table
	@$(PYTHON) -m tests.chaos $(if $(SEED),--seed $(SEED))

lock: .venv/dev.done ## resolves the dependencies anew: hashes, and no address of any registry
	@tools/lock

dashboards: .venv/dev.done ## writes dashboards/grafana/*.json from dashboards/*.py
	@$(PYTHON) -m dashboards.build

programs:
	@tools/programs

.venv/runtime.done: requirements.lock pyproject.toml
	@tools/environment requirements.lock
	@touch $@

.venv/dev.done: requirements-dev.lock pyproject.toml
	@tools/environment requirements-dev.lock
	@touch $@ .venv/runtime.done

clean: ## removes the environment and what tools left behind
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
