/**
 * The part of the WebAssembly API that this project uses: it is a global of Node, but its types come with the
 * DOM's only, and those would let browser globals slip in.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array | ArrayBuffer);
  }
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class Table {
    readonly length: number;
    grow(entries: number): number;
    set(index: number, value: unknown): void;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
