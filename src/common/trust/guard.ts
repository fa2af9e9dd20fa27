import { checkExposure, isLoopback } from '../exposure.js';
import type { Logger } from '../logging.js';
import { formatHostPort, type HostPort } from '../options.js';
import { ListenerTrust } from './listener-trust.js';
import { compileListenerTrust, type TrustOptions, type TrustSettings } from './options.js';
import { TriremeError } from '../errors.js';

/** A port that a role is about to open: the option with its dashes, and the address. */
export interface Port {
  readonly option: string;
  readonly address: HostPort;
  /** The option that encrypts this port, and whether it was given; undefined: --tls-cert alone does. */
  readonly tls?: { readonly option: string; readonly given: boolean };
}

/**
 * What a role is to ask of those who dial its ports, by its options alone: no file is read.
 * @throws TriremeError REFUSED_EXPOSED when others could reach a port that asks for nothing, USAGE
 */
export function checkPorts(
  ports: readonly Port[],
  options: TrustOptions & { readonly insecure: boolean },
): TrustSettings {
  const settings = compileListenerTrust(options);
  checkExposure(
    ports.map((port) => ({ ...port, open: isOpen(port, settings), tlsOption: port.tls?.option })),
    options.insecure,
  );
  return settings;
}

/**
 * What a role asks of those who dial its ports, by its options; read again on SIGHUP.
 * @throws TriremeError REFUSED_EXPOSED when others could reach a port that asks for nothing, USAGE or FILE_UNREADABLE
 */
export function guardPorts(
  ports: readonly Port[],
  options: TrustOptions & { readonly insecure: boolean },
  log: Logger,
): ListenerTrust {
  const settings = checkPorts(ports, options);
  const trust = new ListenerTrust(settings, log);
  for (const port of ports) {
    if (isLoopback(port.address.host) || encrypted(port, settings) || !trust.asksToken) continue;
    log.warn(
      { option: port.option, address: formatHostPort(port.address) },
      'tokens and all else cross the network in clear here: encrypt it with --tls-cert and --tls-key',
    );
  }
  reloadOnHangup(settings, trust, log);
  return trust;
}

/** TLS without --tls-ca is not enough: it hides what is said, and lets everyone say it. */
function isOpen(port: Port, settings: TrustSettings): boolean {
  return (
    settings.token === null &&
    settings.credentials === null &&
    !(encrypted(port, settings) && settings.tls?.ca !== null)
  );
}

function encrypted(port: Port, settings: TrustSettings): boolean {
  return settings.tls !== null && (port.tls?.given ?? true);
}

/** Reads the credentials again on SIGHUP. Where none come from files, SIGHUP keeps its usual meaning. */
export function reloadOnHangup(settings: TrustSettings, trust: { reload(): void }, log: Logger): void {
  if (settings.tls === null && settings.credentials === null && settings.token?.from !== 'file') return;
  process.on('SIGHUP', () => {
    try {
      trust.reload();
      log.info('credentials reloaded');
    } catch (error) {
      log.error({ error: TriremeError.from(error).message }, 'credentials not reloaded, the old ones stay');
    }
  });
}
