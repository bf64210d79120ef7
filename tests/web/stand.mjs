// The stand of the page's tests: services that serve made-up heaps, a real Heapwatch watching them, a real Chromium.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeProfile } from './pprof.mjs'

const kMiB = 1 << 20
const kDeadline = 60_000
export const kHostile = 'main.<img src=x onerror="window.isHacked=1"><script>window.isHacked=1</script>'

// A leak of 4 MiB a scrape, a cache that is full after some, something that shrinks, and a name that means harm.
export function shop() {
  let scrapes = 0
  return () => {
    const n = ++scrapes
    const cached = Math.round(40 * (1 - Math.exp(-n / 8)))
    const below = (...frames) => [...frames, 'net/http.HandlerFunc.ServeHTTP', 'net/http.(*conn).serve']
    return encodeProfile([
      { frames: below('main.(*Sessions).Remember', 'main.(*Shop).handleLogin'), block: kMiB, live: 4 * n, born: 4 * n },
      { frames: below('main.(*Thumbnails).Get', 'main.(*Shop).handleThumbnail'), block: kMiB, live: cached, born: cached },
      { frames: below('main.warmUp'), block: kMiB, live: Math.max(2, 30 - n), born: 30 },
      { frames: below(kHostile, 'main.(*Shop).handleOrder'), block: kMiB, live: 20 + n, born: 20 + n },
    ])
  }
}

// 20,000 stacks of 16 frames; a tenth of them grow.
export function giant() {
  let scrapes = 0
  const stacks = Array.from({ length: 20_000 }, (_, i) => ({
    frames: Array.from({ length: 16 }, (_, d) => `example.com/giant/layer${15 - d}.Call${i % (2 + (15 - d) ** 3)}`),
    block: 4096, live: 100 + (i % 97) * 3, born: 1000, isGrowing: i % 10 === 0,
  }))
  stacks.forEach((stack, i) => (stack.frames[0] = `example.com/giant/leaf.Make${i}`))
  return () => {
    const n = ++scrapes
    return encodeProfile(stacks.map((s) => (s.isGrowing ? { ...s, live: s.live + 40 * n, born: s.born + 40 * n } : s)))
  }
}

export async function serve(makeProfile) {
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    response.end(makeProfile())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

// In one step only from Node 19 on: before, close() returns nothing.
export function stopServer(server) {
  server.close()
  server.closeAllConnections()
}

export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function configuration(ports) {
  return `
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 500ms}
scrape_configs:
  - job_name: shop
    memory_limit: 8GiB
    static_configs:
      - {targets: ['127.0.0.1:${ports.shop0}'], labels: {service: shop, version: v1}}
      - {targets: ['127.0.0.1:${ports.shop1}'], labels: {service: shop, version: v2}}
  - job_name: giant
    scrape_interval: 5s
    scrape_timeout: 5s
    static_configs: [{targets: ['127.0.0.1:${ports.giant}'], labels: {service: giant}}]
  - job_name: payments
    static_configs: [{targets: ['127.0.0.1:${ports.nobody}'], labels: {service: payments}}]
  - job_name: dropped
    static_configs: [{targets: ['127.0.0.1:1']}]
    relabel_configs: [{action: drop, source_labels: [job]}]
detection: {warm_up: 3s, warm_up_cycles: 12, patience: 4s}
`
}

export class Stand {
  static async start(heapwatch) {
    const stand = new Stand()
    stand.folder = mkdtempSync(join(tmpdir(), 'heapwatch-web-'))
    stand.servers = [await serve(shop()), await serve(shop()), await serve(giant())]
    const [shop0, shop1, giantPort] = stand.servers.map((server) => server.address().port)
    stand.ports = { shop0, shop1, giant: giantPort, nobody: await freePort() }
    stand.base = `http://127.0.0.1:${await freePort()}`
    writeFileSync(join(stand.folder, 'heapwatch.yml'), configuration(stand.ports))
    stand.heapwatch = spawn(heapwatch, ['serve', '--config.file', join(stand.folder, 'heapwatch.yml'),
      '--storage.path', join(stand.folder, 'data'), '--web.listen-address', new URL(stand.base).host])
    stand.log = ''
    for (const stream of [stand.heapwatch.stdout, stand.heapwatch.stderr]) stream.on('data', (text) => (stand.log += text))
    await stand.until('an alert on the leak', async () => {
      const { alerts } = await stand.ask('/api/v1/alerts')
      return alerts.some((a) => a.state === 'firing' && a.annotations.summary?.includes('Remember'))
    })
    await stand.until('two heaps of the giant', async () => {
      const { snapshots } = await stand.ask(`/api/v1/snapshots?target=127.0.0.1:${giantPort}`)
      return snapshots.length >= 2
    })
    return stand
  }

  async ask(path) {
    return (await (await fetch(this.base + path)).json()).data
  }

  // The answer of `condition` once it is true.
  async until(what, condition) {
    const deadline = Date.now() + kDeadline
    for (;;) {
      const answer = await Promise.resolve().then(condition).catch(() => false)
      if (answer) return answer
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}\n${this.log.slice(-3000)}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  instance(name) {
    return `127.0.0.1:${this.ports[name]}`
  }

  async stopHeapwatch() {
    if (this.heapwatch.exitCode !== null) return
    const ended = new Promise((resolve) => this.heapwatch.once('exit', resolve))
    this.heapwatch.kill('SIGTERM')
    await ended
  }

  async stop() {
    await this.stopHeapwatch()
    for (const server of this.servers) stopServer(server)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function launchChromium(playwright, folder, more = {}) {
  return playwright.chromium.launchPersistentContext(mkdtempSync(join(folder, 'profile-')), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    ...more,
    acceptDownloads: true,
    viewport: { width: 1360, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
}
