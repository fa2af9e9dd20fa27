import { Code, ConnectError } from '@connectrpc/connect';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { httpClient, post } from '../support/http-port.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** What a caller is told: the code as gRPC spells it, and the message; the time when all went well. */
type Told = readonly [code: string, message: string];

interface Asked {
  readonly kindName: string;
  readonly payload?: string;
  readonly token?: string;
  readonly timeoutMs?: number;
}

interface Row extends Asked {
  readonly row: string;
}

const token = 'a-token';
const scratch = scratchFolder();
const service = 'trireme.v1.JobService';

const asked: readonly Row[] = [
  { row: '`GET_TIME`', kindName: 'GET_TIME' },
  { row: 'a kind that is not there', kindName: 'NONE' },
  { row: '`GET_TIME` with a wrong token', kindName: 'GET_TIME', token: 'another' },
  { row: 'a payload that the kind does not take', kindName: 'GET_TIME', payload: '30' },
  { row: 'a job that takes longer than its deadline', kindName: 'SLEEP', payload: '30', timeoutMs: 300 },
];
const last: Row = { row: 'one job more than the bound', kindName: 'GET_TIME' };

/** The rows of the first table of docs/HTTP.md with this text in front, as the cells behind it. */
function documented(row: string): string[] {
  const text = readFileSync(join(projectRoot, 'docs', 'HTTP.md'), 'utf8');
  const line = text.split('\n').find((each) => each.startsWith(`| ${row} | `)) ?? '';
  return line
    .split(' | ')
    .slice(1)
    .map((cell) => cell.replace(/^`|`$| ?\|$/g, ''));
}

let lb: RunningRole;
let worker: RunningRole;
let at: { readonly grpc: string; readonly http: string };
const portOf = (address: string): number => Number(address.split(':')[1]);

beforeAll(async () => {
  const sleep =
    'export const kind = { run: () => new Promise((done) => setTimeout(done, 120_000)), timeoutSeconds: 300 };';
  scratch.file('sleep.kind.mjs', sleep);
  const any = '127.0.0.1:0';
  const ports = ['--tcp', any, '--grpc', any, '--admin', any, '--http', any];
  lb = RunningRole.start(['lb', ...ports, '--jobs-total', '1', '--token', token]);
  at = (await lb.line('listening')) as unknown as typeof at;
  const slots = ['--slots', '2', '--name', 'w0', '--kinds', scratch.path];
  worker = RunningRole.start(['worker', '--host', at.grpc, ...slots, '--token', token]);
  await worker.line('attached');
});
afterAll(async () => {
  await worker.end();
  lb.child.kill('SIGKILL');
  await lb.end();
});

const upper = (words: string): string => words.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

/** Details as the table has them. */
function detailsText(details: readonly { readonly type: string; readonly debug?: unknown }[] = []): string {
  return details
    .map(({ type, debug }) => {
      const { metadata = {}, retryDelay } = debug as { metadata?: Record<string, string>; retryDelay?: string };
      if (type === 'google.rpc.RetryInfo') return `again after ${retryDelay?.replace('s', ' s')}`;
      return Object.entries(metadata)
        .map(([key, value]) => `\`${key}\` ${value}`)
        .join(', ');
    })
    .join('; ')
    .replace(/`/g, '');
}

/** The table's line for what is asked for, by JSON over HTTP: status, code, message and details. */
async function byJson({ kindName, payload = '', token: given = token, timeoutMs }: Asked): Promise<string[]> {
  const { status, json } = await post(
    portOf(at.http),
    `/${service}/RunJob`,
    { kindName, payload: Buffer.from(payload).toString('base64') },
    {
      authorization: `Bearer ${given}`,
      ...(timeoutMs === undefined ? {} : { 'connect-timeout-ms': timeoutMs }),
    },
  );
  const { code = 'ok', message = String(json.result), details } = json;
  return [String(status), code.toUpperCase(), message, detailsText(details)];
}

async function byConnect(protocol: 'Connect' | 'gRPC-Web', job: Asked): Promise<Told> {
  const { kindName, payload = '', token: given = token, timeoutMs } = job;
  const client = httpClient(portOf(at.http), service, protocol) as unknown as {
    runJob(request: object, options: object): Promise<{ result: string }>;
  };
  try {
    const headers = { authorization: `Bearer ${given}` };
    const { result } = await client.runJob({ kindName, payload: Buffer.from(payload) }, { headers, timeoutMs });
    return ['OK', result];
  } catch (caught) {
    const { code, rawMessage } = ConnectError.from(caught);
    return [upper(Code[code]), rawMessage];
  }
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}

async function byGrpcurl({ kindName, payload = '', token: given = token, timeoutMs }: Asked): Promise<Told> {
  const request = JSON.stringify({ kindName, payload: Buffer.from(payload).toString('base64') });
  const text = await output('grpcurl', [
    ...['-plaintext', '-import-path', join(projectRoot, 'proto'), '-proto', 'trireme/v1/job.proto'],
    ...['-H', `authorization: Bearer ${given}`, '-d', request],
    ...(timeoutMs === undefined ? [] : ['-max-time', String(timeoutMs / 1000)]),
    ...[at.grpc, `${service}/RunJob`],
  ]);
  const [, code, message] = /Code: (\w+)\n +Message: (.*)/.exec(text) ?? [];
  if (code !== undefined) return [upper(code), message];
  return ['OK', (JSON.parse(text) as { result: string }).result];
}

const python = `
import sys, grpc
sys.path.insert(0, sys.argv[1])
job, service = grpc.protos_and_services("trireme/v1/job.proto")
target, kind, payload, token, timeout = sys.argv[2:]
with grpc.insecure_channel(target) as channel:
    try:
        request = job.RunJobRequest(kind_name=kind, payload=payload.encode())
        metadata = [("authorization", "Bearer " + token)]
        answer = service.JobServiceStub(channel).RunJob(request, metadata=metadata, timeout=float(timeout))
        print("OK", answer.result)
    except grpc.RpcError as error:
        print(error.code().name, error.details())
`;
async function byPython({ kindName, payload = '', token: given = token, timeoutMs = 60_000 }: Asked): Promise<Told> {
  const args = [join(projectRoot, 'proto'), at.grpc, kindName, payload, given, String(timeoutMs / 1000)];
  const text = await output('python3', ['-c', python, ...args]);
  const space = text.indexOf(' ');
  return [text.slice(0, space), text.slice(space + 1).trim()];
}

const clients: [string, (job: Asked) => Promise<Told>][] = [
  ['Connect', (job) => byConnect('Connect', job)],
  ['gRPC-Web', (job) => byConnect('gRPC-Web', job)],
];
if (spawnSync('grpcurl', ['-version']).error === undefined) clients.push(['grpcurl', byGrpcurl]);
else console.log('SKIP: no grpcurl here; its column of docs/HTTP.md is not tried');
if (spawnSync('python3', ['-c', 'import grpc, grpc_tools']).status === 0) clients.push(['Python', byPython]);
else console.log('SKIP: python3 without grpcio and grpcio-tools; its column of docs/HTTP.md is not tried');

/** Clients keep deadlines too, and say so in words of their own. */
const ownWords = /^(the operation timed out|context deadline exceeded|Deadline Exceeded)$/i;

/** Asks by every client for what a row of the table is about, and compares. */
async function expectRow({ row, ...job }: Row): Promise<void> {
  const [status, code, message, details] = documented(row);
  const late = job.timeoutMs !== undefined;
  const form = row === '`GET_TIME`' ? /^\d{10}$/ : late ? /^DEADLINE_PASSED: / : null;
  const words = form === null ? message : (expect.stringMatching(form) as string);
  const detailed = late ? (expect.any(String) as string) : details.replace(/`/g, '');
  expect(await byJson(job)).toEqual([status, code, words, detailed]);
  for (const [client, ask] of clients) {
    const [toldCode, told] = await ask(job);
    const said = late && ownWords.test(told) ? 'DEADLINE_PASSED: in words of its own' : told;
    expect([client, toldCode, said]).toEqual([client, code, words]);
  }
}

test.each(asked)('every client is told what docs/HTTP.md has of $row', expectRow);

test('every client is told of a bound that is reached, and when to ask again', async () => {
  const held = post(
    portOf(at.http),
    `/${service}/RunJob`,
    { kindName: 'SLEEP' },
    { authorization: `Bearer ${token}` },
  ).catch(() => undefined);
  const until = Date.now() + 30_000;
  while ((await byJson(last))[0] === '200' && Date.now() < until);
  await expectRow(last);
  lb.child.kill('SIGKILL');
  await held;
});
