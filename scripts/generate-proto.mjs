// Writes src/gen/ from proto/ with ts-proto, and dist/proto.binpb.gz, the descriptors that reflection serves,
// through buf. Run by `npm run build`.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readdirSync, rmSync, mkdirSync, statSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const newest = (dir) =>
  Math.max(
    0,
    ...readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );

const descriptors = 'dist/proto.binpb.gz';
const marker = 'src/gen/trireme';
const oldestOutput = existsSync(marker)
  ? Math.min(
      ...readdirSync(marker, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
    )
  : 0;
if (!existsSync(descriptors) || oldestOutput < Math.max(newest('proto'), statSync('buf.gen.yaml').mtimeMs)) {
  rmSync('src/gen', { recursive: true, force: true });
  mkdirSync('src/gen', { recursive: true });
  mkdirSync('dist', { recursive: true });
  execFileSync('node_modules/.bin/buf', ['generate'], { stdio: 'inherit' });
  // One set holds what reflection shows: our services, and those of health and channelz beside them.
  const folderOf = (file) => dirname(createRequire(import.meta.url).resolve(file));
  const channelz = folderOf('@grpc/grpc-js/proto/channelz.proto');
  const parts = [
    ['proto'],
    [join(folderOf('grpc-health-check/package.json'), 'proto')],
    [channelz, '--path', join(channelz, 'channelz.proto')],
  ].map((input) =>
    execFileSync('node_modules/.bin/buf', ['build', ...input, '--as-file-descriptor-set', '-o', '-#format=binpb']),
  );
  // Serialized messages joined are one message with the repeated fields of both.
  writeFileSync(descriptors, gzipSync(Buffer.concat(parts), { level: 9 }));
}
