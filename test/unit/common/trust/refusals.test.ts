import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Refusals } from '../../../../src/common/trust/refusals.js';

test('every refusal is counted, and a flood of them does not fill the log', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const refusals = new Refusals(log, () => 0);
  const registry = new Registry();
  refusals.addMetrics(registry);
  for (let i = 0; i < 100; i++) refusals.report('grpc', 'wrong-token', { peer: `p${i}` });
  refusals.report('tcp', 'certificate', { peer: 'q' });
  const text = await registry.metrics();
  expect(text).toContain('trireme_refusals_total{port="grpc",reason="wrong-token"} 100\n');
  expect(text).toContain('trireme_refusals_total{port="tcp",reason="certificate"} 1\n');
  expect(lines.length).toBeLessThan(10);
  expect(JSON.parse(lines[0])).toMatchObject({ msg: 'refused', port: 'grpc', reason: 'wrong-token', peer: 'p0' });
});
