import { Registry } from 'prom-client';
import { addHubMetrics } from '../../../../src/hub/watch/metrics.js';
import type { HubSnapshot } from '../../../../src/hub/port/snapshot.js';
import { FakeHub } from '../../../support/fake-hub.js';
import { sampleKind } from '../../../support/sample-kind.js';

class HubWithState extends FakeHub {
  override snapshot(): HubSnapshot {
    return {
      ...super.snapshot(),
      jobsWaiting: 7,
      workers: [
        {
          number: 0,
          id: 'id-1',
          name: 'a"b',
          version: '',
          address: '',
          host: '',
          cpuModel: '',
          memoryBytes: 0n,
          cores: 2,
          state: 'SERVING',
          slots: 3,
          busy: 1,
          queued: 0,
          load: 0,
          outstanding: 2,
          backlogSeconds: 0.5,
          windowSeconds: 1,
          roundTripSeconds: 0.001,
          picks: 9,
          evidence: null,
          lastHeartbeatMs: 0,
          kinds: [
            { ...sampleKind, done: 5, failed: 0 },
            {
              kind: 300,
              name: 'PACK',
              fixedSeconds: 0.25,
              secondsPerUnit: 1e-9,
              unit: 'bytes',
              version: '',
              done: 0,
              failed: 0,
            },
          ],
        },
      ],
      kinds: [
        {
          kind: 1,
          name: 'GET_TIME',
          submitted: 20,
          picks: 15,
          copies: 0,
          probes: 2,
          copiesWon: 0,
          wastedSeconds: 0,
          recalls: 0,
          retries: 1,
          notRun: 0,
          duplicates: 0,
          done: 12,
          failed: 2,
          queueFull: 0,
          expired: 0,
          cancelled: 0,
          lost: 1,
          noWorker: 0,
          draining: 0,
        },
      ],
    };
  }
}

test('a scrape shows the hub, its kinds and its workers, twice the same', async () => {
  const registry = new Registry();
  addHubMetrics(registry, new HubWithState());
  await registry.metrics();
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'trireme_hub_jobs_waiting 7',
      'trireme_hub_jobs_total{kind="GET_TIME",outcome="done"} 12',
      'trireme_hub_jobs_total{kind="GET_TIME",outcome="lost"} 1',
      'trireme_hub_picks_total{kind="GET_TIME"} 15',
      'trireme_hub_workers{state="SERVING"} 1',
      'trireme_hub_workers{state="SILENT"} 0',
      'trireme_worker_slots{worker="a\\"b",id="id-1"} 3',
      'trireme_worker_cost_seconds{worker="a\\"b",id="id-1",kind="GET_TIME"} 0.000001',
    ]),
  );
});
