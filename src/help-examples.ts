/**
 * Examples that `trireme ROLE --help` ends with, by role; those of roles with longer notes stand with these. Loaded for
 * --help alone.
 */
export const helpExamples: Readonly<Record<string, readonly string[]>> = {
  up: ['trireme up', 'trireme up --captures /data --free-ports'],
  demo: ['trireme demo', 'trireme demo capture.pcap'],
  lb: [
    'trireme lb',
    'trireme lb --tcp 127.0.0.1:13337 --grpc 127.0.0.1:50051 --admin 127.0.0.1:9100',
    'trireme lb --http 127.0.0.1:8051 --http-origin https://jobs.example',
    'trireme lb --credentials credentials.txt --shares shares.yaml',
    'TRIREME_TOKEN=... trireme lb --tcp 192.0.2.1:13337 --grpc 192.0.2.1:50051',
  ],
  master: [
    'trireme master --captures /data',
    'trireme master --captures /data --captures /more --wait 5m',
    'trireme master --captures /data --state /var/lib/trireme --keep 7d',
  ],
  viewer: ['trireme viewer > viewer.html'],
  analyses: ['trireme analyses', 'trireme analyses --master 192.0.2.1:50052 --json'],
  cancel: ['trireme cancel 0123456789abcdef --master 192.0.2.1:50052'],
  worker: [
    'trireme worker --host 127.0.0.1',
    'trireme worker --host 192.0.2.1:50051,192.0.2.1:50052 --slots 4 --name w1 --captures /data',
  ],
  client: [
    'trireme client --lb 127.0.0.1:13337 --jobs 1,2,1',
    'trireme client --lb 127.0.0.1:13337 --f jobs.txt --lines',
    'echo 1 2 1 | trireme client --lb 127.0.0.1:13337 --f -',
  ],
  'bench-jobs': [
    'trireme bench-jobs --lb 127.0.0.1:13337 --duration 10s',
    'trireme bench-jobs --lb 127.0.0.1:13337 --mix 1:9,2:1 --rate 5000 --json',
  ],
  shares: ['trireme shares', 'trireme shares --lb 192.0.2.1:50051 --json'],
  config: ['trireme config check trireme.yaml', 'trireme config check trireme.yaml lb'],
  completion: [
    'source <(trireme completion bash)',
    'trireme completion zsh > ~/.zfunc/_trireme',
    'trireme completion fish > ~/.config/fish/completions/trireme.fish',
  ],
  xdp: [
    'trireme xdp attach parity --iface eth0 --trace',
    'trireme xdp attach lb --iface eth0 --mode generic',
    'trireme xdp stats --watch',
    'trireme xdp detach --all',
  ],
  lab: ['sudo trireme lab a', 'sudo trireme lab b --mode generic'],
  'udp-server': ['trireme udp-server', 'trireme udp-server --xdp eth0 --count 10'],
  'udp-client': [
    'trireme udp-client --to 192.0.2.1:50001',
    'trireme udp-client --to 192.0.2.1:50001 --count 10 --interval-ms 100',
  ],
  'job-server': ['trireme job-server --lb 192.0.2.1:50002 --threads 8'],
  'job-client': [
    'trireme job-client 0.1 0.2 2 --lb 192.0.2.1:50002',
    'trireme job-client 0 0.1 0.2 --lb 192.0.2.1:50002 --count 300 --quiet',
  ],
};
