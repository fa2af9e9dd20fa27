/* Lab A's sender. Settings: {to, port, first, count, step, perMs}: numbers first, first + step, ... so many a millisecond. */
import { createSocket } from 'node:dgram';

const { to, port, first, count, step, perMs } = JSON.parse(process.argv[2]) as Record<string, number> & { to: string };
const socket = createSocket('udp4');
const startMs = performance.now();
let sent = 0;

function turn(): void {
  const due = Math.min(count, Math.ceil((performance.now() - startMs) * perMs) + 1);
  for (; sent < due; sent++) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(first + sent * step);
    socket.send(bytes, port, to);
  }
  if (sent < count) setTimeout(turn, 1);
  // Datagrams still in Node's hands go out before close takes effect.
  else setTimeout(() => socket.close(), 100);
}
socket.bind(0, turn);
