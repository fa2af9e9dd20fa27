import { Socket } from 'node:net';

/** The bytes of a pipe that was opened without waiting. The descriptor is closed with the stream. */
export function pipeInput(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: false });
}
