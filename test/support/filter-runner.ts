import { Filter } from '../../src/filter/compile.js';

type Match = (pointer: number, captured: number, wire: number) => number;

/** Runs filters on packets outside of a scan: each is copied to the end of a memory, so that a load past it traps. */
export class FilterRunner {
  readonly #memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  readonly #bytes = new Uint8Array(this.#memory.buffer);

  compile(expression: string, link: number, bigEndian = false): (packet: Uint8Array, wireLength: number) => boolean {
    const { bytes } = new Filter(expression).for(link, bigEndian);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.#memory } });
    const match = instance.exports.match as Match;
    return (packet, wireLength) => {
      const at = this.#bytes.length - packet.length;
      this.#bytes.set(packet, at);
      return match(at, packet.length, wireLength) === 1;
    };
  }
}
