import { execFileSync, spawnSync } from 'node:child_process';
import { classicCapture } from '../support/capture-builder.js';
import { asFrame, conversationPacket, tunnel, type Wrap } from '../support/capture-builder/tunnels.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const haveTshark = spawnSync('tshark', ['--version']).status === 0;
if (!haveTshark) console.log('SKIP: tshark is not installed (Debian: tshark)');

const erspan3: Wrap = (packet) => tunnel.erspan3(9)({ kind: 'frame', bytes: asFrame(packet) });
const labelsInVxlan: Wrap = (packet) => tunnel.vxlan(3)(tunnel.mpls([20])(packet));

/** All that tshark opens without the packets that set a tunnel up; docs/FACTS.md says what it reads otherwise. */
const wraps: readonly Wrap[] = [
  ...[tunnel.vxlan(5), tunnel.vxlan(5, 4789, 6), tunnel.geneve(5, 3), tunnel.gre(null), tunnel.gre(7, 3)],
  ...[tunnel.erspan1(), tunnel.erspan2(9), erspan3],
  ...[tunnel.ipInIp(4), tunnel.ipInIp(6), tunnel.mpls([16, 17, 18]), tunnel.pppoe(3)],
  ...[tunnel.gtpu(1), tunnel.gtpu(1, 2), tunnel.snap(), labelsInVxlan],
];

/** Twenty conversations in each kind of tunnel, of one to three packets there and one back. */
const frames = wraps.flatMap((wrap, kind) =>
  Array.from({ length: 20 }, (_, i) => {
    const [from, to] = [256 * kind + 1 + i, 256 * kind + 100 + i];
    const there = asFrame(wrap(conversationPacket(kind % 2 === 0 ? 4 : 6, from, to, 6)));
    return [
      ...new Array<Uint8Array>(1 + (i % 3)).fill(there),
      asFrame(wrap(conversationPacket(kind % 2 === 0 ? 4 : 6, to, from, 6))),
    ];
  }).flat(),
);

(haveTshark ? test : test.skip)('conversations inside of tunnels are those that tshark finds', async () => {
  const file = scratch.file('tunnels.pcap', classicCapture(frames.map((bytes) => ({ bytes }))));
  const text = execFileSync('tshark', ['-r', file, '-q', '-z', 'conv,tcp'], { encoding: 'utf8', stdio: 'pipe' });
  const theirs = text
    .split('\n')
    .map((line) => /^(\S+):(\d+) +<-> (\S+):(\d+) +(\d+) .* bytes +(\d+) .* bytes +(\d+) /.exec(line))
    .flatMap((found) =>
      found === null ? [] : [`${[`${found[1]} ${found[2]}`, `${found[3]} ${found[4]}`].sort().join(' ')} ${found[7]}`],
    );
  const { stdout } = await runTrireme(['analyze', '--inner', '--csv', '--top', '1000', '-q', file]);
  const ours = stdout
    .split('\r\n')
    .slice(1, -1)
    .map((row) => row.split(','))
    .map(
      ([, , a, b, packets]) =>
        `${[a, b]
          .map((end) => end.replace(/^\[?([^\]]+)\]?:(\d+)$/, '$1 $2'))
          .sort()
          .join(' ')} ${packets}`,
    );
  expect(ours).toHaveLength(20 * wraps.length);
  expect(ours.sort()).toEqual(theirs.sort());
});
