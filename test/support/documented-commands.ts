/** Documents whose commands test/lab/documents.test.ts runs, in order, in fresh namespaces. */
export const playedDocuments = ['README.md', 'SECURITY.md', 'docs/TUTORIAL.md', 'docs/PROFILING.md'];

const runJob = '/trireme.v1.JobService/RunJob';

/** Commands that it cannot run, each with what does run it: a file of the repository, and words in it that do. */
export const ranElsewhere: Readonly<Record<string, { readonly file: string; readonly by: string }>> = {
  'make test': { file: '.ci/run', by: 'make test' },
  'make check': { file: '.ci/run', by: 'make check' },
  'make deps': { file: '.ci/run', by: 'scripts/deps.sh' },
  'sudo apt-get install clang libbpf-dev linux-libc-dev bpftool iproute2': {
    file: '.ci/run',
    by: 'scripts/deps.sh --all',
  },
  'bin/trireme worker --host 127.0.0.1:50051 --kinds kinds': {
    file: 'test/story/kinds-of-a-folder.test.ts',
    by: "worker('with', '--kinds', kinds)",
  },
  'bin/trireme run --lb 127.0.0.1:50051 UPPER hello': {
    file: 'test/story/run.test.ts',
    by: "run(['UPPER', 'hello'])",
  },
  'trireme lb --http 127.0.0.1:8051': { file: 'test/story/http-port.test.ts', by: "['--http', free]" },
  'trireme worker --host 127.0.0.1': { file: 'test/story/http-port.test.ts', by: 'JobCluster.start([1]' },
  [`curl -d '{"kind":"JOB_KIND_GET_TIME"}' -H 'content-type: application/json' http://127.0.0.1:8051${runJob}`]: {
    file: 'test/story/http-port.test.ts',
    by: "spawnSync('curl', [",
  },
  "curl -H 'x-trireme: 1' -H 'content-type: application/octet-stream' --data-binary @day.pcap '127.0.0.1:9101/api/captures?name=day.pcap'":
    { file: 'test/story/page-actions.test.ts', by: '--data-binary @day.pcap' },
  'curl -O 127.0.0.1:9101/api/analyses/0123456789abcdef/report.html': {
    file: 'test/story/page-actions.test.ts',
    by: 'curl -O 127.0.0.1:9101/api/analyses/',
  },
  'nats-server -js -a 127.0.0.1': { file: 'test/story/discovery.test.ts', by: 'NatsServer.start' },
  'bin/trireme lb --announce nats://127.0.0.1:4222': {
    file: 'test/story/discovery.test.ts',
    by: "start('lb', ...anyPort('tcp', 'grpc', 'admin'), '--announce', nats.url)",
  },
  'bin/trireme master --announce nats://127.0.0.1:4222': {
    file: 'test/story/discovery.test.ts',
    by: "start('master', ...anyPort('grpc', 'admin'), '--captures', projectRoot, '--announce', nats.url)",
  },
  'bin/trireme worker --discover nats://127.0.0.1:4222': {
    file: 'test/story/discovery.test.ts',
    by: "start('worker', '--slots', '1', '--discover', nats.url)",
  },
  'bin/trireme client --discover nats://127.0.0.1:4222 --jobs 1,2,1': {
    file: 'test/story/discovery.test.ts',
    by: "runTrireme(['client', '--discover', nats.url, '--jobs', '1,2,1'])",
  },
  'bin/trireme analyze --discover nats://127.0.0.1:4222 captures/sample.pcap': {
    file: 'test/story/discovery.test.ts',
    by: "runTrireme(['analyze', '--json', '-q', '--discover', nats.url, sample])",
  },
  'bin/trireme lb --queue nats://127.0.0.1:4222': { file: 'test/story/queue.test.ts', by: "['--queue', nats.url, " },
  'bin/trireme run --queue nats://127.0.0.1:4222 --id order-17 INVOICE 17': {
    file: 'test/story/queue.test.ts',
    by: "['run', '--queue', nats.url, ...args]",
  },
  'bin/trireme analyze captures/sample.pcap --tcp --parquet tables/': {
    file: 'test/story/parquet.test.ts',
    by: "'captures/sample.pcap', '--tcp', '--parquet', tables",
  },
  'npm install --global trireme-0.2.0.tgz': {
    file: 'test/support/installed-package.ts',
    by: "'install', '--global', '--prefix', prefix",
  },
  'trireme analyze capture.pcap': { file: 'test/story/installed-package.test.ts', by: "['analyze', 'capture.pcap']" },
  'trireme demo': { file: 'test/story/installed-package.test.ts', by: "['demo']" },
  'trireme up': { file: 'test/story/installed-package.test.ts', by: "['up', '--free-ports']" },
  'make sbom': { file: 'test/support/installed-package.ts', by: "'sbom', '--omit=dev', '--sbom-format=cyclonedx'" },
  'make package': { file: 'test/support/installed-package.ts', by: "'pack', '--silent', '--ignore-scripts'" },
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
