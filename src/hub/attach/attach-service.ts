import * as grpc from '@grpc/grpc-js';
import type { ServedService } from '../../common/grpc-server.js';
import type { Logger } from '../../common/logging.js';
import { credentialOf } from '../../common/trust/listener-trust.js';
import { WorkerHubService, type HubMessage, type WorkerMessage } from '../../gen/trireme/v1/worker.js';
import { decodeWorkerMessage, encodeHubMessage, type RefusedMessage } from './worker-message.js';
import type { WorkerStream, WorkerStreamEvents } from '../port/worker-stream.js';

/** A message that would become too much is not decoded. */
const definition: grpc.ServiceDefinition = {
  ...WorkerHubService,
  attach: {
    ...WorkerHubService.attach,
    requestDeserialize: decodeWorkerMessage,
    responseSerialize: encodeHubMessage,
  },
};

/** WorkerHub over gRPC: each call becomes a WorkerStream. */
export function attachService(attach: (stream: WorkerStream) => WorkerStreamEvents, log: Logger): ServedService {
  const handle = (call: grpc.ServerDuplexStream<WorkerMessage | RefusedMessage, HubMessage>): void => {
    let over = false;
    let events: WorkerStreamEvents | null = null;
    const end = (reason: string): void => {
      if (over) return;
      over = true;
      events?.closed(reason);
    };
    const stream: WorkerStream = {
      address: call.getPeer(),
      credential: credentialOf(call),
      send: (message) => call.write(message),
      close: (reason) => {
        if (reason === null) call.end();
        else call.emit('error', { code: grpc.status.FAILED_PRECONDITION, details: reason });
      },
    };
    call.on('error', (error: Error) => {
      log.debug({ address: stream.address, error: error.message }, 'worker stream error');
      end(error.message);
    });
    call.on('cancelled', () => end('the stream broke'));
    call.on('end', () => {
      end('the worker ended its stream');
      call.end();
    });
    call.on('drain', () => events?.drained());
    events = attach(stream);
    call.on('data', (message: WorkerMessage | RefusedMessage) => {
      if ('refused' in message) events?.refused(message.refused);
      else events?.received(message);
    });
  };
  // Attackers among other callers must not keep heartbeats and results waiting.
  return { definition, implementation: { attach: handle }, ownReceiveBudget: true };
}
