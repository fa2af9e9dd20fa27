/** Documents whose commands test/lab/documents.test.ts runs, in order, in fresh namespaces. */
export const playedDocuments = ['README.md', 'SECURITY.md', 'docs/TUTORIAL.md', 'docs/PROFILING.md'];

/** Commands that it cannot run, each with what does run it: a file of the repository, and words in it that do. */
export const ranElsewhere: Readonly<Record<string, { readonly file: string; readonly by: string }>> = {
  'make test': { file: '.ci/run', by: 'make test' },
  'make check': { file: '.ci/run', by: 'make check' },
  'make deps': { file: '.ci/run', by: 'scripts/deps.sh' },
  'sudo apt-get install clang libbpf-dev linux-libc-dev bpftool iproute2': {
    file: '.ci/run',
    by: 'scripts/deps.sh --all',
  },
  'sudo make lab-a': { file: 'test/lab/whole-labs.test.ts', by: "play('a')" },
  'sudo make lab-b': { file: 'test/lab/whole-labs.test.ts', by: "play('b')" },
};

/** Programs of others that a command needs and that a machine may lack. */
export function toolsOf(command: string): string[] {
  const perf = /^make perf\b/.test(command) ? ['perf'] : [];
  return [
    ...['jq', 'grpcurl', 'curl', 'openssl'].filter((tool) => new RegExp(`(^|[|(;&] *)${tool} `).test(command)),
    ...perf,
  ];
}
