import { pino } from 'pino';
import { RecentErrors } from '../../../../../src/common/recent-errors.js';
import { KindUnits } from '../../../../../src/gen/trireme/v1/worker.js';
import { createHub } from '../../../../../src/hub/hub.js';
import { Live } from '../../../../../src/hub/watch/live/live.js';
import { FakeScheduler } from '../../../../support/fake-scheduler.js';
import { ScriptedWorker } from '../../../../support/scripted-worker.js';

test('what was not answered is told by reason, as metrics name it', () => {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const { counters } = hub.kindState(1);
  [counters.failed, counters.expired] = [2, 1];
  const options = { role: 'lb', hub, kinds: [1], errors: new RecentErrors(), notReady: () => undefined };
  const live = new Live({ ...options, gauges: () => ({}) }, time);
  expect(live.document().kinds).toMatchObject([{ notDone: 3, reasons: { failed: 2, expired: 1 } }]);
  live.close();
});

test('a worker is shown with the kinds that the role gives out and those of users, by version, and no others', () => {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const terms = {
    ...{ version: '1.2', payloadBytesMax: 100, resultBytesMax: 100, timeoutSeconds: 30, attempts: 1 },
    ...{ mayCopy: false, text: true, units: KindUnits.LINES },
  };
  new ScriptedWorker(hub, {
    kinds: [
      { kind: 1, name: 'GET_TIME', secondsPerUnit: 0.001 },
      { kind: 100, name: 'SCAN_CHUNK', secondsPerUnit: 1e-9 },
      { kind: 300, name: 'RESIZE', secondsPerUnit: 0, terms },
    ],
  });
  const options = { role: 'lb', hub, kinds: [1], errors: new RecentErrors(), notReady: () => undefined };
  const live = new Live({ ...options, gauges: () => ({}) }, time);
  const [worker] = live.document().workers;
  expect(worker.kinds.map(({ name, unit }) => [name, unit])).toEqual([
    ['GET_TIME', 'jobs'],
    ['RESIZE@1.2', 'lines'],
  ]);
  live.tick();
  // Jobs of users count as work of the hub's busy time.
  expect(hub.kindState(300).fleetFixedSeconds).toBeGreaterThan(0);
  live.close();
});
