import { Command, InvalidArgumentError, Option } from 'commander';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../common/make-folders.js';
import { TriremeError } from '../common/errors.js';
import { integer } from '../common/options.js';
import type { Issued, Validity } from './authority.js';

interface CertsCommandOptions {
  readonly hosts: string[];
  readonly days: number;
}

/** Those who serve have the names of their machine in their certificate; those who only dial do not. */
const roles: readonly { readonly name: string; readonly serves: boolean }[] = [
  { name: 'lb', serves: true },
  { name: 'master', serves: true },
  { name: 'worker', serves: false },
  { name: 'client', serves: false },
  { name: 'operator', serves: false },
];

const dayMs = 86_400_000;
/** Certificates are valid from a little before they are made: clocks differ. */
const clockSkewMs = 3_600_000;
const hostsMax = 64;

/** What every lb and master answers to. */
const ownHosts = ['localhost', '127.0.0.1', '::1'];

const notes = `
Writes ca.crt, ca.key and, for each of lb, master, worker, client and operator, ROLE.crt and ROLE.key. Nothing is
overwritten. The name in a certificate is 'trireme ROLE': hubs let its holder do what that role may, and no more.
Whoever has ca.key can make further certificates: keep it where no role runs.

Example:
  trireme certs lab-certs --hosts 192.0.2.1,lb.example
  trireme lb --tcp 192.0.2.1:13337 --grpc 192.0.2.1:50051 --tcp-tls \\
    --tls-cert lab-certs/lb.crt --tls-key lab-certs/lb.key --tls-ca lab-certs/ca.crt
  trireme worker --host 192.0.2.1 --tls-ca lab-certs/ca.crt \\
    --tls-cert lab-certs/worker.crt --tls-key lab-certs/worker.key`;

/** `trireme certs` */
export function buildCommand(): Command {
  return new Command()
    .description('make a certificate authority, and certificates for every role, for labs')
    .argument('<dir>', 'folder for them, made when it is missing')
    .addOption(
      new Option(
        '--hosts <names,...>',
        'names and addresses by which the lb and the master are dialled, beside localhost',
      )
        .argParser(parseHosts)
        .default([hostname()], hostname()),
    )
    .addOption(new Option('--days <n>', 'days that they are valid').argParser(integer(1, 3650)).default(365))
    .option('--verbose', 'show the stack of an error')
    .addHelpText('after', notes)
    .action(run);
}

function parseHosts(value: string): string[] {
  const hosts = value.split(',');
  const wrong = hosts.find((host) => isIP(host) === 0 && !/^(?=.{1,253}$)(\*\.)?[\w-]+(\.[\w-]+)*$/.test(host));
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}' is no host name and no address`);
  if (hosts.length > hostsMax) throw new InvalidArgumentError(`${hosts.length} hosts are over ${hostsMax}`);
  return hosts;
}

async function run(folder: string, { hosts, days }: CertsCommandOptions): Promise<void> {
  const names = ['ca', ...roles.map(({ name }) => name)].flatMap((name) => [`${name}.crt`, `${name}.key`]);
  const taken = names.find((name) => existsSync(join(folder, name)));
  if (taken !== undefined)
    throw new TriremeError('USAGE', `${join(folder, taken)} exists and is not overwritten: name another folder`);
  // Loaded only now: --help needs no cryptography.
  const { Authority } = await import('./authority.js');
  const nowMs = Date.now();
  const validity: Validity = {
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter: new Date(nowMs + days * dayMs),
  };
  const authority = await Authority.create('Trireme lab authority', validity);
  const files = new Map<string, Issued>([['ca', authority.issued]]);
  for (const { name, serves } of roles)
    files.set(
      name,
      await authority.issue(`trireme ${name}`, serves ? [...new Set([...ownHosts, ...hosts])] : [], validity),
    );
  writeAll(folder, files);
  process.stdout.write(`${names.map((name) => join(folder, name)).join('\n')}\n`);
}

/** Writes all or nothing. Keys are the owner's alone. */
function writeAll(folder: string, files: ReadonlyMap<string, Issued>): void {
  const written: string[] = [];
  const write = (name: string, text: string, mode: number): void => {
    const path = join(folder, name);
    // 'wx': what came there since we looked is not overwritten either.
    writeFileSync(path, text, { flag: 'wx', mode });
    written.push(path);
  };
  try {
    makeFolders(folder, 0o700);
    for (const [name, { certPem, keyPem }] of files) {
      write(`${name}.key`, keyPem, 0o600);
      write(`${name}.crt`, certPem, 0o644);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw new TriremeError('FILE_UNREADABLE', `certificates cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
