##@ UDP labs (root, clang, bpftool)
BPF_DIR := bpf
BPF_OUT := dist/bpf
BPF_CLANG ?= clang
BPF_PROGRAMS := udp_parity udp_lb xdp_pass
BPF_OBJECTS := $(BPF_PROGRAMS:%=$(BPF_OUT)/%.bpf.o)
BPF_BENCH := $(patsubst bench/xdp/%.bpf.c,$(BPF_OUT)/%.bpf.o,$(wildcard bench/xdp/*.bpf.c))
# -g for the names of maps and counters (BTF), v3 for 32-bit compare-and-swap.
BPF_CFLAGS := -target bpf -g -O2 -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -MMD -MP -I$(BPF_DIR)
# Where Debian keeps asm/types.h; clang -target bpf does not look there by itself.
BPF_CFLAGS += -idirafter /usr/include/$(shell uname -m)-linux-gnu

# Leaves out what debuggers read, half of an object that travels in the package; BTF stays.
BPF_LINK = $(Q)if command -v bpftool >/dev/null 2>&1; then bpftool gen object $@ $@.full && rm $@.full; else mv $@.full $@; fi

# What is missing for the programs, in one line; empty when they can be built.
BPF_MISSING = $(shell command -v $(BPF_CLANG) >/dev/null 2>&1 || echo "clang is not installed (apt-get install clang llvm)"; \
	test -e /usr/include/bpf/bpf_helpers.h || echo "libbpf's headers are not installed (apt-get install libbpf-dev)"; \
	test -e /usr/include/linux/bpf.h || echo "the kernel's headers are not installed (apt-get install linux-libc-dev)")

.PHONY: bpf
bpf: ## build the XDP programs into dist/bpf
	$(Q)missing="$(BPF_MISSING)"; test -z "$$missing" || { echo "bpf: $$missing" >&2; exit 1; }
	$(Q)$(MAKE) --no-print-directory bpf-objects V=$(V)

.PHONY: bpf-objects
bpf-objects: $(BPF_OBJECTS) $(BPF_BENCH)

.PHONY: bpf-if-possible
bpf-if-possible:
	$(Q)missing="$(BPF_MISSING)"; if test -n "$$missing"; then echo "SKIP: no XDP programs: $$missing"; \
	else $(MAKE) --no-print-directory bpf-objects V=$(V) || echo "SKIP: no XDP programs: they did not compile, see above"; fi

$(BPF_OUT)/%.bpf.o: $(BPF_DIR)/%.bpf.c
	@mkdir -p $(@D)
	@echo "  BPF  $*"
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -MF $(@:.o=.d) -MT $@ -c $< -o $@.full
	$(BPF_LINK)

$(BPF_OUT)/%.bpf.o: bench/xdp/%.bpf.c
	@mkdir -p $(@D)
	@echo "  BPF  $*"
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -MF $(@:.o=.d) -MT $@ -DTRIREME_BENCH -c $< -o $@.full
	$(BPF_LINK)

-include $(BPF_OBJECTS:.o=.d) $(BPF_BENCH:.o=.d)

.PHONY: lab-a
lab-a: build bpf ## lab A: a parity filter in XDP, in namespaces of its own (root)
	$(Q)exec $(TRIREME) lab a $(ARGS)

.PHONY: lab-b
lab-b: build bpf ## lab B: a job balancer in XDP, in namespaces of its own (root)
	$(Q)exec $(TRIREME) lab b $(ARGS)

XDP ?= parity
.PHONY: xdp_init
xdp_init: build bpf ## attach XDP=parity|lb to IFACE=... (root)
	$(Q)test -n "$(IFACE)" || { echo "xdp_init: name an interface: make xdp_init IFACE=eth0" >&2; exit 2; }
	$(Q)exec $(TRIREME) xdp attach $(XDP) --iface $(IFACE) $(ARGS)

.PHONY: xdp_clean
xdp_clean: build ## detach what xdp_init attached to IFACE=... (root)
	$(Q)test -n "$(IFACE)" || { echo "xdp_clean: name an interface: make xdp_clean IFACE=eth0" >&2; exit 2; }
	$(Q)exec $(TRIREME) xdp detach --iface $(IFACE)

.PHONY: test-bpf
test-bpf: build bpf ## the labs' tests only: rules, packet fixtures, namespaces
	$(Q)npx --no-install jest test/lab/ unit/udp $(ARGS)
