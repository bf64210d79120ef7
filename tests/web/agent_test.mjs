// Pyroscope's own agent for Node.js pushes to a real Heapwatch: node agent_test.mjs <heapwatch> <folder with node_modules>.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './stand.mjs'

const [heapwatch, modules] = process.argv.slice(2)
const shop = fileURLToPath(new URL('agent_shop.cjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'heapwatch-agent-'))
const children = []
let log = ''
let server

function start(program, ...args) {
  const child = spawn(program, args)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  children.push(child)
}

// Counted from 1.
function lineOf(text) {
  return readFileSync(shop, 'utf8').split('\n').findIndex((line) => line.includes(text)) + 1
}

async function sites() {
  const answer = await fetch(`${server}/api/v1/sites?service=node-shop`).catch(() => undefined)
  return answer?.ok ? (await answer.json()).data.sites : []
}

before(async () => {
  const port = await freePort()
  server = `http://127.0.0.1:${port}`
  const config = join(folder, 'heapwatch.yml')
  writeFileSync(config, 'global: {evaluation_interval: 1s}\ndetection: {warm_up: 5s, patience: 15s}\n')
  start(heapwatch, 'serve', '--config.file', config, '--storage.path', join(folder, 'data'), '--web.enable-push',
    '--web.listen-address', `127.0.0.1:${port}`)
  // V8 credits what an inlined function allocates to its caller, once it has inlined it.
  start(process.execPath, '--no-turbo-inlining', shop, server, modules)
})

after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('the heap that the agent pushes is judged: its leak is found at its site', async () => {
  let leak
  for (const deadline = Date.now() + 120_000; !leak && Date.now() < deadline; await sleep(500))
    leak = (await sites()).find((s) => s.verdict === 'leak')
  assert.ok(leak, `no leak was found; the log:\n${log}`)
  assert.match(leak.site.name, new RegExp(`agent_shop\\.cjs:remember agent_shop\\.cjs:${lineOf('function remember')}$`))
  const { labels } = leak
  assert.equal(labels.service, 'node-shop')
  assert.equal(labels.instance, 'node-1')
  assert.equal(labels.region, 'eu')
  // Of each process alone: with them a restart would be another target.
  assert.deepEqual(Object.keys(labels).filter((name) => name.startsWith('__')), [])
})
