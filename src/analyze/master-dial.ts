import { formatHostPort, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import type { TrustSettings } from '../common/trust/options.js';
import { CaptureServiceClient } from '../gen/trireme/v1/capture.js';

/** A master that vanished without a word is noticed after the sum of these. */
const keepalive = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 10_000 };

/** A client of a master's CaptureService, and what its failures are explained with. */
export interface DialledMaster {
  readonly client: CaptureServiceClient;
  /** Its address as users write it. */
  readonly name: string;
  readonly dialler: GrpcDialler;
}

export function dialMaster(master: HostPort, trust: TrustSettings): DialledMaster {
  const dialler = new GrpcDialler(new DiallerTrust(trust));
  const name = formatHostPort(master);
  const client = new CaptureServiceClient(name, dialler.credentials(master.host), {
    ...dialler.options(master.host),
    ...keepalive,
  });
  return { client, name, dialler };
}
