import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { usableCores } from '../common/usable-cores.js';
import { version } from '../common/version.js';
import type { Hello, KindOffer } from '../gen/trireme/v1/worker.js';

/** What this worker knows of the protocol of WorkerHub: see Hello.protocol. */
const workerProtocol = 1;

/**
 * Cores that this process may use, by affinity and by the quotas of its control groups: what --slots is when not given.
 */
export const slotsDefault = usableCores();

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 128);

const processSecret = randomBytes(32);

/** What proves to the hub at this address that a Hello is this process's; another hub cannot compute it. */
export function secretFor(hubAddress: string): Buffer {
  return createHmac('sha256', processSecret).update(hubAddress).digest();
}

/** What this process says of itself to every hub, the same after each reconnection. */
export function helloOf(name: string | undefined, slots: number, kinds: readonly KindOffer[]): Hello {
  const host = printable(hostname());
  return {
    workerId: randomUUID(),
    name: name ?? `${host}-${process.pid}`,
    version,
    slots,
    kinds: [...kinds],
    cpuModel: printable(cpus()[0]?.model.trim() ?? ''),
    memoryBytes: BigInt(totalmem()),
    cores: availableParallelism(),
    host,
    protocol: workerProtocol,
    // Each hub is shown another one.
    secret: Buffer.alloc(0),
  };
}
