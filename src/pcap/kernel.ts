import { TriremeError } from '../common/errors.js';
import { FilterFunctions, filterOf } from './filter-functions.js';
import type { KernelExports } from './kernel-exports.js';
import type { NamesCollector } from './names/collector.js';
import { checkOptions, spanNs } from './scan-options.js';
import { pinnedKey } from './connection-key.js';
import { cells, pathsBytesMax, sizesRows } from './partial-layout.js';
import type { ChunkPlan, InterfaceState, ReadState, ScanOptions } from './types.js';

/** No end: the scan goes on to the end of the file. */
export const noLimit = 0x7fff_ffff_ffff_ffffn;

/**
 * What an instance is for: to count from the start of a file on (or to merge), to count a chunk that begins
 * elsewhere, or to walk through records without counting.
 */
export type KernelPurpose = 'whole' | 'chunk' | 'walk';

/** Phases, as in assembly/status.ts. */
export const phases = {
  header: 0,
  search: 1,
  records: 2,
  complete: 3,
  damaged: 4,
  notACapture: 5,
  notFound: 6,
} as const;

const formats = ['pcap', 'pcap-nsec', 'pcapng'] as const;

/** Idle instances kept per module: a thread scans one chunk at a time and merges at most one file beside it. */
const idleKernelsMax = 2;
/** An instance whose table has grown beyond this is not kept. */
const idleKernelBytesMax = 64 * 1024 * 1024;
const idleKernels = new WeakMap<WebAssembly.Module, Kernel[]>();

/** Bytes of names at which they are taken out of the kernel: fewer would be a copy for each few packets. */
const namesBytesTaken = 256 * 1024;

/** One instance of the compiled scanner: its memory, and its functions with the engine's words. */
export class Kernel {
  readonly exports: KernelExports;
  private readonly filters = new FilterFunctions();
  /** The state of TCP conversations is kept. */
  watchesTcp = false;
  /** What was met of names; null: they are not asked for. */
  names: NamesCollector | null = null;
  private data: DataView;

  private constructor(private readonly module: WebAssembly.Module) {
    this.exports = instanceOf(module, this.filters);
    this.filters.attach(this.exports.memory, this.exports.table);
    this.data = new DataView(this.exports.memory.buffer);
  }

  /** An empty kernel, new or used before. */
  static acquire(module: WebAssembly.Module, options: ScanOptions, purpose: KernelPurpose = 'whole'): Kernel {
    const walking = purpose === 'walk';
    checkOptions(options);
    const kernel = idleKernels.get(module)?.pop() ?? new Kernel(module);
    const { exports } = kernel;
    exports.begin(options.conversationsMax, options.hashSeed ?? 0, BigInt(options.intervalNs ?? 0), walking);
    if (options.inner === true) exports.setInner();
    kernel.watchesTcp = options.tcp === true && !walking;
    if (kernel.watchesTcp) exports.setTcp();
    kernel.names = options.names === true && !walking ? kernel.collectNames(purpose === 'whole') : null;
    if (options.timeBase !== undefined) kernel.setBase(options.timeBase);
    if (!walking) kernel.select(options);
    if (options.connection !== null) {
      const key = pinnedKey(options.connection);
      exports.pin(key.six, key.ports, ...key.words);
    }
    return kernel;
  }

  private collectNames(fromTheStart: boolean): NamesCollector {
    // Loaded only here: most analyses ask for no names.
    const { NamesCollector } = require('./names/collector.js') as typeof import('./names/collector.js');
    this.exports.setNames(!fromTheStart);
    return new NamesCollector(fromTheStart);
  }

  /** Takes what the kernel has logged of names. To be called before they are told. */
  takeNames(): void {
    if (this.names === null) return;
    const bytes = this.exports.namesBytes.value >>> 0;
    this.names.take(this.bytes(this.exports.namesAt(), bytes), Number(this.exports.namesPackets.value));
    this.exports.clearNames();
  }

  /** What comes now lies behind results that were merged. */
  goOnBehind(): void {
    if (this.names === null) return;
    this.takeNames();
    this.names.endPart();
    this.exports.beginNamesPart();
  }

  /** Counts only packets of a filter and a span of time. */
  private select({ filter, filterTags, span, onlyNumbers }: ScanOptions): void {
    if (onlyNumbers === true) this.exports.setOnlyNumbers();
    if (filter !== undefined) {
      this.filters.use(filterOf(filter));
      this.exports.setFilter();
      if (filterTags !== undefined) this.exports.setTransparent();
    }
    if (span !== undefined) this.exports.setSpan(...spanNs(span, this.base));
  }

  /** Gives the instance back for another scan. It must not be used after. */
  release(): void {
    const idle = idleKernels.get(this.module) ?? [];
    idleKernels.set(this.module, idle);
    if (idle.length < idleKernelsMax && this.exports.memory.buffer.byteLength <= idleKernelBytesMax) idle.push(this);
  }

  /** The instance's memory; ask again after every call, since memory that grows gets a new buffer. */
  get view(): DataView {
    const { buffer } = this.exports.memory;
    if (this.data.buffer !== buffer) this.data = new DataView(buffer);
    return this.data;
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at >>> 0, length);
  }

  cell(number: number): bigint {
    return this.view.getBigUint64(this.exports.TOTALS.value + 8 * number, true);
  }

  signedCell(number: number): bigint {
    return this.view.getBigInt64(this.exports.TOTALS.value + 8 * number, true);
  }

  /** Sets a cell to the low 64 bits of a value, of either sign. */
  setCell(number: number, value: bigint): void {
    this.view.setBigUint64(this.exports.TOTALS.value + 8 * number, BigInt.asUintN(64, value), true);
  }

  addCell(number: number, value: bigint): void {
    this.setCell(number, this.cell(number) + value);
  }

  /** Where the next bytes of the file go; valid until the next filled(). */
  space(): Uint8Array {
    return this.bytes(this.exports.spaceAt(), this.exports.spaceBytes());
  }

  /** So many bytes were put into space(). Scans every record that is complete. */
  filled(bytes: number): void {
    this.call((exports) => exports.filled(bytes));
    if (this.names !== null && this.exports.namesBytes.value >= namesBytesTaken) this.takeNames();
  }

  /** Its end, damage or a foreign header is reached: no more bytes are wanted. */
  get done(): boolean {
    return this.exports.phaseNow() >= phases.complete;
  }

  /** From now on the bytes of this plan come. What was counted before stays. */
  beginPlan(plan: Pick<ChunkPlan, 'start' | 'end' | 'startCertain' | 'state' | 'packed'>): void {
    const { start, end, startCertain, state, packed } = plan;
    this.exports.beginWindow(
      BigInt(start),
      end === null ? noLimit : BigInt(end),
      state === null ? phases.header : startCertain ? phases.records : phases.search,
      state === null ? 0 : this.formatNumber(state),
    );
    if (packed !== undefined) this.exports.searchAll();
  }

  /** Runs what lets entries leave, which is by way of the window, while a record may wait there for its rest. */
  keepWindow<T>(run: () => T): T {
    const at = this.exports.WINDOW.value;
    const held = this.bytes(at, this.exports.spaceAt() - at).slice();
    const result = run();
    this.bytes(at, held.length).set(held);
    return result;
  }

  /** Calls into the instance; running out of its 4 GiB becomes an error of ours. */
  call<T>(run: (exports: KernelExports) => T): T {
    try {
      return run(this.exports);
    } catch (caught) {
      if (caught instanceof TriremeError) throw caught;
      if (this.cell(cells.pathsFull) !== 0n)
        throw new TriremeError(
          'LIMIT_REACHED',
          `there are more paths of tunnels than the ${pathsBytesMax} bytes that hold them: ` +
            'leave out --inner, or count fewer packets with --filter',
          { cause: caught },
        );
      throw new TriremeError(
        'LIMIT_REACHED',
        `the conversation table outgrew ${this.exports.memory.buffer.byteLength} bytes: lower --max-conversations`,
        { cause: caught },
      );
    }
  }

  /** Counts times from here, ns since 1970 in decimal; asked once, before packets come. */
  setBase(text: string): void {
    const ns = BigInt(text);
    this.exports.setBase(BigInt.asIntN(64, ns >> 64n), BigInt.asIntN(64, ns));
  }

  /** Where times are counted from, in ns since 1970: 0, unless they do not fit int64. */
  get base(): bigint {
    return (this.signedCell(cells.baseHigh) << 64n) | this.cell(cells.baseLow);
  }

  /** A packet has decided the base. */
  get baseDecided(): boolean {
    return this.cell(cells.baseDecided) !== 0n;
  }

  installState(state: ReadState): void {
    if (state.timeBase !== undefined && !(this.baseDecided && BigInt(state.timeBase) === this.base))
      this.setBase(state.timeBase);
    this.exports.setOrder(state.byteOrder === 'big', state.lengthsSwapped);
    for (const [number, face] of state.interfaces.entries())
      this.exports.setInterface(
        number,
        face.linkType,
        face.snapLength,
        face.timeResolution,
        BigInt(face.timeOffsetSeconds),
      );
    this.exports.setInterfaceCount(state.interfaces.length);
  }

  readState(): ReadState {
    const { exports, view } = this;
    const interfaces: InterfaceState[] = [];
    for (let i = 0; i < exports.interfacesNow(); i++) {
      const at = exports.INTERFACES.value + i * exports.INTERFACE_BYTES.value;
      interfaces.push({
        linkType: view.getUint32(at, true),
        snapLength: view.getUint32(at + 4, true),
        timeResolution: view.getUint32(at + 8, true),
        timeOffsetSeconds: view.getBigInt64(at + 16, true).toString(),
      });
    }
    return {
      format: formats[exports.formatNow()],
      byteOrder: exports.isBig() ? 'big' : 'little',
      interfaces,
      lengthsSwapped: Boolean(exports.isSwapped()),
    };
  }

  formatNumber(state: ReadState): number {
    return formats.indexOf(state.format);
  }
}

function instanceOf(module: WebAssembly.Module, { functionOf }: FilterFunctions): KernelExports {
  try {
    return new WebAssembly.Instance(module, { filter: { functionOf } }).exports as unknown as KernelExports;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TriremeError(
      'LIMIT_REACHED',
      `there is no memory for a scanner, whose address space is 10 GiB (${cause.message}): use --cores 1, or raise ulimit -v`,
      { cause },
    );
  }
}

/** What a table has taken in so far. */
export interface TableSize {
  /** Conversations and address pairs in it. */
  readonly entries: number;
  readonly packets: number;
}

/** Entries of a kernel's table, and packets that were counted in it. */
export function tableSize(kernel: Kernel): TableSize {
  let packets = 0n;
  for (let i = 0; i < sizesRows; i++) packets += kernel.view.getBigUint64(kernel.exports.SIZES.value + 8 * i, true);
  return { entries: Number(kernel.cell(cells.kept) + kernel.cell(cells.kept + 1)), packets: Number(packets) };
}
