# A thin front for CMake's presets. `make help` lists what there is.
PRESET ?= release
TORCH_INDEX ?=
MOESTRO_TORCH ?=
WERROR ?=
# Steps done, of how many, and the seconds since the build began.
NINJA_STATUS ?= [%f/%t %es] 
export TORCH_INDEX MOESTRO_TORCH NINJA_STATUS

BUILD := build$(patsubst -release,,-$(PRESET))
OPTIONS := $(if $(MOESTRO_TORCH),-D MOESTRO_TORCH=$(MOESTRO_TORCH)) \
           $(if $(WERROR),-D MOESTRO_WERROR=$(WERROR))

.PHONY: demo test build bench format docs clean help setup configure program
.DEFAULT_GOAL := help

help:
	@echo 'make demo      set up, build, train on Fashion-MNIST, show what experts learned, fold them'
	@echo 'make test      set up, build everything, run every test and check'
	@echo 'make build     set up and build everything'
	@echo 'make bench     set up, build and run the benchmarks beside their PyTorch peers'
	@echo 'make format    format every C++ file'
	@echo 'make docs      make docs/configuration.md again from the program'
	@echo 'make clean     remove the build folder of the preset'
	@echo
	@echo 'PRESET=release|debug|asan|cuda   build in build/, build-debug/, build-asan/, build-cuda/'
	@echo 'MOESTRO_TORCH=DIR                a LibTorch folder, or the torch folder of a Python wheel,'
	@echo '                                 instead of the wheel that set-up installs into .venv'
	@echo 'WERROR=ON                        treat warnings as errors, as CI does'
	@echo 'TORCH_INDEX=URL                  package index to take torch from. Empty: what pip is set'
	@echo '                                 up with; the public Python index then brings CUDA'
	@echo '                                 packages of several gigabytes. The CPU wheel index is'
	@echo "                                 named on the installation page of PyTorch's web site."

setup:
	@scripts/setup

# Ninja configures again by itself when a CMake file or the list of sources changes.
$(BUILD)/build.ninja: CMakePresets.json scripts/requirements.txt | setup
	cmake --preset $(PRESET) $(OPTIONS)
	@touch $@

configure: $(BUILD)/build.ninja
	@$(if $(strip $(OPTIONS)),cmake --preset $(PRESET) $(OPTIONS) >/dev/null)

build: setup configure
	cmake --build $(BUILD)

program: setup configure
	cmake --build $(BUILD) --target moestro

demo: program
	$(BUILD)/moestro demo

test: build
	cmake --build $(BUILD) --target benchmarks
	@.venv/bin/python scripts/run_tests.py $(BUILD)

bench: program
	@scripts/setup bench
	cmake --build $(BUILD) --target benchmarks
	.venv/bin/python benchmarks/run.py --build $(BUILD)

format: setup
	git ls-files --cached --others --exclude-standard '*.h' '*.cpp' '*.cu' '*.cuh' | xargs clang-format -i

docs: program
	@mkdir -p docs
	$(BUILD)/moestro config --markdown > $(BUILD)/configuration.md
	cp $(BUILD)/configuration.md docs/configuration.md

clean:
	rm -rf $(BUILD)
