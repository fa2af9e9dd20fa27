/** A server that accepts connections, reads, and makes nothing of it: sink.js. Prints its port. */
import { createServer, type AddressInfo } from 'node:net';

const server = createServer((socket) => socket.on('error', () => undefined).resume());
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
