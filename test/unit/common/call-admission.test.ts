import { EventEmitter } from 'node:events';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { admitCalls, admitConnections } from '../../../src/common/call-admission.js';

test('those who listened for calls hear only of those that are let in', () => {
  const server = new EventEmitter();
  const heard: unknown[] = [];
  server.on('stream', (...args: unknown[]) => heard.push(args));
  server.on('stream', (...args: unknown[]) => heard.push(args));
  admitCalls(server as Http2Server, (_stream, headers) => headers[':path'] === '/open');
  const stream = {} as ServerHttp2Stream;
  const emit = (path: string): IncomingHttpHeaders => {
    const headers = { ':path': path };
    server.emit('stream', stream, headers, 5, ['raw']);
    return headers;
  };
  emit('/closed');
  expect(heard).toEqual([]);
  const headers = emit('/open');
  expect(heard).toEqual([
    [stream, headers, 5, ['raw']],
    [stream, headers, 5, ['raw']],
  ]);
});

test('a connection begins when it is told to', () => {
  const server = new EventEmitter();
  const heard: unknown[] = [];
  server.on('connection', (socket) => heard.push(socket));
  const begins: (() => void)[] = [];
  admitConnections(server as Http2Server, (_socket, begin) => begins.push(begin));
  const sockets = [{}, {}] as Socket[];
  for (const socket of sockets) server.emit('connection', socket);
  expect(heard).toEqual([]);
  begins[1]();
  expect(heard).toEqual([sockets[1]]);
});
