import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { TestCertificates } from './test-certificates.js';

/** GET from a role's encrypted admin port. */
export function getAdmin(
  admin: string,
  path: string,
  certificates: TestCertificates,
  { name, token }: { readonly name?: string; readonly token?: string } = {},
): Promise<{ status: number; body: string }> {
  const [host, port] = admin.split(':');
  return new Promise((resolve, reject) => {
    const call = request({
      host,
      port,
      path,
      agent: false,
      ca: readFileSync(certificates.cert('ca')),
      ...(name === undefined
        ? {}
        : { cert: readFileSync(certificates.cert(name)), key: readFileSync(certificates.key(name)) }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    call.on('error', reject);
    call.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.end();
  });
}

/** Refusals as the metrics tell them: `port reason` and the count. */
export async function refusalsOf(
  admin: string,
  certificates: TestCertificates,
  credentials: { readonly name: string; readonly token: string },
): Promise<Map<string, number>> {
  const { body } = await getAdmin(admin, '/metrics', certificates, credentials);
  const found = body.matchAll(/^trireme_refusals_total\{port="(\w+)",reason="([\w-]+)"\} (\d+)$/gm);
  return new Map([...found].map(([, port, reason, count]) => [`${port} ${reason}`, Number(count)]));
}
