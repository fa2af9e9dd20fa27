import { createReadStream } from 'node:fs';
import { analyzeFile, analyzeStream, toCanonicalJson, TriremeError } from 'trireme';
import { JobClient, JobKind, runTcpJobs } from 'trireme/client';
import { protoFiles, protoFolder } from 'trireme/proto';

const [capture, tcp, grpc] = process.argv.slice(2);

// A file, and the same one as a stream: the same facts.
const facts = await analyzeFile(capture, { top: 3, sort: 'packets', intervalNs: 1_000_000_000n });
const streamed = await analyzeStream(createReadStream(capture), {
  top: 3,
  sort: 'packets',
  intervalNs: 1_000_000_000n,
});
console.log(`${facts.packets} packets, ${facts.ipv4_tcp} of them TCP over IPv4, ${facts.series?.rows.length} seconds`);
for (const { a, b, packets } of facts.top) console.log(`${a} ${b} ${packets}`);
console.log(toCanonicalJson(facts) === toCanonicalJson(streamed));

// What cannot be analysed is an error with a code.
try {
  await analyzeFile('/nowhere/day.pcap');
} catch (error) {
  if (!(error instanceof TriremeError)) throw error;
  console.log(error.code);
}

// Jobs over TCP, in the order asked.
console.log((await runTcpJobs([1, 2, 1], { address: tcp })).length);

// Jobs over gRPC: one, and many whose answers come as they are done.
const client = new JobClient({ address: grpc });
const { result, worker } = await client.runJob(JobKind.GET_TIME, { timeoutMs: 10_000 });
console.log(`${Number(result) > 1.7e9} ${worker}`);
const kinds = Array.from({ length: 1000 }, () => JobKind.MINE_BITCOIN);
let answers = 0;
for await (const answer of client.runJobs(kinds)) if (answer.error === '') answers++;
console.log(answers);
client.close();

// The protocol files, for clients in other languages.
console.log(protoFolder.endsWith('proto'), protoFiles.join(' '));
