// Brings the packages that a package-lock.json names into a folder of the build tree, once for each state of that file.
// As a program: node npm_install.mjs <folder with package.json> <folder to install into>
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export function npmInstall(from, into) {
  mkdirSync(into, { recursive: true })
  const wanted = readFileSync(join(from, 'package-lock.json'), 'utf8')
  const stamp = join(into, 'node_modules', '.installed-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(join(from, file), join(into, file))
  const npm = spawnSync('npm', ['ci', '--prefer-offline', '--loglevel=error'], { cwd: into, stdio: 'inherit' })
  if (npm.status !== 0) {
    console.error(`
The packages that ${join(from, 'package-lock.json')} names could not be installed; npm says why above. Without a
network, fill npm's cache first on a machine that has one (npm ci in that folder) and copy it to ~/.npm here.`)
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) npmInstall(process.argv[2], process.argv[3])
