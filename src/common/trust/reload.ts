import { TriremeError } from '../errors.js';
import type { Logger } from '../logging.js';
import type { TrustSettings } from './options.js';

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
