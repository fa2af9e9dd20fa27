import { natsPrograms, skipWithoutNats } from '../../support/nats-server.js';
import { propertySeed } from '../../support/property.js';
import { runMastersChaos } from './masters-chaos.js';
import { runStoresChaos } from './stores-chaos.js';

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

  test('NATS loses what it has acknowledged: each accepted analysis has its exact result, or its client is told of the loss', async () => {
    const seed = propertySeed;
    const said: string[] = [];
    const report = await runStoresChaos({
      ...{ seed, seconds: 12, analyses: 4, bytes: 5e6, workerCores: null, everySeconds: 2 },
      ...{ counts: { nats: 3, master: 2, worker: 2 }, program: natsPrograms[natsPrograms.length - 1] },
      say: (line) => void said.push(line),
    });
    console.log(`TRIREME_PROPERTY_SEED=${seed}: ${said.join('; ')}; ${JSON.stringify(report.mended)}`);
    expect([`seed ${seed}`, ...report.violations]).toEqual([`seed ${seed}`]);
    expect(Object.keys(report.faults).length).toBeGreaterThan(1);
  }, 300_000);
});
