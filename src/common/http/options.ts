import { Option, type Command } from 'commander';
import { listenAddress, type HostPort } from '../options.js';
import type { Port } from '../trust/guard.js';
import { httpOrigin } from './origin.js';

export interface HttpOptions {
  readonly http?: HostPort;
  readonly httpOrigin?: readonly string[];
}

/** Adds --http and --http-origin. @param port when --http names none */
export function addHttpOptions(command: Command, port: number): Command {
  return command
    .addOption(
      new Option(
        '--http <host:port>',
        `the same services over HTTP/1.1, for curl, browsers and Connect or gRPC-Web clients (port: ${port})`,
      ).argParser(listenAddress(port)),
    )
    .addOption(
      new Option(
        '--http-origin <origin>',
        'pages of this origin may call the --http port, such as https://jobs.example; repeatable (default: none)',
      ).argParser((value, before: readonly string[] | undefined) => [...(before ?? []), httpOrigin(value)]),
    );
}

/** The port of --http, for those who check what is exposed. */
export function httpPorts({ http }: HttpOptions): Port[] {
  return http === undefined ? [] : [{ option: '--http', address: http }];
}
