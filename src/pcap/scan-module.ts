/** Compiles dist/src/pcap/scan.wasm. The module may be posted to worker threads, which then compile nothing. */
export function compileScanModule(bytes: Uint8Array): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}
