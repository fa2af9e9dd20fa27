/* Lab A's receiver. Settings: {port}. Prints "ready", and at the end of input the numbers that arrived, in order. */
import { createSocket } from 'node:dgram';

const { port } = JSON.parse(process.argv[2]) as { port: number };
const socket = createSocket({ type: 'udp4', recvBufferSize: 8 * 1024 * 1024 });
const numbers: number[] = [];
socket.on('message', (datagram) => numbers.push(datagram.length >= 4 ? datagram.readUInt32LE() : -datagram.length - 1));
socket.bind(port, () => process.stdout.write('ready\n'));
process.stdin.resume().on('end', () => {
  process.stdout.write(`${JSON.stringify(numbers)}\n`, () => process.exit(0));
});
