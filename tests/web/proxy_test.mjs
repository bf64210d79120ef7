// The page in a real Chromium that logs in, through a real nginx, under a path: node proxy_test.mjs <heapwatch> <folder with
// node_modules>. Once with the path left on for Heapwatch, once taken off by nginx.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { freePort, launchChromium, serve, shop, stopServer } from './stand.mjs'

const [heapwatch, modules] = process.argv.slice(2)
for (const program of ['/usr/bin/chromium', '/usr/sbin/nginx']) {
  if (existsSync(program)) continue
  console.log(`skipped: ${program} is not there; ./dev test installs it`)
  process.exit(77)
}
const playwright = (await import(pathToFileURL(join(modules, 'node_modules/playwright-core/index.mjs')).href)).default

const kLogin = { username: 'alice', password: 'wonder' }
const kHash = '$2y$04$TdKZi1NXZQH8QYA7bD78UuzuGCyNTG5VbOxTxjzHvCXCPajBdgBNi'
const kAuthorization = { authorization: 'Basic ' + Buffer.from('alice:wonder').toString('base64') }
const kPaths = ['/heap', '/deep/down']

const folder = mkdtempSync(join(tmpdir(), 'heapwatch-proxy-'))
const children = []
let log = ''
let target // whose heap is watched
let proxy
let browser

function start(program, ...args) {
  const child = spawn(program, args)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  children.push(child)
}
async function until(what, condition) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    if (await Promise.resolve().then(condition).catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`waited in vain for ${what}\n${log.slice(-3000)}`)
}
const ask = (address) => fetch(proxy + address, { headers: kAuthorization })

before(async () => {
  target = await serve(shop())
  proxy = `http://127.0.0.1:${await freePort()}`
  writeFileSync(join(folder, 'web.yml'), `basic_auth_users: {alice: ${kHash}}\nroles: {alice: admin}\n`)
  writeFileSync(join(folder, 'heapwatch.yml'), `global: {scrape_interval: 200ms, evaluation_interval: 500ms}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['127.0.0.1:${target.address().port}']}]}]\n`)
  const ports = [await freePort(), await freePort()]
  // A proxy_pass that ends with a slash takes the path off.
  const locations = kPaths.map((path, i) =>
    `location ${path}/ { proxy_pass http://127.0.0.1:${ports[i]}${i === 0 ? '' : '/'}; }`)
  mkdirSync(join(folder, 'nginx'))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; pid nginx.pid; error_log stderr; events {}
http { access_log off; client_body_temp_path nginx/b; proxy_temp_path nginx/p; fastcgi_temp_path nginx/f; uwsgi_temp_path nginx/u;
scgi_temp_path nginx/s; server { listen ${new URL(proxy).host}; ${locations.join(' ')} } }\n`)
  kPaths.forEach((path, i) => start(heapwatch, 'serve', '--config.file', join(folder, 'heapwatch.yml'),
    '--storage.path', join(folder, `data${i}`), '--web.listen-address', `127.0.0.1:${ports[i]}`,
    '--web.config.file', join(folder, 'web.yml'), '--web.enable-lifecycle', '--web.external-url', `${proxy}${path}/`,
    ...(i === 0 ? [] : ['--web.route-prefix', '/'])))
  start('/usr/sbin/nginx', '-p', folder, '-c', 'nginx.conf')
  for (const path of kPaths)
    await until(`an answer under ${path}`, async () => (await ask(path + '/api/v1/sites')).ok && (await (await ask(path + '/api/v1/sites')).json()).data.total > 0)
  browser = await launchChromium(playwright, folder, { httpCredentials: kLogin })
})
after(async () => {
  await browser?.close()
  const ends = children.map((child) => child.exitCode === null && new Promise((resolve) => child.once('exit', resolve)))
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(ends)
  if (target) stopServer(target)
  rmSync(folder, { recursive: true, force: true })
})

for (const path of kPaths) {
  test(`the page, its links and what it asks work under ${path}`, async () => {
    const page = await browser.newPage()
    page.setDefaultTimeout(40_000)
    const complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    // A view that is left gives up what it asked for.
    page.on('requestfailed', (request) => request.failure().errorText !== 'net::ERR_ABORTED' && complaints.push(request.url()))
    page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`))
    await page.goto(`${proxy}${path}/`)
    await page.getByText('shop').first().waitFor()
    const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    assert.ok(links.length > 5)
    assert.deepEqual(links.filter((href) => !href.startsWith(path + '/')), [])
    await page.getByRole('link', { name: 'Targets' }).click()
    await page.getByText('snapshots').first().waitFor()
    assert.equal(new URL(page.url()).pathname, path + '/targets')
    await page.reload()
    await page.getByText('snapshots').first().click()
    await page.waitForURL((url) => url.pathname === path + '/snapshot')
    await page.getByText('Remember').first().waitFor()
    await page.goBack()
    await page.getByText('snapshots').first().waitFor()
    assert.equal(await page.evaluate(async (to) => (await fetch(to, { method: 'POST' })).status, path + '/-/reload'), 200)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test(`a foreign page changes nothing under ${path}`, async () => {
    const page = await browser.newPage()
    const foreign = http.createServer((request, response) => response.setHeader('content-type', 'text/html').end('foreign'))
    await new Promise((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    await page.goto(`http://localhost:${foreign.address().port}/`)
    await page.evaluate((to) => fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => {}), `${proxy}${path}/-/reload`)
    await until('the refusal', async () =>
      /heapwatch_web_refusals_total\{reason="foreign_page"\} [1-9]/.test(await (await ask(path + '/metrics')).text()))
    await page.close()
    stopServer(foreign)
  })

  test(`the command line speaks to ${path}`, async () => {
    writeFileSync(join(folder, 'password'), kLogin.password)
    // This process serves the target's heap: it must not stand still meanwhile, and may have been slow before.
    await until('a table of targets', async () => {
      const said = await promisify(execFile)(heapwatch,
        ['targets', '--url', proxy + path, '--user', kLogin.username, '--password-file', join(folder, 'password')])
      return /1 targets, 0 down/.test(said.stdout)
    })
  })
}

test('who comes without a password sees nothing', async () => {
  for (const path of ['/heap/', '/heap/api/v1/sites', '/heap/metrics', '/deep/down/assets/']) assert.equal((await fetch(proxy + path)).status, 401)
})
