import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Exports {
  readonly memory: WebAssembly.Memory;
  seconds(): number;
  digests(): number;
  jobsMax(): number;
  mine(jobs: number): void;
  mineOneLane(jobs: number): void;
}

/** Length of an answer: the hex digits of a SHA-256 digest. */
export const answerBytes = 64;

/** The SHA-256 kernel of MINE_BITCOIN in its WebAssembly memory. */
export class Miner {
  /** Jobs of one call at most. */
  readonly jobsMax: number;
  /** The second of each job; the caller fills it. */
  readonly seconds: Float64Array;
  private readonly exports: Exports;
  private readonly digests: Uint8Array;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    const { memory } = this.exports;
    this.jobsMax = this.exports.jobsMax();
    this.seconds = new Float64Array(memory.buffer, this.exports.seconds(), this.jobsMax);
    this.digests = new Uint8Array(memory.buffer, this.exports.digests(), this.jobsMax * answerBytes);
  }

  /** Answers of the first `jobs` seconds, answerBytes each; valid until the next call. */
  mine(jobs: number): Uint8Array {
    this.exports.mine(jobs);
    return this.digests.subarray(0, jobs * answerBytes);
  }

  /** As mine(), without the lanes; for comparison. */
  mineOneLane(jobs: number): Uint8Array {
    this.exports.mineOneLane(jobs);
    return this.digests.subarray(0, jobs * answerBytes);
  }
}

/** Compiles the kernel: some 2 ms. */
export function loadMiner(): Miner {
  return new Miner(new WebAssembly.Module(readFileSync(join(__dirname, 'sha256.wasm'))));
}
