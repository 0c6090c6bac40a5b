# `make` alone lists the targets. Each of them first installs what it needs into .venv.

# Python's own `venv` and pip are all that is used; choose another interpreter with PYTHON=python3.12.
PYTHON ?=
# A further package index for PyTorch alone: see "The small PyTorch" in CONTRIBUTING.md.
TORCH_INDEX ?=
# Handed to the program behind `test`, `bench` and `lock`, as in: make test ARGS="tests/qa -k geneva"
ARGS ?=

PY := .venv/bin/python
# Packages are compiled when they are first imported, as most of their modules never are: that saves
# two minutes and 200 MB. It takes a Python that may write what it compiled.
PIP := $(PY) -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --no-compile
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME
OFFLINE := HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1

.DEFAULT_GOAL := help
.PHONY: help install serve test check format demo bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

install: .venv/.installed ## make .venv with what the service needs

serve: install ## index seeds/ and serve on 127.0.0.1:8000 (QA_PORT and the like are honoured)
	@QA_URL= .venv/bin/qa ingest seeds
	@exec .venv/bin/qa serve

test: .venv/.tested ## run all tests, offline (ARGS=...)
	@$(OFFLINE) $(PY) -m pytest $(ARGS)

check: .venv/.tested ## check format, lint and types
	@$(PY) -m ruff format --check
	@$(PY) -m ruff check
	@$(PY) -m mypy

format: .venv/.tested ## put the code into form, and mend what lint can mend
	@$(PY) -m ruff format
	@$(PY) -m ruff check --fix

demo: install ## run the README's demo against a server that is started for it
	@$(OFFLINE) $(PY) .ci/demo.py

bench: .venv/.tested ## run the benchmarks (ARGS=...)
	@$(OFFLINE) $(PY) -m bench $(ARGS)

lock: ## resolve the requirements anew (ARGS=--upgrade: to the newest versions)
	@TORCH_INDEX="$(TORCH_INDEX)" .ci/lock.sh $(ARGS)

clean: ## remove .venv and all caches; data/ is kept
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find api bench index qa tests .ci -name __pycache__ -prune -exec rm -rf {} +

# What has been done is marked by a file in .venv, so that a second run has nothing to do.
.venv/.made:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1; then \
	    echo "Making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv && touch $@; exit; \
	  fi; \
	done; \
	echo "Python 3.11 to 3.14 is needed, and $(or $(PYTHON),python3) is none: say where it is with PYTHON=/path/to/python3" >&2; exit 1

.venv/.locked: .venv/.made requirements.lock requirements-torch.txt
	@echo "Installing packages, about 210 MB to download"
	@$(INSTALL) --only-binary :all: --no-deps --require-hashes -r requirements.lock
	@echo "Installing PyTorch, about 200 MB to download as the CPU build"
	@$(INSTALL) $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") -r requirements-torch.txt
	@if ls -d .venv/lib/python*/site-packages/nvidia >/dev/null 2>&1; then \
	  echo "PyTorch came with CUDA, several gigabytes that are of no use here. To have the small one:"; \
	  echo "  make clean install TORCH_INDEX=<PyTorch's CPU wheel index, see its Get-started page>"; \
	fi
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $@

.venv/.tested: .venv/.installed requirements-test.lock
	@echo "Installing the test tools"
	@$(INSTALL) --only-binary :all: --no-deps --require-hashes -r requirements-test.lock
	@$(PIP) check
	@touch $@
