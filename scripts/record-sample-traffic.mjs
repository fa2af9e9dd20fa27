// The traffic of captures/sample.pcap: HTTP and a chat over TCP, DNS-like questions and a stream of readings over UDP,
// each over IPv4 and IPv6. Run by record-sample.sh, once as `servers` and once as `clients`.
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { request, createServer as createHttpServer, Agent } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const web = ['192.0.2.1', '2001:db8::1'];
const names = ['192.0.2.53', '2001:db8::53'];
const client = (version, number) => (version === 0 ? `192.0.2.${11 + number}` : `2001:db8::${11 + number}`);
const words = 'A trireme has three rows of oars, and each row pulls its own weight. ';
const body = (bytes) => words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes);
const ports = { http: 80, chat: 7000, dns: 53, readings: 5683 };

function serve() {
  for (const host of web) {
    createHttpServer((asked, answer) => {
      asked.resume();
      asked.on('end', () => answer.end(body(Number(new URL(asked.url, 'http://web').searchParams.get('bytes') ?? 0))));
    }).listen(ports.http, host);
    createServer((socket) => socket.on('data', (line) => socket.write(`heard ${line}`))).listen(ports.chat, host);
    createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(ports.readings, host);
  }
  for (const host of names) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (question, { port, address }) => socket.send(answerTo(question), port, address));
    socket.bind(ports.dns, host);
  }
}

/** A DNS question for the A record of a name. */
function question(id, name) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** The question with one A record that points back at its name. */
function answerTo(asked) {
  const answer = Buffer.concat([asked, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1])]);
  answer[2] = 0x81;
  answer[3] = 0x80;
  answer[7] = 1;
  return answer;
}

function get(version, from, bytes, agent = false) {
  return new Promise((done, failed) => {
    const options = { host: web[version], port: ports.http, localAddress: from, path: `/oars?bytes=${bytes}`, agent };
    request(options, (answer) => answer.resume().on('end', done))
      .on('error', failed)
      .end();
  });
}

function post(version, from, bytes) {
  return new Promise((done, failed) => {
    const options = {
      host: web[version],
      port: ports.http,
      localAddress: from,
      path: '/log',
      method: 'POST',
      agent: false,
    };
    request(options, (answer) => answer.resume().on('end', done))
      .on('error', failed)
      .end(body(bytes));
  });
}

async function chat(version, from, lines) {
  const socket = connect({ host: web[version], port: ports.chat, localAddress: from });
  for (let i = 0; i < lines; i++) {
    socket.write(`line ${i}: ${words}`);
    await new Promise((heard) => socket.once('data', heard));
    await pause(20);
  }
  await new Promise((closed) => socket.once('close', closed).end());
}

async function ask(version, from, count) {
  const socket = createSocket(version === 0 ? 'udp4' : 'udp6');
  await new Promise((bound) => socket.bind(0, from, bound));
  for (let i = 0; i < count; i++) {
    socket.send(question(i + 1, `oar${i}.trireme.example`), ports.dns, names[version]);
    await new Promise((answered) => socket.once('message', answered));
  }
  socket.close();
}

async function read(version, from, count, bytes) {
  const socket = createSocket(version === 0 ? 'udp4' : 'udp6');
  await new Promise((bound) => socket.bind(0, from, bound));
  for (let i = 0; i < count; i++) {
    socket.send(body(bytes), ports.readings, web[version]);
    await pause(15);
  }
  socket.close();
}

async function ofVersion(version) {
  const from = (number) => client(version, number);
  for (let i = 0; i < 12; i++) await get(version, from(i % 4), 100 * 2 ** (i % 8));
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 6; i++) await get(version, from(1), 5_000, kept);
  kept.destroy();
  await post(version, from(3), 20_000);
  for (let i = 0; i < 4; i++) await ask(version, from(i), 2 + i);
  await chat(version, from(2), 8);
  await read(version, from(0), 20, 120);
}

if (process.argv[2] === 'servers') serve();
else {
  await Promise.all([ofVersion(0), ofVersion(1)]);
  await get(0, client(0, 0), 300_000);
  await get(1, client(1, 3), 150_000);
}
