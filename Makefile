# The commands a person types. Each one does its own set-up; `tools/env` says what it installs and where.
#   make demo     the main job on built-in data
#   make test     everything that is checked
ENV := tools/env
BUILD := build/release
JOBS := $(shell nproc)

.PHONY: demo test build shell bench bench-search sanitize fuzz tidy format approve clean

# The three programs alone: nobody who tries them needs the tests.
demo:
	@$(ENV) tools/build release edgewise edgewise-worker edgewise-agent
	$(ENV) $(BUILD)/bin/edgewise demo --folder edgewise-demo

build:
	@$(ENV) tools/build release

test:
	@$(ENV) tools/test
	@tests/whole/interrupt.sh

# AddressSanitizer and UBSan over everything but LibTorch's part, then ThreadSanitizer over what has threads.
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
	@$(ENV) tools/build tidy

format:
	@$(ENV) bash -c 'git ls-files "*.cpp" "*.hpp" | xargs clang-format-19 -i'

# Takes what the programs print today as right: look at the difference before you commit it.
approve: build
	@EDGEWISE_APPROVE=1 $(ENV) ctest --test-dir $(BUILD) -R 'golden|report' --output-on-failure

shell:
	@$(ENV) bash

clean:
	rm -rf build
