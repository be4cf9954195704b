PY   ?= python3
V    := .venv
UV   := $(V)/bin/uv
SYNC := VIRTUAL_ENV=$(V) $(UV) pip install -q --compile-bytecode
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: system rehearse serve test check bench docs agreement soak lock clean

# What the office's tests use beside Python; without it they are skipped and say so.
system:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql chromium spin gcc libc6-dev strace

rehearse: $(V)/.core
	$(V)/bin/trialwright rehearse palmira --out out/palmira --replace

serve: $(V)/.serve
	$(V)/bin/trialwright serve palmira --demo

test: $(V)/.dev
	$(V)/bin/python -m pytest

check: $(V)/.dev
	$(V)/bin/ruff check .
	$(V)/bin/ruff format --check .
	$(V)/bin/mypy
	$(V)/bin/lint-imports
	$(V)/bin/deptry src
	! grep -rn '://' requirements

bench: $(V)/.bench
	$(V)/bin/python -m bench

docs: $(V)/.dev
	$(V)/bin/python -m sphinx -W -q -b html docs docs/_build

agreement: $(V)/.dev
	$(V)/bin/python oracle/agreement.py

soak: $(V)/.dev
	$(V)/bin/python -m pytest -m soak tests/soak

$(UV): requirements/uv.txt
	test -x $(V)/bin/python || $(PY) -m venv $(V)
	$(V)/bin/python -m pip install -q --require-hashes -r requirements/uv.txt
	touch $@
$(V)/.core: requirements/core.txt requirements/build.txt pyproject.toml $(UV)
	$(SYNC) --require-hashes -r requirements/core.txt
	$(SYNC) --no-deps --build-constraints requirements/build.txt -e .
	touch $@
$(V)/.serve: requirements/serve.txt $(V)/.core
	$(SYNC) --require-hashes -r requirements/serve.txt
	touch $@
$(V)/.dev: requirements/dev.txt $(V)/.core
	$(SYNC) --require-hashes -r requirements/dev.txt
	touch $@
$(V)/.bench: requirements/bench.txt $(V)/.dev
	$(SYNC) --require-hashes -r requirements/bench.txt
	touch $@

lock: $(UV)
	$(LOCK) pyproject.toml -o requirements/core.txt
	$(LOCK) pyproject.toml --extra serve -o requirements/serve.txt
	$(LOCK) pyproject.toml --extra cdisc --extra cluster --extra serve --extra sso --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra cdisc --extra cluster --extra serve --extra sso --group dev --group bench -o requirements/bench.txt
	echo hatchling editables | tr ' ' '\n' | $(LOCK) - -o requirements/build.txt
	echo uv | $(LOCK) - -o requirements/uv.txt
	! grep -n '://' requirements/*.txt

clean:
	rm -rf $(V) out docs/_build
