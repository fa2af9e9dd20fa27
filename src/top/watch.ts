import * as grpc from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import type { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { ClusterServiceClient, type WatchWorkersResponse } from '../gen/trireme/v1/worker.js';

/** Time for a first list to come: a hub that is there answers at once. */
const firstListMsMax = 10_000;

/** A hub that vanished without a word is noticed after the sum of these. */
const keepalive = { 'grpc.keepalive_time_ms': 5_000, 'grpc.keepalive_timeout_ms': 5_000 };

/** Lists of a hub's workers, as it sends them. */
export class WorkerWatch {
  readonly name: string;
  private readonly dialler: GrpcDialler;
  private readonly client: ClusterServiceClient;

  constructor(hub: HostPort, trust: DiallerTrust) {
    this.name = formatHostPort(hub);
    this.dialler = new GrpcDialler(trust);
    this.client = new ClusterServiceClient(this.name, this.dialler.credentials(hub.host), {
      ...this.dialler.options(hub.host),
      ...keepalive,
    });
  }

  /** Hears lists until the stream ends, and then why. The return value ends it from here, without a word. */
  start(
    intervalMs: number,
    onList: (list: WatchWorkersResponse) => void,
    onEnd: (error: TriremeError) => void,
  ): () => void {
    const call = this.client.watchWorkers({ intervalMs });
    let over = false;
    const end = (error: TriremeError): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      call.cancel();
      onEnd(error);
    };
    const timer = setTimeout(
      () => end(new TriremeError('DEADLINE_PASSED', `${this.name}: no list came within ${firstListMsMax / 1000} s`)),
      firstListMsMax,
    );
    call.on('data', (list: WatchWorkersResponse) => {
      clearTimeout(timer);
      if (!over) onList(list);
    });
    call.on('error', (error: grpc.ServiceError) => end(this.explain(error)));
    call.on('end', () => end(new TriremeError('UNREACHABLE', `${this.name} ended the list`)));
    return () => {
      over = true;
      clearTimeout(timer);
      call.cancel();
    };
  }

  close(): void {
    this.client.close();
  }

  private explain(error: grpc.ServiceError): TriremeError {
    const said = `${this.name}: ${this.dialler.explain(error)}`;
    if (error.code === grpc.status.UNAUTHENTICATED) return new TriremeError('UNAUTHENTICATED', said, { cause: error });
    if (error.code === grpc.status.PERMISSION_DENIED) return new TriremeError('NOT_ALLOWED', said, { cause: error });
    if (error.code === grpc.status.UNIMPLEMENTED)
      return new TriremeError('UNREACHABLE', `${said}: is that the gRPC port of a load balancer or a master?`);
    const hint = / 13337\b|:13337: /.test(said) ? ' (13337 is the port of TCP jobs; gRPC has 50051)' : '';
    return new TriremeError('UNREACHABLE', said + hint, { cause: error });
  }
}
