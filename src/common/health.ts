import * as grpc from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

/** Watches of health at once: each costs about 11 KiB, and a client has one for each connection. */
export const watchesMax = 2_048;
/** Of one connection without credentials: a client that watches the whole server and each of its services. */
export const anonymousWatchesMax = 4;

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
interface HealthRequest {
  readonly service: string;
}
interface HealthResponse {
  readonly status: Status;
}
type Watch = grpc.ServerWritableStream<HealthRequest, HealthResponse>;

/**
 * grpc.health.v1.Health with bounds: that of grpc-health-check keeps each name that was ever watched and any number of
 * watches, and whoever may connect may watch.
 */
export class Health {
  /** Paths of its methods; each takes one message. */
  static readonly methods: readonly string[] = Object.values(service).map(({ path }) => path);
  private serving = false;
  private readonly watches = new Set<Watch>();
  private readonly perPeer = new Map<string, number>();

  /**
   * @param names the services, '' for all together
   * @param anonymous says whether the connection with this peer (`address:port`) has shown no credentials yet
   */
  constructor(
    private readonly names: readonly string[],
    private readonly anonymous: (peer: string) => boolean,
  ) {}

  setServing(serving: boolean): void {
    this.serving = serving;
    for (const watch of this.watches) watch.write({ status: this.status(watch.request.service) });
  }

  addToServer(server: grpc.Server): void {
    server.addService(service, {
      check: (
        call: grpc.ServerUnaryCall<HealthRequest, HealthResponse>,
        answer: grpc.sendUnaryData<HealthResponse>,
      ) => {
        const status = this.status(call.request.service);
        if (status !== 'SERVICE_UNKNOWN') return answer(null, { status });
        answer({ code: grpc.status.NOT_FOUND, details: 'NOT_FOUND: no service of that name is here' });
      },
      watch: (call: Watch) => this.watch(call),
      list: (_call: unknown, answer: grpc.sendUnaryData<{ statuses: Record<string, HealthResponse> }>) =>
        answer(null, {
          statuses: Object.fromEntries(this.names.map((name) => [name, { status: this.status(name) }])),
        }),
    });
  }

  private watch(call: Watch): void {
    const peer = call.getPeer();
    const own = this.perPeer.get(peer) ?? 0;
    const bound = this.anonymous(peer) ? anonymousWatchesMax : watchesMax;
    if (own >= bound || this.watches.size >= watchesMax) {
      const what = own >= bound ? `this connection watches ${own} services` : `${watchesMax} watches are open`;
      return void call.emit('error', {
        code: grpc.status.RESOURCE_EXHAUSTED,
        details: `TOO_MANY_WATCHES: ${what}, which is the bound: use Health/Check`,
      });
    }
    this.perPeer.set(peer, own + 1);
    this.watches.add(call);
    call.on('cancelled', () => this.ended(call, peer));
    call.on('error', () => this.ended(call, peer));
    call.write({ status: this.status(call.request.service) });
  }

  private ended(call: Watch, peer: string): void {
    if (!this.watches.delete(call)) return;
    const left = (this.perPeer.get(peer) ?? 1) - 1;
    if (left === 0) this.perPeer.delete(peer);
    else this.perPeer.set(peer, left);
  }

  private status(name: string): Status {
    if (!this.names.includes(name)) return 'SERVICE_UNKNOWN';
    return this.serving ? 'SERVING' : 'NOT_SERVING';
  }
}
