##@ UDP labs (root, clang, bpftool)
.PHONY: bpf-if-possible
bpf-if-possible:
