import { CommanderError, InvalidArgumentError, type Command } from 'commander';
import { TriremeError } from '../../../src/common/errors.js';
import {
  byteSize,
  decimal,
  durationMs,
  durationNs,
  formatHostPort,
  hostPort,
  hostPorts,
  integer,
} from '../../../src/common/options.js';
import { parseToken } from '../../../src/common/trust/options.js';
import { parseJobs } from '../../../src/client/job-list.js';
import { parseMix } from '../../../src/client/load/mix.js';
import { formatEndpoint, parseEndpoint } from '../../../src/pcap/endpoint.js';
import { ipv4Prefix } from '../../../src/udp/config-bytes.js';
import { buildCommand as analyze } from '../../../src/analyze/command.js';
import { buildCommand as certs } from '../../../src/certs/command.js';
import { buildCommand as benchJobs } from '../../../src/client/bench-command.js';
import { buildCommand as client } from '../../../src/client/command.js';
import { buildCommand as lb } from '../../../src/lb/command.js';
import { buildCommand as masterOf } from '../../../src/master/command.js';
import { buildCommand as udpClient } from '../../../src/udp/udp-client-command.js';
import { buildCommand as udpServer } from '../../../src/udp/udp-server-command.js';
import { buildCommand as jobClient } from '../../../src/udp/job-client-command.js';
import { buildCommand as jobServer } from '../../../src/udp/job-server-command.js';
import { buildCommand as lab } from '../../../src/udp/lab-command.js';
import { buildCommand as xdp } from '../../../src/udp/xdp-command.js';
import { buildCommand as up } from '../../../src/up/command.js';
import { buildCommand as demo } from '../../../src/up/demo-command.js';
import { buildCommand as worker } from '../../../src/worker/command.js';
import { asText, must, refusedBy, utf8, type FuzzTarget } from '../target.js';

const refusals = [InvalidArgumentError, TriremeError] as const;

function within(value: number | undefined, least: number, most: number): void {
  must(value === undefined || (value >= least && value <= most), `${value} is within ${least} and ${most}`);
}

export const optionValues: FuzzTarget = {
  name: 'option-values',
  what: 'numbers, durations, sizes, addresses, job lists and mixes as people type them',
  seeds: () =>
    [
      ...['1', '-5', '+7', '1.5', '1e9', '250ms', '1.5s', '2m', '1d', '64MiB', '1G', '4096'],
      ...['127.0.0.1:80', '[::1]:80', '[fe80::1%eth0]:1', 'host', 'a:1,b:2', '1:90,2:10', '1,2,1'],
      ...['10.0.0.1:80', '[2001:db8::1]:443', '[::ffff:1.2.3.4]:1', '10.0.0.0/8', 'token'],
    ].map(utf8),
  words: ['ms', 'ns', 's', 'm', 'h', 'd', 'Ki', 'GiB', ':', '::', ',', '.', '[', ']', '%', 'e', 'e999', '/', '99999'],
  bytesMax: 256,
  run: (input) => {
    const text = asText(input);
    const parsed = <T>(parse: (value: string) => T): T | undefined => refusedBy(refusals, () => parse(text));
    within(parsed(integer(-10, 1e15)), -10, 1e15);
    within(parsed(decimal(0.1, 1e7)), 0.1, 1e7);
    const ns = parsed(durationNs(1n, 10n ** 15n));
    must(ns === undefined || (ns >= 1n && ns <= 10n ** 15n), 'a duration is within its bounds');
    within(parsed(durationMs(1, 86_400_000)), 1, 86_400_000);
    within(parsed(byteSize(1024, 2 ** 40)), 1024, 2 ** 40);
    for (const { host, port } of [parsed(hostPort()), parsed(hostPort(80)), ...(parsed(hostPorts(1)) ?? [])].filter(
      (found) => found !== undefined,
    )) {
      must(host !== '' && port >= 0 && port <= 65535, 'an address has a host and a port');
      const again = hostPort()(formatHostPort({ host, port }));
      must(again.host === host && again.port === port, 'an address that is written is read as the same');
    }
    const jobs = parsed((value) => parseJobs(value, '--jobs'));
    must(jobs === undefined || jobs.every((job) => Number.isSafeInteger(job) && job >= 0), 'jobs are numbers');
    const mix = parsed(parseMix);
    must(mix === undefined || mix.every(({ parts }) => parts >= 1), 'each kind of a mix has a share');
    const endpoint = parsed(parseEndpoint);
    if (endpoint !== undefined) {
      const canonical = formatEndpoint(endpoint);
      must(formatEndpoint(parseEndpoint(canonical)) === canonical, 'an endpoint has one form');
    }
    const prefix = parsed(ipv4Prefix);
    must(prefix === undefined || (prefix.bits >= 0 && prefix.bits <= 32), 'a prefix has 0 to 32 bits');
    parsed(parseToken);
  },
};

const roles: readonly (() => Command)[] = [
  ...[analyze, lb, () => masterOf(''), worker, client, benchJobs, certs, up, demo],
  ...[udpClient, udpServer, jobClient, jobServer, lab, xdp],
];

/** A command that parses and does nothing: no action runs, nothing is printed, nothing ends the process. */
function inert(command: Command): Command {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  command.action(() => undefined);
  for (const child of command.commands) inert(child);
  return command;
}

export const commandLines: FuzzTarget = {
  name: 'command-lines',
  what: 'whole command lines of every role: the first byte says which, NUL separates the words',
  seeds: () =>
    [
      '0\0a.pcap\0--json\0--top\x005\0--interval\x001s\0--client\x001.2.3.4:5\0--server\x001.2.3.4:6',
      '1\0--tcp\x00127.0.0.1:0\0--grpc\0[::1]:0\0--jobs-per-connection\x0064\0--idle-timeout\x005s',
      '2\0--captures\0/data\0--spool-bytes-max\x001G',
      '3\0--host\0a:1,b:2\0--slots\x004\0--name\0w',
      '4\0--lb\0h:1\0--jobs\x001,2,1\0--lines',
      '5\0--lb\0h:1\0--mix\x001:90,2:10\0--rate\x00100\0--json',
      '6\0dir\0--hosts\x00192.0.2.1',
      '<\0attach\0parity\0--iface\0eth0\0--mode\0generic',
    ].map(utf8),
  words: ['\0', '--', '-', '=', '--token', '--help', '--version', '--tls-ca', '-1', '--verbose', '--json', '--no-'],
  bytesMax: 512,
  run: (input) => {
    const [first = 0] = input;
    const command = inert(roles[first % roles.length]());
    const words = asText(input.subarray(1)).split('\0').slice(1);
    refusedBy([CommanderError, ...refusals], () => command.parse(words, { from: 'user' }));
  },
};
