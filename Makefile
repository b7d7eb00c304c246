# Two commands for people: `make demo` and `make test`. Both first install what is missing (tools/setup). Meson does the building.
# `make` alone builds the release programs into build/.
# `make install` puts the program and its man page below $(DESTDIR)$(PREFIX); `make uninstall` takes them away again.
.PHONY: all setup demo test soak bench format check install uninstall clean

PREFIX ?= /usr/local

all: build/build.ninja
	@ninja -C build
	@ln -sfn src/cli/clef build/clef

build/build.ninja:
	@command -v meson >/dev/null && command -v gcc >/dev/null || { echo "make: meson or gcc is missing; run tools/setup first" >&2; exit 1; }
	@said=$$(CC=gcc meson setup build 2>&1) || { rm -rf build; printf '%s\n' "$$said" | grep ERROR: >&2; echo "make: the build could not be set up; run tools/setup, then: CC=gcc meson setup build" >&2; exit 1; }

setup:
	@tools/setup

demo: setup
	@$(MAKE) --no-print-directory all
	@.venv/bin/python tools/demo

test: setup
	@tools/run-tests

# The long campaigns: the same tests with far more rounds, the numbers printed at the end.
soak: setup
	@tools/run-tests --soak

bench: setup
	@$(MAKE) --no-print-directory all
	@tests/bench/run-all

# The quick checks alone: style, static analysis, rules of the house.
check: setup
	@tools/run-tests --only checks

format: setup
	@.venv/bin/clang-format -i $$(git ls-files '*.c' '*.h')

# What is built already is installed as it is, so that `sudo make install` compiles nothing as root.
install: $(if $(wildcard build/src/cli/clef),,all)
	@install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1"
	@install -m 755 build/src/cli/clef "$(DESTDIR)$(PREFIX)/bin/clef"
	@install -m 644 man/clef.1 "$(DESTDIR)$(PREFIX)/share/man/man1/clef.1"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/clef and its man page"

uninstall:
	@rm -f "$(DESTDIR)$(PREFIX)/bin/clef" "$(DESTDIR)$(PREFIX)/share/man/man1/clef.1"

clean:
	@rm -rf build build-asan build-valgrind build-rust
