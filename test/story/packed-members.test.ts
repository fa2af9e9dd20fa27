import { inMembers } from '../support/member-source.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();

test('a file of many gzip members is told on several cores as on one, whole, cut or damaged', async () => {
  const packed = inMembers(smallCapture(manyPackets(8000)), 20_000);
  const damaged = Buffer.from(packed);
  damaged[Math.floor(0.7 * packed.length)] ^= 0x55;
  const files = [
    packed,
    packed.subarray(0, 0.8 * packed.length),
    damaged,
    Buffer.concat([packed, Buffer.from('rest')]),
  ];
  const codes = [];
  for (const [i, bytes] of files.entries()) {
    const file = scratch.file(`${i}.pcap.gz`, bytes);
    const [one, several] = await Promise.all(
      [[], ['--cores', '3', '--thread-bytes', '1000']].map((mode) => runTrireme(['analyze', '--json', file, ...mode])),
    );
    expect(several).toEqual(one);
    codes.push(one.code);
  }
  expect(codes).toEqual([0, 1, 1, 0]);
});
