import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { variableOf } from '../../src/common/option-variables.js';
import { projectRoot } from '../../src/common/version.js';
import { grpcGuardLimitsDefault } from '../../src/common/grpc-guard-limits.js';
import { lbLimitsDefault } from '../../src/lb/limits.js';
import { describeCommands } from '../../src/shell/describe.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const folder = join(projectRoot, 'deploy', 'systemd');
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
const program = '/usr/local/bin/trireme';

/** Exposure from 0 to 10, in tenths: systemd's own bound for "OK" is 49. */
const exposureTenthsMax = 20;

/** What a role gives itself beyond its grace time (see lifecycle.ts), in seconds. */
const overtimeSeconds = 5;

const text = (unit: string): string => readFileSync(join(folder, unit), 'utf8');
const settings = (unit: string, name: string): string[] =>
  [...text(unit).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

const there = spawnSync('systemd-analyze', ['--version']).error === undefined;
if (!there) console.log('SKIP: no systemd-analyze here; the units are not verified');
const testSystemd = there ? test : test.skip;

test('there is a unit for each role that runs on', () => {
  expect(units).toEqual(['trireme-lb.service', 'trireme-master.service', 'trireme-worker.service']);
});

describe.each(units)('%s', (unit) => {
  const role = /^trireme-(\w+)\./.exec(unit)![1];

  testSystemd('is what systemd understands', () => {
    // The program need not be installed where the test runs.
    const path = scratch.file(unit, text(unit).replace(program, join(projectRoot, 'bin/trireme')));
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', path],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  testSystemd('is confined', () => {
    const args = [
      'security',
      '--no-pager',
      '--offline=true',
      `--threshold=${exposureTenthsMax - 1}`,
      join(folder, unit),
    ];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('Overall exposure level')]);
  });

  test('starts its role, whose options are the variables that it sets', () => {
    expect(settings(unit, 'ExecStart')).toEqual([`${program} ${role}`]);
    const command = describeCommands().find(({ name }) => name === role)!;
    const known = command.options.map((option) => variableOf(role, option.name()));
    const set = settings(unit, 'Environment').map((each) => each.split('=')[0]);
    expect(set.length).toBeGreaterThan(0);
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
    expect(settings(unit, 'EnvironmentFile')).toEqual([`-/etc/trireme/${role}.env`]);
  });

  test('is given the time to drain', () => {
    const [, grace] = new RegExp(`_GRACE=(\\d+)s`).exec(text(unit))!;
    expect(Number(settings(unit, 'TimeoutStopSec')[0])).toBeGreaterThan(Number(grace) + overtimeSeconds);
    expect(settings(unit, 'KillMode')).toEqual(['mixed']);
  });
});

test('the load balancer may have a descriptor for each connection that it takes', () => {
  const [limit] = settings('trireme-lb.service', 'LimitNOFILE').map(Number);
  expect(limit).toBeGreaterThan(lbLimitsDefault.connectionsMax + grpcGuardLimitsDefault.connectionsMax + 1000);
});
