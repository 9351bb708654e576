# Two commands: `make run` shows softacd at work, `make test` proves it. Both set up what they need.
.PHONY: run test lint types bench fuzz setup dev docs console lock clean

PYTHON = .venv/bin/python
FUZZED = message stack stream description digest uri packet relayed transcoded reports keys buffer decoded checks \
	arrivals handshake

run: setup
	.venv/bin/softacd demo --calls 20

test: dev
	tools/test

setup:
	@tools/setup run

dev:
	@tools/setup dev

lint: dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: dev
	.venv/bin/mypy

bench: dev
	.venv/bin/softacd bench

# Looks for inputs that break what reads octets of strangers, from SIP to DTLS: five seconds each (Python 3.11 on x86-64).
fuzz: dev
	@tools/fuzz $(FUZZED)

docs: dev
	$(PYTHON) -m softacd.ops.build_docs

# The console's files, after a change of console/ or of what the API answers (needs node and npm).
console: dev
	$(PYTHON) -m softacd.web.typescript
	cd console && npm ci --ignore-scripts --no-audit --no-fund --silent && npx tsc --noEmit && node build.mjs

# The lock files, after a change of pyproject.toml (needs uv).
lock:
	uv lock
	uv export --locked --quiet --no-dev --group build --no-emit-project -o requirements/run.txt
	uv export --locked --quiet --group build --no-emit-project -o requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
