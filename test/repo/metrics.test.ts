import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { projectRoot } from '../../src/common/version.js';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

describe('the documents about metrics', () => {
  const made = execFileSync(process.execPath, ['scripts/metrics-doc.mjs', '--stdout'], {
    cwd: projectRoot,
    encoding: 'utf8',
    timeout: 60_000,
  });

  test('docs/METRICS.md is what the code says (make docs-metrics writes it)', () => {
    expect(read('docs/METRICS.md')).toBe(made);
  });

  test.each(['dashboard.json', 'alerts.yml', 'alerts.test.yml'])(
    'every metric that deploy/grafana/%s names exists',
    (file) => {
      const known = new Set(
        [...made.matchAll(/^\| `(trireme_\w+)` \| (\w+) /gm)].flatMap(([, name, type]) =>
          type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
        ),
      );
      const named = [...read(`deploy/grafana/${file}`).matchAll(/\btrireme_\w+/g)].map(([name]) => name);
      expect(named.length).toBeGreaterThan(5);
      expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
    },
  );

  test('the dashboard shows most of what there is to know of hubs, workers and clients', () => {
    const dashboard = read('deploy/grafana/dashboard.json');
    const names = [...made.matchAll(/^\| `(trireme_\w+)` /gm)].map(([, name]) => name);
    const shown = names.filter((name) => dashboard.includes(name));
    expect(shown.length / names.length).toBeGreaterThan(0.5);
    const { panels } = JSON.parse(dashboard) as { panels: { id: number; type: string; title: string }[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;
if (!promtool) console.log('SKIP: no promtool here (Debian: prometheus); metrics and alert rules are not checked');

describe('the metrics as they are served', () => {
  const any = '127.0.0.1:0';
  const scratch = scratchFolder();

  (promtool ? test : test.skip).each([
    ['lb', ['--tcp', any]],
    ['master', ['--captures', scratch.path, '--spool', join(scratch.path, 'spool')]],
  ])('of %s are named and told as promtool wants them', async (role, args) => {
    const running = RunningRole.start([role, '--grpc', any, '--admin', any, '--http', any, ...args]);
    try {
      const { admin } = await running.line('listening');
      const input = await (await fetch(`http://${String(admin)}/metrics`)).text();
      expect(input).toContain('nodejs_eventloop_lag_p99_seconds');
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      expect([status, stdout + stderr]).toEqual([0, '']);
    } finally {
      await running.end();
    }
  });
});

describe('the alert rules', () => {
  (promtool ? test : test.skip)('are accepted by promtool, and fire when they should and only then', () => {
    for (const args of [
      ['check', 'rules', 'deploy/grafana/alerts.yml'],
      ['test', 'rules', 'deploy/grafana/alerts.test.yml'],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: projectRoot, encoding: 'utf8' });
      expect([args, status, status === 0 ? '' : stdout + stderr]).toEqual([args, 0, '']);
    }
  });
});
