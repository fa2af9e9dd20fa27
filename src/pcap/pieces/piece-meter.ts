import { TriremeError } from '../../common/errors.js';
import { phases, type Kernel } from '../kernel.js';
import { cells } from '../partial-layout.js';
import { extendsState } from '../read-state.js';
import type { ReadState } from '../types.js';
import { anyKey, bloomOf, columnOf, type Bloom } from './bloom.js';
import { bloomBytesMax, keySets, pieceBytes, type KeySet, type Piece, type PieceIndex } from './piece-index.js';

/** Interfaces of all states of an index: each takes some 100 bytes of it. */
export const indexedInterfacesMax = 1_024;

interface Sums {
  readonly packets: number;
  readonly interfaces: number;
  readonly sections: number;
}

/** Notes the pieces of a capture while a kernel scans it from its start. */
export class PieceMeter {
  private readonly pieces: Piece[] = [];
  private readonly blooms: Record<KeySet, Bloom[]> = { addresses: [], ports: [], connections: [] };
  private readonly states: ReadState[] = [];
  private start = 0;
  private stateNumber = -1;
  private interfacesInForce = 0;
  private before: Sums = { packets: 0, interfaces: 0, sections: 0 };
  private described = 0;

  /** @param only nothing is counted beside */
  constructor(
    private readonly kernel: Kernel,
    only: boolean,
    private readonly bytesEach = pieceBytes,
  ) {
    kernel.exports.setIndexing(only);
  }

  /** Where the piece ends that is scanned: a limit for the kernel. */
  get limit(): bigint {
    return BigInt((Math.floor(this.start / this.bytesEach) + 1) * this.bytesEach);
  }

  /** After each filling: notes the pieces that have ended, and lets the kernel go on. */
  next(): void {
    const { exports } = this.kernel;
    while (exports.phaseNow() === phases.complete) {
      this.note();
      this.kernel.call(() => exports.setLimit(this.limit));
    }
  }

  /** The scan has ended. Throws LIMIT_REACHED or, for a form of capture that is read in order alone, USAGE. */
  end(): PieceIndex {
    this.note();
    if (this.kernel.exports.recordHeadNow() !== 16)
      throw new TriremeError('USAGE', 'captures with the magic a1b2cd34 are not indexed: convert them with editcap');
    const { pieces, states } = this;
    const { addresses, ports, connections } = this.blooms;
    const blooms = { addresses: columnOf(addresses), ports: columnOf(ports), connections: columnOf(connections) };
    return { pieces, blooms, states, byteOrders: Number(this.kernel.cell(cells.byteOrders)) };
  }

  private note(): void {
    const { kernel, start, before } = this;
    const { exports } = kernel;
    const now = this.sums();
    for (const [number, set] of keySets.entries()) this.blooms[set].push(this.bloom(set, number));
    this.pieces.push({
      start,
      packets: now.packets - before.packets,
      firstNs: exports.pieceFirstNs.value,
      lastNs: exports.pieceLastNs.value,
      others: exports.pieceOthers.value >>> 0,
      told: exports.pieceTold.value !== 0,
      interfaces: now.interfaces - before.interfaces,
      sections: now.sections - before.sections,
      state: this.stateNumber,
      interfacesInForce: this.interfacesInForce,
    });
    if (now.interfaces !== before.interfaces || now.sections !== before.sections) this.noteState();
    this.before = now;
    this.start = Number(exports.position());
    exports.beginPiece();
  }

  private bloom(set: KeySet, number: number): Bloom {
    const { kernel } = this;
    const count = kernel.exports.takeKeys(number);
    if (count < 0) return anyKey;
    const at = kernel.exports.keysAt(number) >>> 0;
    return bloomOf(new Uint32Array(kernel.exports.memory.buffer, at, count), bloomBytesMax[set]);
  }

  private noteState(): void {
    const { states } = this;
    const state = this.kernel.readState();
    const last = states.at(-1);
    const goesOn = last !== undefined && extendsState(state, last);
    this.described += state.interfaces.length - (goesOn ? last.interfaces.length : 0);
    if (this.described > indexedInterfacesMax)
      throw new TriremeError(
        'LIMIT_REACHED',
        `an index takes ${indexedInterfacesMax} interfaces of a capture at most, and this one describes more`,
      );
    if (goesOn) states[states.length - 1] = state;
    else states.push(state);
    this.stateNumber = states.length - 1;
    this.interfacesInForce = state.interfaces.length;
  }

  private sums(): Sums {
    const of = (cell: number): number => Number(this.kernel.cell(cell));
    return { packets: of(cells.examined), interfaces: of(cells.interfaces), sections: of(cells.sections) };
  }
}
