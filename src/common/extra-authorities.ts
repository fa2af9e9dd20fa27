import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { TriremeError } from './errors.js';

/** Where bin/trireme puts NODE_EXTRA_CA_CERTS for commands that seldom connect: Node would parse the file at each start. */
const variable = 'TRIREME_EXTRA_CA_CERTS';

/**
 * The authorities to trust where no others are named, as PEM: those of Node and those of NODE_EXTRA_CA_CERTS. Undefined: those
 * that Node trusts by itself. A file that cannot be read is left out with a warning, as by Node.
 */
export function extraAuthorities(env: NodeJS.ProcessEnv = process.env): Buffer | undefined {
  const file = env[variable] ?? '';
  if (file === '') return undefined;
  try {
    return Buffer.concat([Buffer.from(`${rootCertificates.join('\n')}\n`), readFileSync(file)]);
  } catch (error) {
    process.emitWarning(`NODE_EXTRA_CA_CERTS ${file} is left out: ${TriremeError.from(error).message}`);
    return undefined;
  }
}
