# Two commands for people: `make demo` and `make test`. Both first install what is missing (tools/setup). Meson does the building.
# `make` alone builds the release programs into build/.
# `make install` puts clef, clef-proxy and their man pages below $(DESTDIR)$(PREFIX); `make uninstall` takes them away again.
.PHONY: all setup demo test soak bench format check packages install uninstall clean

PREFIX ?= /usr/local

all: build/build.ninja
	@ninja -C build
	@ln -sfn src/cli/clef build/clef
	@ln -sfn src/proxy/clef-proxy build/clef-proxy

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

# For Debian 12 and 13, templates of Fedora, and dom0; into build-packages/.
packages: setup
	@tools/build-packages

PROGRAMS = build/src/cli/clef build/src/proxy/clef-proxy
PAGES = clef.1 clef-proxy.1 clients.conf.5
in_section = share/man/man$(subst .,,$(suffix $(1)))/$(1)

# What is built already is installed as it is, so that `sudo make install` compiles nothing as root.
install: $(if $(filter-out $(wildcard $(PROGRAMS)),$(PROGRAMS)),all)
	@install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man5"
	@install -m 755 $(PROGRAMS) "$(DESTDIR)$(PREFIX)/bin"
	@$(foreach page,$(PAGES),install -m 644 man/$(page) "$(DESTDIR)$(PREFIX)/$(call in_section,$(page))" &&) true
	@echo "installed $(notdir $(PROGRAMS)) in $(DESTDIR)$(PREFIX)/bin, and their man pages"

uninstall:
	@rm -f $(foreach program,$(notdir $(PROGRAMS)),"$(DESTDIR)$(PREFIX)/bin/$(program)") \
		$(foreach page,$(PAGES),"$(DESTDIR)$(PREFIX)/$(call in_section,$(page))")

clean:
	@rm -rf build build-asan build-valgrind build-rust build-packages
