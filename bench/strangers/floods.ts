/** A flood: who does what to a role, and what the same costs others when it is done elsewhere. */
export interface Flood {
  readonly name: string;
  readonly role: 'lb' | 'master';
  readonly what: 'watches' | 'messages' | 'uploads' | 'idle' | 'headers' | 'auth';
  readonly port: 'grpc' | 'admin' | 'tcp';
  readonly count: number;
  /**
   * Where the flood goes in the control run: what it takes of the cores is taken from everybody, whoever
   * serves it. A sink accepts connections and reads, so that a flood costs its client alone; work that has to
   * be done anyway is done by another of the same role.
   */
  readonly control: 'sink' | 'role';
}

export const floods: readonly Flood[] = [
  { name: '175,000 Health/Watch', role: 'lb', what: 'watches', port: 'grpc', count: 175_000, control: 'sink' },
  { name: '10,000 idle, admin port', role: 'lb', what: 'idle', port: 'admin', count: 10_000, control: 'sink' },
  {
    name: '10,000 requests begun, admin port',
    role: 'lb',
    what: 'headers',
    port: 'admin',
    count: 10_000,
    control: 'sink',
  },
  { name: '10,000 idle, gRPC port', role: 'lb', what: 'idle', port: 'grpc', count: 10_000, control: 'sink' },
  { name: '10,000 AUTH lines begun, TCP port', role: 'lb', what: 'auth', port: 'tcp', count: 10_000, control: 'sink' },
  { name: '30 RunJobs messages of 8 MiB', role: 'lb', what: 'messages', port: 'grpc', count: 30, control: 'role' },
  { name: '1,024 stalled uploads', role: 'master', what: 'uploads', port: 'grpc', count: 1_024, control: 'sink' },
];
