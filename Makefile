# The two commands: `make up` opens the line, `make test` proves it with real calls. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down demo status test check attack taken-out fuzz audit sbom bench chaos shots images telephone clean setup packages

IVR := .venv/bin/ivr
# From Debian or Ubuntu. The line needs the first four; sip-tester rings it in `make demo` and `make test`.
PACKAGES := python3-venv mmdebstrap espeak-ng sox debian-archive-keyring ca-certificates libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
PHONES := sip-tester
# A phone on a desk that others wrote, by TLS and SRTP, in `make test`.
DESK_PHONE := baresip-core
# Looks at the pages and answers in their telephone, in `make test` and `make shots`.
BROWSER := chromium
# `make test` proves the rows on both kinds of database, with a server of its own in a temporary folder.
SERVER := postgresql
# Makes the clock that `make chaos` steps.
COMPILER := gcc libc6-dev
# Live stories mostly wait: so many lines are open at once, each with stories of its own.
LINES := 3

help:  ## What can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: setup  ## Open the line in the background
	@$(IVR) up

down:  ## Close the line
	@if [ -x $(IVR) ]; then $(IVR) down; else echo "The line was never opened here."; fi

status: setup  ## How the line is
	@$(IVR) status

demo: setup  ## A scripted child rings, a scripted counsellor answers
	@./setup.sh packages $(PHONES)
	@$(IVR) up && $(IVR) demo

check: setup  ## The fast part: format, types, unit tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pytest -q -m "not live" -n 2

test: setup  ## Everything, real calls included
	@./setup.sh packages $(PHONES) $(DESK_PHONE) $(BROWSER) $(SERVER)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pytest -q -m "not live" -n 2
	@# A story that fails while others are told beside it is told once more, alone; failing twice is failing.
	.venv/bin/pytest -q -m "live and not alone and not attack" -n $(LINES) --dist worksteal --durations 15 || .venv/bin/pytest -q -m live --last-failed --last-failed-no-failures none
	.venv/bin/pytest -q -m alone || .venv/bin/pytest -q -m alone

attack: setup  ## Every attack of SECURITY.md, the long ones too
	@./setup.sh packages $(PHONES) $(BROWSER)
	.venv/bin/pytest -q tests/attacks tests/web/test_guarded.py tests/web/test_every_route.py tests/test_security_md.py

taken-out: setup  ## Every protection taken out of a copy, one by one: its tests must fail then; ARGS="--live" or "--only 4.2.2"
	.venv/bin/python -m tests.taken_out $(ARGS)

fuzz: setup  ## Readers of what comes from outside, FUZZ_SECONDS each (60)
	@.venv/bin/python -c "import atheris" 2>/dev/null || .venv/bin/pip install -q --disable-pip-version-check "atheris>=3.0"
	.venv/bin/python -m tests.fuzz

audit: setup  ## Known faults of what others have written, and licences; exit 3: nobody could be asked
	@.venv/bin/python -m tests.supply.audit

sbom: setup  ## A bill of materials (CycloneDX) into var/sbom.cdx.json
	@.venv/bin/python -m tests.supply.sbom

shots: setup  ## Every page as it looks, into var/shots; ONLY=desk for some
	@./setup.sh packages $(BROWSER)
	.venv/bin/python -m tests.gallery $(ONLY)

bench: setup  ## What it costs, beside a pure dialplan
	@./setup.sh packages $(PHONES)
	.venv/bin/python -m tests.bench

chaos: setup  ## Everything that can break is broken, one thing after another, while children ring; ONLY=kill-web for some
	@./setup.sh packages $(PHONES) $(SERVER) $(COMPILER)
	.venv/bin/python -m tests.chaos $(if $(ONLY),--only $(ONLY))

images:  ## The images of the containers, without a container engine; ARGS="--build-arg …"
	@./setup.sh packages buildah mmdebstrap
	@images/build.sh $(ARGS)

# The script is kept in the repository, made, so that opening a line needs no package of Node's.
telephone:  ## Make the script of the telephone in the page again
	@command -v npm >/dev/null || ./setup.sh packages nodejs npm
	npm ci --ignore-scripts --no-audit --no-fund
	node_modules/.bin/esbuild ivr/web/telephone/telephone.js --bundle --minify --format=iife --target=es2022 --charset=utf8 \
		--legal-comments=none --banner:js="/* $$(cat package-lock.json ivr/web/telephone/*.js | sha256sum | cut -c 1-64) */" \
		--outfile=ivr/web/static/telephone.js
	for name in jssip debug events ms sdp-transform; do echo "== $$name"; cat node_modules/$$name/[Ll][Ii][Cc][Ee][Nn]*; done \
		>ivr/web/static/LICENSE-telephone.txt

setup:
	@./setup.sh packages $(PACKAGES)
	@./setup.sh environment
