import * as grpc from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

/** Watches of health at once: each costs about 11 KiB, and a client has one for each connection. */
export const watchesMax = 2_048;

/** The method that lasts. */
export const watchPath = service.Watch.path;

/** What is said to a caller with one watch too many. */
export const tooManyWatches = (what: string): string =>
  `TOO_MANY_WATCHES: ${what}, which is the bound: use Health/Check`;

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

  /** @param names the services, '' for all together */
  constructor(private readonly names: readonly string[]) {}

  setServing(serving: boolean): void {
    this.serving = serving;
    for (const watch of this.watches) watch.write({ status: this.status(watch.request.service) });
  }

  /** The service with its implementation, by the names of its methods. */
  get served(): {
    readonly definition: grpc.ServiceDefinition;
    readonly implementation: grpc.UntypedServiceImplementation;
  } {
    const implementation = {
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
    };
    return { definition: service, implementation };
  }

  private watch(call: Watch): void {
    if (this.watches.size >= watchesMax) {
      return void call.emit('error', {
        code: grpc.status.RESOURCE_EXHAUSTED,
        details: tooManyWatches(`${watchesMax} watches are open`),
      });
    }
    this.watches.add(call);
    call.on('cancelled', () => this.watches.delete(call));
    call.on('error', () => this.watches.delete(call));
    call.write({ status: this.status(call.request.service) });
  }

  private status(name: string): Status {
    if (!this.names.includes(name)) return 'SERVICE_UNKNOWN';
    return this.serving ? 'SERVING' : 'NOT_SERVING';
  }
}
