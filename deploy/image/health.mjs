// The health check of the image: asks the admin port of the hub that runs in the container for /healthz.
// Usage: node health.mjs [HOST:PORT]
// Without an address it asks the ports that load balancers and masters take by default. Where nothing listens there is no hub, but a
// worker or a client: these have no port, and are well as long as their process lives. A hub that was named must answer.
// A hub that has ended ends its container; one that hangs still has its port opened by the kernel, and the answer is missing.
import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';

// Less than the 5 s of HEALTHCHECK, so that the reason is told.
const timeoutMs = 2000;
const named = process.argv[2];

/** @returns what is wrong with the hub at that address; undefined if nothing, or if there is none and none was named */
const fault = (address, request = overHttp) =>
  new Promise((resolve) => {
    const [host, port] = address.split(/:(?=\d+$)/);
    // A hub with a certificate speaks TLS on its admin port. Whose certificate that is, is no question of health.
    const asked = request({ host, port, path: '/healthz', timeout: timeoutMs, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? undefined : `${address}/healthz answered ${answer.statusCode}, not 200`);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asked.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && named === undefined) resolve(undefined);
      else if (request === overHttp && ['ECONNRESET', 'HPE_INVALID_CONSTANT'].includes(error.code))
        resolve(fault(address, overTls));
      else resolve(`${address}: ${error.message}`);
    });
    asked.end();
  });

const addresses = named === undefined ? ['127.0.0.1:9100', '127.0.0.1:9101'] : [named];
const faults = (await Promise.all(addresses.map((address) => fault(address)))).filter(Boolean);
if (faults.length > 0) {
  console.error(`health: ${faults.join('; ')}`);
  process.exit(1);
}
