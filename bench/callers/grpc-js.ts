/** Asks jobs with grpc-js: grpc-js.js HOST:PORT one|64|20/s SECONDS. Prints one line of JSON. */
import { credentials } from '@grpc/grpc-js';
import { JobServiceClient } from '../../src/gen/trireme/v1/job.js';

const [target, mode, seconds] = process.argv.slice(2);
const end = performance.now() + Number(seconds) * 1000;
const client = new JobServiceClient(target, credentials.createInsecure());
let jobs = 0;
const failed: Record<string, number> = {};
const fail = ({ message }: Error): void => void (failed[message] = (failed[message] ?? 0) + 1);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function unary(): Promise<void> {
  while (performance.now() < end) {
    await new Promise<void>((resolve) =>
      client.runJob({ kind: 1 }, (error) => {
        if (error === null) jobs++;
        else fail(error);
        resolve();
      }),
    );
  }
}

async function stream(perSecond: number): Promise<void> {
  const call = client.runJobs();
  const ended = new Promise<void>((resolve) => {
    call.on('data', ({ results }) => (jobs += results.length));
    call.on('error', (error) => {
      fail(error);
      resolve();
    });
    call.on('end', resolve);
  });
  for (let tag = 1n, due = performance.now(); due < end; tag++) {
    call.write({ jobs: [{ tag, kind: 1 }] });
    due += 1000 / perSecond;
    await wait(due - performance.now());
  }
  call.end();
  await ended;
}

const done = mode.endsWith('/s')
  ? stream(parseInt(mode))
  : Promise.all(Array.from({ length: mode === 'one' ? 1 : Number(mode) }, unary));
void done.then(() => {
  client.close();
  process.stdout.write(`${JSON.stringify({ jobs, failed })}\n`);
});
