import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobClient } from '../../src/api/client.js';
import { eventually } from '../support/capture-cluster.js';
import { LineClient } from '../support/line-client.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { takeSpans, type EndedSpan } from '../support/span-file.js';

const scratch = scratchFolder();
const file = join(scratch.path, 'spans');
const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const free = '127.0.0.1:0';
const own: EndedSpan[] = [];
const roles: RunningRole[] = [];
let grpc: string;
let tcp: string;
let admin: string;

/** Starts a role in which something takes spans, or nothing does. */
function start(args: readonly string[], taken: boolean): RunningRole {
  const loaded = `--require ${join(__dirname, '..', 'support', 'span-file.js')}`;
  const before = ['env', `SPANS_FILE=${file}`, ...(taken ? [`NODE_OPTIONS=${loaded}`] : [])];
  const role = RunningRole.start(args, before);
  roles.push(role);
  return role;
}

beforeAll(async () => {
  takeSpans((span) => own.push(span));
  scratch.file('context.kind.mjs', 'export const kind = { mayCopy: true, run: (job) => job.traceparent };');
  const commands = { commands: [{ name: 'ENV', argv: ['sh', '-c', 'echo "[$TRACEPARENT]"'], mayCopy: true }] };
  const yaml = scratch.file('commands.yaml', JSON.stringify(commands));
  const lb = start(['lb', '--tcp', free, '--grpc', free, '--admin', free], true);
  ({ grpc, tcp, admin } = (await lb.line('listening')) as unknown as Record<'grpc' | 'tcp' | 'admin', string>);
  const worker = ['worker', '--host', grpc, '--slots', '1', '--kinds', scratch.path, '--commands', yaml];
  await start(worker, true).line('attached');
});

afterAll(async () => {
  await Promise.all(roles.map((role) => role.end()));
});

const taken = (): EndedSpan[] => {
  try {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as EndedSpan);
  } catch {
    return [];
  }
};

/** Spans of the roles below this one, from the outside in. */
async function below(span: string, count: number): Promise<EndedSpan[]> {
  const found: EndedSpan[] = [];
  await eventually(`${count} spans`, () => {
    found.length = 0;
    for (let at: string | undefined = span; at !== undefined; at = found[found.length - 1]?.span) {
      const next = taken().find((each) => each.parent === at);
      if (next === undefined) break;
      found.push(next);
    }
    return Promise.resolve(found.length === count);
  });
  return found;
}

test('a trace goes from a client over the load balancer and the worker to the kind, with a span at each', async () => {
  const client = new JobClient({ address: grpc });
  const { result } = await client.runJob('CONTEXT');
  await client.close();
  const [call] = own;
  const spans = await below(call.span, 3);
  expect(spans.map(({ name, error }) => [name, error])).toEqual([
    ['job CONTEXT', undefined],
    ['try CONTEXT', undefined],
    ['run CONTEXT', undefined],
  ]);
  expect(call.name).toBe('run job CONTEXT');
  expect(new Set(spans.map(({ trace }) => trace))).toEqual(new Set([call.trace]));
  // The kind works within the span of its worker.
  expect(result).toBe(`00-${call.trace}-${spans[2].span}-01`);
});

test('a JSON line and the variable of trireme run carry a context, commands have it, and a job without one is in no trace', async () => {
  const before = taken().length;
  const [host, port] = tcp.split(':');
  const client = await LineClient.dial({ host, port: Number(port) });
  const answer = async (asked: object): Promise<unknown> => {
    const had = client.lines.length;
    client.socket.write(`${JSON.stringify(asked)}\n`);
    await client.until(() => client.lines.length > had, 'an answer');
    return JSON.parse(client.lines[had]);
  };
  expect(await answer({ id: 1, kind: 'ENV' })).toEqual({ id: 1, result: '[]' });
  expect(taken().length).toBe(before);
  const { result } = (await answer({ id: 2, kind: 'ENV', traceparent: parent })) as { result: string };
  client.socket.destroy();
  expect(result).toMatch(new RegExp(`^\\[00-${traceId}-[0-9a-f]{16}-01\\]$`));
  const ran = await runTrireme(['run', '--lb', grpc, 'ENV'], { env: { TRACEPARENT: parent.replace('b7', 'c8') } });
  expect(ran.stdout).toMatch(new RegExp(`^\\[00-${traceId}-`));
  expect((await below('c8ad6b7169203331', 3)).map(({ name }) => name)).toEqual(['job ENV', 'try ENV', 'run ENV']);
});

test('a scraper that asks for OpenMetrics finds the trace of a job behind the bucket of its latency', async () => {
  const TRACEPARENT = parent.replace('b7', 'd9');
  expect((await runTrireme(['run', '--lb', grpc, 'GET_TIME'], { env: { TRACEPARENT } })).code).toBe(0);
  const [job] = await below('d9ad6b7169203331', 3);
  const scrape = async (accept: string): Promise<string> =>
    (await fetch(`http://${admin}/metrics`, { headers: { accept } })).text();
  const open = await scrape('application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5');
  const exemplars = [...open.matchAll(/^(\S+?)\{.*le="(.*?)"\} \d+ # \{(.*)\} (\S+) (\S+)$/gm)];
  expect(exemplars.map(([, name, , labels]) => [name, labels])).toEqual([
    ['trireme_lb_job_seconds_bucket', `trace_id="${traceId}",span_id="${job.span}"`],
  ]);
  const [[, , bound, , seconds, at]] = exemplars;
  expect(Number(seconds)).toBeLessThanOrEqual(Number(bound));
  expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60);
  expect(await scrape('text/plain')).not.toContain('trace_id');
});
