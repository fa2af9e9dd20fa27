import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { TriremeError } from './errors.js';
import { projectRoot } from './version.js';

/** A file that the page is made of. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** Changes with the content: a browser that has this one is told so instead of being sent it again. */
  readonly etag: string;
}

/** Scripts and styles come from here and from nowhere else; what is inline does not run. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  // Reports that the role made stand in a frame, where they may do nothing but draw themselves.
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const files = [
  { path: '/', file: 'page.html', type: 'text/html; charset=utf-8' },
  { path: '/assets/page.js', file: 'page.js.br', type: 'text/javascript; charset=utf-8' },
  { path: '/assets/page.css', file: 'page.css.br', type: 'text/css; charset=utf-8' },
  { path: '/assets/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
] as const;

/** The page of a role by the paths of its files, as the build left them in dist/web. @throws TriremeError INTERNAL */
export function loadAssets(role: string): ReadonlyMap<string, Asset> {
  return new Map(
    files.map(({ path, file, type }) => {
      const body = path === '/' ? Buffer.from(read(file).toString().replaceAll('ROLE', role)) : read(file);
      return [path, { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"` }];
    }),
  );
}

function read(file: string): Buffer {
  const path = join(projectRoot, 'dist', 'web', file);
  try {
    const bytes = readFileSync(path);
    return file.endsWith('.br') ? brotliDecompressSync(bytes) : bytes;
  } catch (error) {
    throw new TriremeError('INTERNAL', `${path} is missing: build it with 'make build'`, { cause: error });
  }
}
