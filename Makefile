# The commands a person types. Each one does its own set-up; `tools/env` says what it installs and where.
#   make demo     the main job on built-in data
#   make test     what each change is checked with: arrows, format, figures, headers, warnings, clang-tidy over what changed, all tests
#   make check-all  that, clang-tidy over the whole tree, and the sanitizers
ENV := tools/env
BUILD := build/release
JOBS := $(shell nproc)

.PHONY: demo test kills check-all check-gates build shell bench bench-search sanitize fuzz tidy format approve clean

# The three programs alone: nobody who tries them needs the tests.
demo:
	@$(ENV) tools/build release edgewise edgewise-worker edgewise-agent
	$(ENV) $(BUILD)/bin/edgewise demo --folder edgewise-demo

build:
	@$(ENV) tools/build release

test:
	@$(ENV) tools/test
	@tests/whole/interrupt.sh

# Searches killed at random moments beside undisturbed ones, 300 kills in about an hour; KILLS="--kills 30 --minutes 10" for a look. A dozen
# kills at fixed places are in `make test`.
KILLS ?= --result docs/results/faults/kills.json
kills: build
	@$(ENV) python3 tests/whole/kills.py $(BUILD)/bin $(KILLS)

# The last outcome is kept in docs/results/check_all.md.
check-all:
	@$(ENV) tools/check-all

# Plants a fault for each gate in a scratch copy and sees the gate fail.
check-gates:
	@$(ENV) tools/check-gates

# AddressSanitizer and UBSan over every test program that links no LibTorch, then ThreadSanitizer over base, data, study and run.
sanitize:
	@$(ENV) tools/sanitize

# Every fuzzer for SECONDS_EACH seconds.
SECONDS_EACH ?= 300
fuzz:
	@$(ENV) tools/fuzz $(SECONDS_EACH)

bench:
	@$(ENV) tools/bench

# Strategies against Optuna on tables of known networks; QUICK=--quick for a look.
bench-search:
	@$(ENV) tools/bench-search $(QUICK)

tidy:
	@$(ENV) tools/check-tidy --all

format:
	@$(ENV) bash -c 'git ls-files --cached --others --exclude-standard "*.cpp" "*.hpp" | xargs clang-format-19 -i'

# Takes what the programs print today as right: look at the difference before you commit it.
approve: build
	@EDGEWISE_APPROVE=1 $(ENV) ctest --test-dir $(BUILD) -R 'golden|report' --output-on-failure

shell:
	@$(ENV) bash

clean:
	rm -rf build
