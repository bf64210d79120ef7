// Builds the page and writes it down as C++: node build.mjs <watcher/web> <folder to build in> <web_files.cc to write>
//
// Works on a copy, so that nothing is ever written beside the sources.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { npmInstall } from './npm_install.mjs'

const [sources, folder, output] = process.argv.slice(2)
const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

npmInstall(sources, folder)
rmSync(join(folder, 'src'), { recursive: true, force: true })
for (const name of ['src', 'index.html', 'tsconfig.json', 'vite.config.ts'])
  cpSync(join(sources, name), join(folder, name), { recursive: true })
const vite = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'],
  { cwd: folder, stdio: 'inherit' })
if (vite.status !== 0) process.exit(1)

function describe(path) {
  const content = readFileSync(join(folder, 'dist', path))
  const gzip = gzipSync(content, { level: 9 })
  const etag = createHash('sha256').update(content).digest('hex').slice(0, 16)
  const type = kTypes[extname(path)]
  if (!type) throw new Error(`${path}: no content type is known for this extension, add it to build.mjs`)
  return { path, gzip, etag, type, isImmutable: path.startsWith('assets/') }
}

const files = readdirSync(join(folder, 'dist'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, 'dist').length + 1))
  .sort()
  .map(describe)

const arrays = files.map(({ gzip }, i) => `const unsigned char kFile${i}[] = {${gzip.join(',')}};`)
const entries = files.map(({ path, etag, type, isImmutable }, i) =>
  `      {"/${path}", "${type}", "\\"${etag}\\"", ${isImmutable}, View(kFile${i})},`)
writeFileSync(output, `// Written by watcher/web/build.mjs.
#include "watcher/web/web_files.h"

#include <cstddef>

namespace heapwatch {
namespace {

${arrays.join('\n')}

template <std::size_t kSize>
std::string_view View(const unsigned char (&bytes)[kSize]) {
  return {reinterpret_cast<const char*>(bytes), kSize};
}

}  // namespace

std::span<const WebFile> WebFiles() {
  static const WebFile files[] = {
${entries.join('\n')}
  };
  return files;
}

}  // namespace heapwatch
`)
