import { createServer as createTlsServer, Server as TlsServer, type TLSSocket } from 'node:tls';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TriremeError } from '../common/errors.js';
import { boundHandshakes } from '../common/handshakes.js';
import type { Logger } from '../common/logging.js';
import { Offences } from '../common/offences.js';
import { Newcomers } from '../common/newcomers.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import { certificateName, type ListenerTrust } from '../common/trust/listener-trust.js';
import { everyone, type Caller } from '../common/trust/roles.js';
import type { Hub } from '../hub/port/hub.js';
import { kindPrefixesOf, type ClientKinds } from './opening.js';
import type { ClientAccounts } from './client-accounts.js';
import { JobConnection } from './connection.js';
import type { FrontConnection, FrontPort, Offence } from './front-port.js';
import { JsonConnection } from './json-connection.js';
import type { AskedKinds } from './asked-kinds.js';
import type { PayloadBudget } from './payload-budget.js';
import { Gate, refusedOnTcp, type GatePort } from './gate.js';
import { ConnectionTurns } from './connection-turns.js';
import type { JobAdmission } from './job-admission.js';
import type { JobExemplars } from './job-exemplars.js';
import { LinkLook } from './link-look.js';
import { closingMsMax, gatesMax, refusalsAtOnceMax, sweepIntervalMs, type LbLimits } from './limits.js';
import { addressOf } from './link-facts.js';
import { ProxiedSockets } from './proxied-sockets.js';
import { toRecord } from './record.js';

export interface TcpFrontOptions {
  readonly listen: HostPort;
  readonly hub: Hub;
  readonly limits: LbLimits;
  readonly admission: JobAdmission;
  readonly clientKinds: ClientKinds;
  readonly asked: AskedKinds;
  readonly payloads: PayloadBudget;
  readonly exemplars?: JobExemplars;
  readonly log: Logger;
  /** What is asked of clients; undefined: nothing. */
  readonly trust?: ListenerTrust;
  /** How clients share the workers; undefined: they do not. */
  readonly accounts?: ClientAccounts;
  /** Encrypt with the certificate of `trust`. */
  readonly tls?: boolean;
  /** Read the PROXY header of a load balancer in front of this one from each connection; one without it is refused. */
  readonly proxyProtocol?: boolean;
}

/** The TCP side of the lb: accepts clients, and holds their connections. */
export class TcpFront implements FrontPort, GatePort {
  readonly hub: Hub;
  readonly limits: LbLimits;
  readonly admission: JobAdmission;
  readonly clientKinds: ClientKinds;
  readonly asked: AskedKinds;
  readonly payloads: PayloadBudget;
  readonly exemplars?: JobExemplars;
  readonly kindPrefixes: ReadonlySet<number>;
  readonly decoded: Float64Array;
  readonly scratch = Buffer.allocUnsafeSlow(64 * 1024);
  readonly offences: Offences<Offence>;
  readonly links: LinkLook;
  readonly turns: ConnectionTurns;
  connectionsAccepted = 0;

  private readonly server: Server;
  private readonly connections = new Set<FrontConnection>();
  private readonly gates: Newcomers<Gate>;
  private readonly proxied: ProxiedSockets | undefined;
  private readonly clientPorts: (FrontPort | undefined)[] = [];
  private encrypted: Server | undefined;
  private refusals = 0;
  private sweep: NodeJS.Timeout | undefined;
  private sweptMs = 0;
  private drained: (() => void) | undefined;

  constructor(private readonly options: TcpFrontOptions) {
    this.hub = options.hub;
    this.limits = options.limits;
    this.admission = options.admission;
    this.turns = new ConnectionTurns(options.admission, options.limits);
    this.decoded = new Float64Array(options.limits.jobsPerTurnMax);
    this.offences = new Offences(options.log, 'client closed');
    this.clientKinds = options.clientKinds;
    this.asked = options.asked;
    this.payloads = options.payloads;
    this.exemplars = options.exemplars;
    this.gates = new Newcomers(gatesMax(options.limits), (oldest) => oldest.makeRoom());
    this.links = new LinkLook(() => (this.server.address() as AddressInfo).port, options.log);
    this.kindPrefixes = kindPrefixesOf(options.clientKinds);
    if (options.proxyProtocol === true) {
      this.proxied = new ProxiedSockets({
        ready: (socket) => this.headerRead(socket),
        refused: (socket, why) => this.headerMissing(socket, why),
      });
    }
    this.server = this.makeServer();
  }

  /** @returns where it listens, with the real port. Fails with UNREACHABLE when it cannot. */
  async listen(): Promise<HostPort> {
    const { host, port } = this.options.listen;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) =>
        reject(new TriremeError('UNREACHABLE', `cannot listen on ${formatHostPort({ host, port })}: ${error.message}`)),
      );
      // Thousands of clients may dial at once; the kernel caps this by net.core.somaxconn.
      this.server.listen({ host, port, backlog: 4096 }, resolve);
    });
    this.server.on('error', (error) => this.options.log.error({ error: error.message }, 'accepting failed'));
    if (this.server instanceof TlsServer) boundHandshakes(this.server, gatesMax(this.limits));
    this.sweptMs = this.nowMs();
    this.sweep = setInterval(() => this.checkTimeouts(), sweepIntervalMs);
    return { host, port: (this.server.address() as AddressInfo).port };
  }

  nowMs(): number {
    return performance.now();
  }

  /** Open connections by framing. */
  connectionCounts(): Record<FrontConnection['framing'], number> {
    const counts = { undecided: 0, lines: 0, records: 0, json: 0 };
    for (const connection of this.connections) counts[connection.framing]++;
    return counts;
  }

  peerOf(socket: Socket): string {
    return this.proxied?.peerOf(socket) ?? addressOf(socket);
  }

  private makeServer(): Server {
    const how = { allowHalfOpen: true, noDelay: true };
    const { trust, tls = false, limits } = this.options;
    const { proxied } = this;
    if (!tls && proxied === undefined) return createServer(how, (socket) => this.accept(socket));
    if (!tls) return createServer(how, (socket) => this.readHeader(socket));
    if (trust === undefined || trust.tls === null) throw new Error('a TLS front needs a certificate');
    const encrypted = createTlsServer({ ...how, ...trust.serverOptions, ...trust.tls.context }, (socket) =>
      this.accept(socket),
    );
    encrypted.on('tlsClientError', (error, socket) =>
      trust.handshakeFailed('tcp', error, socket, proxied?.peerOf(socket)),
    );
    trust.tls.onChange((context) => encrypted.setSecureContext(context));
    this.encrypted = encrypted;
    // The PROXY header comes in clear, before the handshake.
    const server = proxied === undefined ? encrypted : createServer(how, (socket) => this.readHeader(socket));
    // Handshakes under way count as well; those above the bound that are refused in words need room beside them.
    server.maxConnections = limits.connectionsMax + refusalsAtOnceMax;
    return server;
  }

  private get full(): boolean {
    return this.connections.size + this.gates.size + (this.proxied?.size ?? 0) >= this.limits.connectionsMax;
  }

  private readHeader(socket: Socket): void {
    if (this.full) this.refuse(socket);
    else this.proxied?.read(socket);
  }

  private headerRead(socket: Socket): void {
    if (this.encrypted === undefined) this.accept(socket);
    else this.encrypted.emit('connection', socket);
  }

  private headerMissing(socket: Socket, why: string): void {
    this.offences.report('bad-proxy-header', { peer: addressOf(socket), why });
    this.dismiss(socket, `ERROR each connection must begin with a PROXY header (--tcp-proxy-protocol): ${why}`);
  }

  private accept(socket: Socket): void {
    if (this.full) return this.refuse(socket);
    const { trust, tls = false } = this.options;
    if (trust === undefined || !trust.asks) return void this.open(socket, everyone);
    const certificate = tls && trust.mutual ? certificateName((socket as TLSSocket).getPeerCertificate()) : null;
    const peer = this.peerOf(socket);
    if (trust.asksToken) {
      this.gates.add(new Gate(socket, trust, this, certificate, peer));
      return;
    }
    // Without --tcp-tls nothing is asked here, which --insecure allows or loopback.
    const caller = tls ? trust.identify(null, certificate) : everyone;
    if (typeof caller === 'string') return this.dismiss(socket, caller);
    const why = refusedOnTcp(trust, caller, peer);
    if (why === null) this.open(socket, caller);
    else this.dismiss(socket, why);
  }

  private open(socket: Socket, caller: Caller): FrontConnection {
    this.connectionsAccepted++;
    const connection = new JobConnection(socket, this.portOf(caller));
    this.connections.add(connection);
    return connection;
  }

  /** What the connections of a client have of the front: all of it, but for what is the client's own. */
  private portOf(caller: Caller): FrontPort {
    const account = this.options.accounts?.of(caller);
    if (account === undefined) return this;
    const { share, admission, payloads } = account;
    let port = this.clientPorts[share];
    if (port === undefined) {
      const turns = new ConnectionTurns(admission, this.limits);
      port = Object.assign(Object.create(this) as FrontPort, { share, admission, payloads, turns });
      this.clientPorts[share] = port;
    }
    return port;
  }

  admitted(gate: Gate, rest: Buffer, caller: Caller): void {
    this.gates.delete(gate);
    const connection = this.open(gate.socket, caller);
    if (rest.length > 0) connection.received(rest);
  }

  refused(gate: Gate, line: string): void {
    this.gates.delete(gate);
    this.dismiss(gate.socket, line);
  }

  left(gate: Gate): void {
    this.gates.delete(gate);
  }

  private refuse(socket: Socket): void {
    const { connectionsMax } = this.limits;
    this.offences.report('connections', { peer: this.peerOf(socket), connectionsMax });
    this.dismiss(socket, `ERROR too many connections: ${connectionsMax} are open, which is the bound`);
  }

  /** Tells the client why in one line, as long as a record so that either framing reads it whole. */
  private dismiss(socket: Socket, line: string): void {
    if (this.refusals >= refusalsAtOnceMax) {
      socket.destroy();
      return;
    }
    this.refusals++;
    const cut = setTimeout(() => socket.destroy(), closingMsMax);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(cut);
      this.refusals--;
    });
    socket.resume();
    socket.end(toRecord(Buffer.from(line)));
  }

  speaksJson(connection: FrontConnection, socket: Socket, first: Buffer): void {
    this.connections.delete(connection);
    const json = new JsonConnection(socket, this);
    this.connections.add(json);
    json.received(first);
  }

  offence(offence: Offence, connection: FrontConnection): void {
    this.offences.report(offence, { peer: connection.peer, outstanding: connection.outstanding });
  }

  closed(connection: FrontConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.drained?.();
  }

  private checkTimeouts(): void {
    const nowMs = this.nowMs();
    const lateMs = nowMs - this.sweptMs - sweepIntervalMs;
    this.sweptMs = nowMs;
    for (const connection of this.connections) {
      // When this process itself stood still, what clients sent and took in that time is not yet known: no
      // fault of theirs.
      if (lateMs > sweepIntervalMs / 2) connection.forgive(lateMs);
      connection.checkTimeouts(nowMs);
    }
  }

  /** Accepts no more, answers what was read, closes each connection; after graceMs cuts those that are left. */
  async close(graceMs: number): Promise<void> {
    this.server.close();
    for (const gate of this.gates) gate.destroy();
    this.gates.clear();
    this.proxied?.close();
    for (const connection of this.connections) connection.drain();
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        const cut = setTimeout(() => {
          for (const connection of this.connections) connection.destroy();
        }, graceMs);
        this.drained = () => {
          clearTimeout(cut);
          resolve();
        };
      });
    }
    clearInterval(this.sweep);
    this.links.close();
  }
}
