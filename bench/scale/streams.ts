import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGrpcServer } from '../../src/common/grpc-server.js';
import { formatHostPort } from '../../src/common/options.js';
import { createHub, type AttachableHub } from '../../src/hub/hub.js';
import { ClosedLoop } from './closed-loop.js';
import { quickKind, silent, slotsEach, slowKind } from './fleet.js';
import { Loss } from './loss.js';
import { residentBytes } from './memory.js';

export interface StreamFigures {
  readonly jobsPerSecond: number;
  readonly residentBytesPerWorker: number;
  /** Seconds until the last job of a worker process was given to another one. Medians. */
  readonly killedSeconds: number;
  readonly stoppedSeconds: number;
  readonly stoppedBusySeconds: number;
}

const liveEach = 256;
const secondsMost = 30;

/** A hub in this process with so many workers on real streams, in another one. */
export async function overStreams(workers: number, seconds: number, rounds: number): Promise<StreamFigures> {
  const hub = createHub(silent);
  const server = await startGrpcServer({ log: silent, listen: { host: '127.0.0.1', port: 0 }, services: hub.services });
  const address = formatHostPort(server.address);
  const children: ChildProcess[] = [];
  const start = (count: number, name: string): ChildProcess => {
    const path = join(__dirname, 'peers', 'workers.js');
    const child = spawn(process.execPath, [path, address, String(count), name], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
    return child;
  };
  try {
    // The first one brings what all share. Heartbeats of some seconds, so that each has what it will have.
    start(1, 'first');
    await until('its workers', () => hub.workersReady() === 1);
    const before = residentBytes();
    start(workers - 1, 'w');
    await until('its workers', () => hub.workersReady() === workers);
    await sleep(2500);
    const residentBytesPerWorker = (residentBytes() - before) / (workers - 1);
    const jobsPerSecond = await throughput(hub, Math.min(20_000, workers * liveEach), seconds);

    const fallOut = async (signal: NodeJS.Signals, live: number): Promise<number> => {
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const name = `victim-${children.length}-`;
        const victim = start(1, name);
        await until('its workers', () => hub.workersReady() === workers + 1);
        took.push(await oneFallOut(hub, `${name}0`, victim, signal, (workers + 1) * slotsEach * live));
        victim.kill('SIGKILL');
        await until('its workers', () => hub.workersReady() === workers && hub.snapshot().workers.length === workers);
      }
      return took.sort((a, b) => a - b)[took.length >> 1];
    };
    return {
      jobsPerSecond,
      residentBytesPerWorker,
      killedSeconds: await fallOut('SIGKILL', 1),
      stoppedSeconds: await fallOut('SIGSTOP', 1),
      stoppedBusySeconds: await fallOut('SIGSTOP', 20),
    };
  } finally {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await hub.close(0);
    await server.close(0);
  }
}

/** Quick jobs a second, after a start that does not count. */
async function throughput(hub: AttachableHub, live: number, seconds: number): Promise<number> {
  const load = new ClosedLoop(hub, quickKind, false);
  load.start(live);
  await sleep(500);
  const [answered, beganMs] = [load.answered, performance.now()];
  await sleep(seconds * 1000);
  const jobsPerSecond = ((load.answered - answered) * 1000) / (performance.now() - beganMs);
  await load.stop();
  return jobsPerSecond;
}

async function oneFallOut(
  hub: AttachableHub,
  name: string,
  victim: ChildProcess,
  signal: NodeJS.Signals,
  live: number,
): Promise<number> {
  const loop = new ClosedLoop(hub, slowKind, true);
  loop.start(Math.ceil(live));
  const number = hub.snapshot().workers.find((worker) => worker.name === name)?.number ?? -1;
  await until('a job for the victim', () => loop.answered > loop.live && loop.heldBy(number) > 0);
  const beganMs = performance.now();
  const loss = new Loss(loop, number);
  victim.kill(signal);
  await until('new holders of its jobs', () => loss.over);
  const tookMs = performance.now() - beganMs;
  await loop.stop();
  return tookMs / 1000;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const endMs = performance.now() + secondsMost * 1000; !condition();) {
    if (performance.now() > endMs) throw new Error(`waited ${secondsMost} s for ${what}`);
    await sleep(1);
  }
}
