/**
 * Layers that --inner and the table of tunnels tell, by their number in assembly/tunnel-kinds.ts.
 * docs/FACTS.md has their rules.
 */
export const tunnelTypes = [
  'vxlan',
  'geneve',
  'gre',
  'erspan1',
  'erspan2',
  'erspan3',
  'ipip',
  '6in4',
  '4in6',
  '6in6',
  'mpls',
  'pppoe',
  'gtpu',
  'l2tpv3',
  'snap',
] as const;

export type TunnelType = (typeof tunnelTypes)[number];

/** Layers of one packet at most, as assembly/tunnels.ts has it. */
export const tunnelDepthMax = 8;
