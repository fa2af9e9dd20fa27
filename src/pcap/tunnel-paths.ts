import type { Kernel } from './kernel.js';
import type { ConversationRow, TunnelLayer } from './report-types.js';
import { tunnelTypes, type TunnelType } from './tunnel-types.js';

const unit = 16;
const head = 8;
const several = 0x8000_0000;
/** Bits of the upper half of a word (assembly/paths.ts). */
const hasNumber = 1;
const further = 2;

/** The paths of tunnels that conversations took, as a kernel has kept them. */
export class TunnelPaths {
  private readonly view: DataView;

  constructor(kernel: Kernel) {
    const { exports } = kernel;
    const bytes = kernel.bytes(exports.pathsAt(), exports.pathsBytes()).slice();
    this.view = new DataView(bytes.buffer);
  }

  /** What the cells behind a row say, as fields of the row. */
  fieldsOf(
    row: DataView,
    at: number,
  ): Required<Pick<ConversationRow, 'tunnel_a_to_b' | 'tunnel_b_to_a' | 'tunnels_vary'>> {
    const [out, back] = [row.getUint32(at, true), row.getUint32(at + 4, true)];
    return {
      tunnel_a_to_b: this.layersOf(out % several),
      tunnel_b_to_a: this.layersOf(back % several),
      tunnels_vary: out >= several || back >= several,
    };
  }

  private layersOf(number: number): TunnelLayer[] | null {
    if (number === 0) return null;
    const layers: { type: TunnelType; numbers: number[] }[] = [];
    const words = this.view.getUint32(number * unit, true);
    for (let i = 0; i < words; i++) {
      const at = number * unit + head + 8 * i;
      const upper = this.view.getUint32(at + 4, true);
      if ((upper & further) === 0) layers.push({ type: tunnelTypes[(upper >>> 24) - 1], numbers: [] });
      if (upper & hasNumber) layers[layers.length - 1].numbers.push(this.view.getUint32(at, true));
    }
    return layers.map(({ type, numbers }) => layerOf(type, numbers));
  }
}

function layerOf(type: TunnelType, numbers: readonly number[]): TunnelLayer {
  const [number] = numbers;
  if (type === 'mpls') return { type, labels: numbers };
  if (number === undefined) return { type };
  if (type === 'vxlan' || type === 'geneve') return { type, vni: number };
  if (type === 'gre') return { type, key: number };
  return type === 'gtpu' ? { type, teid: number } : { type, session: number };
}

/** A path as people write it: `mpls 16/17 > vxlan 100`; nothing for a packet in no tunnel. */
export function tunnelText(layers: readonly TunnelLayer[] | null | undefined): string {
  return (layers ?? [])
    .map(({ type, ...numbers }) => {
      const [number] = Object.values(numbers) as (number | readonly number[])[];
      if (number === undefined) return type;
      return `${type} ${typeof number === 'number' ? number : number.join('/')}`;
    })
    .join(' > ');
}

/** The way there and back where they differ; a packet in no tunnel has none. */
export function tunnelsOf(row: ConversationRow): string {
  const ways = [tunnelText(row.tunnel_a_to_b), tunnelText(row.tunnel_b_to_a)];
  const told = [...new Set(ways.filter((way) => way !== ''))].join(' | ');
  return row.tunnels_vary === true ? `${told} and others` : told;
}
