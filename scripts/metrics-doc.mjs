// Writes docs/METRICS.md from the metrics that a load balancer and a master say they have. Run by `make docs-metrics`;
// with --stdout it writes nothing. Needs what `npm run build` makes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const head = `# Metrics

Made from the code by \`make docs-metrics\`. Load balancer and master serve these at \`/metrics\` of \`--admin\` in the format of
Prometheus, or as OpenMetrics where the scraper prefers it, beside the \`process_\` and \`nodejs_\` metrics that every Node program
has. Durations are seconds, sizes bytes. As OpenMetrics \`trireme_lb_job_seconds\` has exemplars ([traces](KINDS.md#traces)).
Dashboard and alert rules that use them: [deploy/grafana](../deploy/grafana).
`;

/** Metrics of a role, by asking one that runs. */
async function metricsOf(role, folder) {
  const any = '127.0.0.1:0';
  const shares = join(folder, 'shares.yaml');
  writeFileSync(shares, 'default: {}');
  const args = {
    lb: ['--tcp', any, '--queue', 'nats://127.0.0.1:1', '--shares', shares],
    master: ['--captures', folder, '--spool', join(folder, 'spool')],
  }[role];
  const child = spawn(process.execPath, ['bin/trireme', role, '--grpc', any, '--admin', any, '--http', any, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    for await (const line of createInterface({ input: child.stderr })) {
      if (!line.includes('"listening"')) continue;
      return await (await fetch(`http://${JSON.parse(line).admin}/api/metrics`)).json();
    }
    throw new Error(`${role} ended before it listened`);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  }
}

function section(title, metrics) {
  const rows = metrics
    .filter(({ name }) => name.startsWith('trireme_'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`);
  return `\n## ${title}\n\n| name | type | labels | what it tells |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const folder = mkdtempSync(join(tmpdir(), 'trireme-metrics-'));
try {
  const [lb, master] = await Promise.all([metricsOf('lb', folder), metricsOf('master', folder)]);
  const names = (list) => new Set(list.map(({ name }) => name));
  const [ofLb, ofMaster] = [names(lb), names(master)];
  const text = [
    head,
    section(
      'Of both',
      lb.filter(({ name }) => ofMaster.has(name)),
    ),
    section(
      'Of the load balancer',
      lb.filter(({ name }) => !ofMaster.has(name)),
    ),
    section(
      'Of the master',
      master.filter(({ name }) => !ofLb.has(name)),
    ),
  ].join('');
  if (process.argv.includes('--stdout')) process.stdout.write(text);
  else writeFileSync('docs/METRICS.md', text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
