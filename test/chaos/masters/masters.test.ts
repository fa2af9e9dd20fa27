import { skipWithoutNats } from '../../support/nats-server.js';
import { propertySeed } from '../../support/property.js';
import { runMastersChaos } from './masters-chaos.js';

skipWithoutNats('faults under masters that share NATS')('masters that share NATS', () => {
  test('any process is killed or cut off by a seeded script: each result is exact and once, and no finished chunk is scanned again', async () => {
    const seed = propertySeed;
    const said: string[] = [];
    const report = await runMastersChaos({
      ...{ seed, seconds: 5, analyses: 4, bytes: 20e6, workerCores: null, natsGoneSeconds: null },
      ...{ counts: { nats: 3, master: 2, worker: 2 }, everySeconds: 1.5, lastsSeconds: 1 },
      say: (line) => void said.push(line),
    });
    console.log(`TRIREME_PROPERTY_SEED=${seed}: ${said.join('; ')}; ${JSON.stringify(report.checked.chunks)}`);
    expect([`seed ${seed}`, ...report.violations]).toEqual([`seed ${seed}`]);
    expect(report.checked.exact).toBe(4);
    expect(Object.keys(report.faults).length).toBeGreaterThan(0);
  }, 300_000);
});
