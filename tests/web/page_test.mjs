// The page in a real Chromium, against a real Heapwatch: node page_test.mjs <heapwatch> <folder with node_modules>
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, test as nodeTest } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { kHostile, launchChromium, Stand } from './stand.mjs'

const [heapwatch, modules] = process.argv.slice(2)
if (!existsSync('/usr/bin/chromium')) {
  console.log('skipped: /usr/bin/chromium is not there; ./dev test installs it')
  process.exit(77)
}
const playwright = (await import(pathToFileURL(join(modules, 'node_modules/playwright-core/index.mjs')).href)).default

// A browser that hangs fails its test and no other.
const kLimit = { timeout: 150_000 }
// Chromium now and then answers no more to a page on a busy machine, for whatever reason: once more then, and said so.
const kHangsAfterMs = 60_000
const test = (name, body) =>
  nodeTest(name, kLimit, async (t) => {
    const ran = body().then(() => true)
    ran.catch(() => {})
    if (await Promise.race([ran, setTimeout(kHangsAfterMs, false, { ref: false })])) return
    t.diagnostic(`nothing for ${kHangsAfterMs / 1000} s: once more in a new page`)
    await openNewPage()
    await body()
  })

let stand
let browser
let page
let complaints // of the browser: errors of script, of loading, of the content policy

before(async () => {
  stand = await Stand.start(heapwatch)
  browser = await launchChromium(playwright, stand.folder)
})
after(async () => {
  await browser?.close()
  await stand?.stop()
})
async function openNewPage() {
  for (const open of browser.pages()) await open.close()
  page = await browser.newPage()
  page.setDefaultTimeout(40_000)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()))
}
beforeEach(openNewPage, kLimit)

const query = (parameters) => new URLSearchParams(parameters).toString()
const open = (address) => page.goto(stand.base + address)
const place = () => new URL(page.url())

// A diff over all of a shop's history.
async function wholeDiff(name = 'shop0', more = {}) {
  const target = stand.instance(name)
  const { snapshots } = await stand.ask(`/api/v1/snapshots?target=${target}`)
  return `/diff?${query({ target, t0: snapshots[0].time, t1: snapshots.at(-1).time, ...more })}`
}
async function sessions() {
  const { sites } = await stand.ask('/api/v1/sites?verdict=leak,growing&limit=100')
  return sites.find((s) => s.site.function.includes('Remember'))
}

const kViews = {
  '/': () => 'shop',
  '/leaks': () => 'Sites that grow or churn',
  '/alerts': () => 'Firing',
  '/targets': () => 'connection refused',
  '/status': () => 'Configuration in force',
}

test('every view shows what it is for, and the browser has nothing to complain of', async () => {
  const leak = await sessions()
  const views = {
    ...Object.fromEntries(Object.entries(kViews).map(([path, text]) => [path, text()])),
    [`/site?${query({ target: leak.target, site: leak.site.id })}`]: 'The calls that lead here',
    [await wholeDiff()]: 'The heap grew by',
    [`/snapshot?${query({ target: stand.instance('shop0'), t: 'now' })}`]: 'one sample in',
    '/diff': 'Compare two moments',
    '/nowhere-else': undefined,
  }
  for (const [address, text] of Object.entries(views)) {
    if (text === undefined) continue
    await open(address)
    await page.getByText(text).first().waitFor()
  }
  assert.deepEqual(complaints, [])
})

test('an alert leads to the diff, and the diff to a profile that go tool pprof reads', async () => {
  await open('/')
  const card = page.locator('.alert-card', { hasText: 'Remember' }).first()
  await card.getByRole('link', { name: 'See what grew' }).click()
  await page.getByRole('heading', { name: /The heap grew by/ }).waitFor()
  await page.locator('tr[aria-current]', { hasText: 'main.(*Sessions).Remember' }).waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'pprof', exact: true }).click()])
  const file = join(stand.folder, 'diff.pb.gz')
  await download.saveAs(file)
  const pprof = spawnSync('go', ['tool', 'pprof', '-top', '-sample_index=inuse_space', file], { encoding: 'utf8' })
  assert.equal(pprof.status, 0, pprof.stderr)
  assert.match(pprof.stdout, /main\.\(\*Sessions\)\.Remember/)
})

test('a diff that is about a site tells of it first, whatever grew more', async () => {
  const { sites } = await stand.ask(`/api/v1/sites?target=${stand.instance('shop0')}&limit=100`)
  const about = sites.find((s) => s.site.function === 'main.(*Thumbnails).Get')
  await open(await wholeDiff('shop0'))
  const [lead, row] = [page.locator('.lead'), page.locator('tr', { hasText: 'Thumbnails' })]
  await lead.getByText('main.(*Sessions).Remember').waitFor()
  assert.equal(await row.getAttribute('aria-current'), null)
  await open(await wholeDiff('shop0', { site: about.site.id }))
  await lead.getByText('main.(*Thumbnails).Get').waitFor()
  await page.locator('tr[aria-current]', { hasText: 'Thumbnails' }).waitFor()
})

test('the overview leads to a site, the site to two moments, these to a frame; the address brings all of it back', async () => {
  await open('/')
  await page.locator('tr', { hasText: 'shop' }).locator('a', { hasText: 'Remember' }).click()
  await page.getByRole('heading', { name: /Remember/ }).waitFor()
  await page.waitForFunction(() => document.title === 'main.(*Sessions).Remember · Heapwatch')
  await page.getByText('Live memory with').waitFor() // the fitted course is drawn
  await page.getByRole('link', { name: /What changed in the whole heap/ }).click()
  const before = page.getByRole('slider', { name: 'Moment before' })
  await before.waitFor()
  // However short the stretch is, most of the chart shows it.
  await page.waitForFunction(() => {
    const leftOf = (name) => document.querySelector(`[aria-label="Moment ${name}"]`).getBoundingClientRect().x
    return leftOf('after') - leftOf('before') > 200
  })
  const t0 = place().searchParams.get('t0')
  await before.press('ArrowRight')
  await page.waitForFunction((old) => new URLSearchParams(location.search).get('t0') !== old, t0)
  const canvas = page.locator('.flame canvas')
  await canvas.focus()
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown']) await canvas.press(key)
  const frame = /^\S*handle\w+: /.exec(await page.locator('.flame-detail').textContent())?.[0]
  assert.ok(frame, await page.locator('.flame-detail').textContent())
  // Another moment is another answer, in which one stands at the same frame.
  const t0_of_walk = place().searchParams.get('t0')
  await before.press('ArrowRight')
  await page.waitForFunction((old) => new URLSearchParams(location.search).get('t0') !== old, t0_of_walk)
  await page.locator('.flame:not(.is-stale)').waitFor()
  assert.ok((await page.locator('.flame-detail').textContent()).startsWith(frame), await page.locator('.flame-detail').textContent())
  await canvas.press('Enter')
  await page.waitForFunction(() => new URLSearchParams(location.search).has('node'))
  const told = await page.locator('.flame-detail').textContent()
  assert.match(told, /handle\w+: \+\d/)
  await page.reload()
  await page.waitForFunction((text) => document.querySelector('.flame-detail')?.textContent === text, told)
  await canvas.focus()
  await canvas.press('Escape')
  await page.waitForFunction((text) => document.querySelector('.flame-detail')?.textContent !== text, told)
  assert.deepEqual(complaints, [])
})

test('a link restores direction, filter, search, rows and order', async () => {
  await open(await wholeDiff('shop0', { from_leaf: '1', filter: 'handle', q: 'remember', by: 'function', sort: '-total', sample_type: 'alloc_space', normalize: '1' }))
  await page.getByText(/found, \d+ % of the width/).waitFor()
  await page.locator('.changes tbody tr').first().waitFor()
  assert.equal(await page.getByRole('radio', { name: 'Leaf up' }).isChecked(), true)
  assert.equal(await page.getByRole('radio', { name: 'Functions' }).isChecked(), true)
  assert.equal(await page.getByLabel('Only stacks through').inputValue(), 'handle')
  assert.equal(await page.getByLabel('Find').inputValue(), 'remember')
  assert.equal(await page.getByLabel('same total').isChecked(), true)
  assert.equal(await page.locator('select').filter({ hasText: 'allocated bytes' }).inputValue(), 'alloc_space')
  const names = await page.locator('.changes tbody td.name').allTextContents()
  assert.ok(names.length > 0 && names.every((name) => /handle/i.test(name)), names.join())
})

test('a moment can be typed, and one that cannot be read is said to be so', async () => {
  await open(await wholeDiff())
  const field = page.getByLabel('at').first()
  await field.fill('now-1s')
  await field.press('Enter')
  await page.waitForFunction(() => Date.now() - Date.parse(new URLSearchParams(location.search).get('t0')) < 60_000)
  await field.fill('yesterdayish')
  await field.press('Enter')
  await page.getByRole('alert').getByText('Give now-3h').waitFor()
})

test('what is typed at any pace stays as it was typed', async () => {
  await open(await wholeDiff())
  for (const [name, parameter] of [['Only stacks through', 'filter'], ['Find', 'q']]) {
    const field = page.getByLabel(name)
    await field.pressSequentially('main.warm', { delay: 265 }) // somewhat longer than the field waits for the next key
    await page.waitForFunction((of) => new URLSearchParams(location.search).get(of)?.endsWith('warm'), parameter)
    assert.equal(await field.inputValue(), 'main.warm')
    assert.equal(place().searchParams.get(parameter), 'main.warm')
  }
  // What else changes the address is taken over.
  await page.locator('.flame canvas').focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.getByRole('button', { name: 'only stacks through it' }).click()
  await page.waitForFunction(() => new URLSearchParams(location.search).get('filter') !== 'main.warm')
  assert.equal(await page.getByLabel('Only stacks through').inputValue(), place().searchParams.get('filter'))
})

test('where the moments cannot be told, the page says why', async () => {
  const shop = stand.instance('shop0')
  const says = {
    [`/diff?${query({ target: 'job="shop"' })}`]: 'fits 2 targets',
    [`/diff?${query({ target: '0123456789abcdef' })}`]: 'is unknown: there is',
    [`/diff?${query({ target: shop, target1: '0123456789abcdef' })}`]: 'is unknown: there is',
    [`/diff?${query({ target: stand.instance('nobody') })}`]: 'No heap of it is kept',
    [`/diff?${query({ target: shop, t0: 'yesterday' })}`]: '“yesterday” is no moment',
    [`/snapshot?${query({ target: '0123456789abcdef' })}`]: 'is unknown: there is',
    [`/snapshot?${query({ target: shop, t: 'garbage' })}`]: '“garbage” is no moment',
    [`/snapshot?${query({ target: shop, t: '2026-02-31T00:00:00Z' })}`]: 'is no moment',
  }
  for (const [address, text] of Object.entries(says)) {
    await open(address)
    await page.getByRole('alert').getByText(text).first().waitFor()
    assert.equal(await page.locator('.skeleton').count(), 0, address)
  }
  await page.getByRole('link', { name: 'Choose whose heap' }).click()
  await page.getByRole('heading', { name: 'Targets' }).waitFor()
})

test('a target can be named by its labels', async () => {
  await open(`/diff?${query({ target: 'job="giant"' })}`)
  await page.getByRole('heading', { name: /The heap/ }).waitFor()
  assert.ok(place().searchParams.get('t0'))
  await open(`/snapshot?${query({ target: 'job="giant"', t: 'now' })}`)
  await page.getByText('one sample in').waitFor()
})

test('a list of targets that cannot be had is said to be so, and asked for again', async () => {
  const refusal = { status: 503, contentType: 'application/json', body: '{"status":"error","errorType":"internal","error":"the store is busy"}' }
  for (const view of ['diff', 'snapshot']) {
    await page.route('**/api/v1/targets', (route) => route.fulfill(refusal))
    await open(`/${view}?${query({ target: stand.instance('shop0') })}`)
    await page.getByRole('alert').getByText('the store is busy').waitFor()
    await page.unroute('**/api/v1/targets')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.flame canvas').waitFor()
  }
})

test('a view that breaks does so only at its address', async () => {
  await page.route('**/api/v1/sites?*service=shop*', (route) =>
    route.fulfill({ contentType: 'application/json', body: '{"status":"success","data":{"evaluated":"","sites":[null]}}' }))
  await open('/leaks?service=shop')
  await page.getByText('This view has broken').waitFor()
  await page.getByRole('link', { name: 'Leaks' }).click()
  await page.getByText('what changed').first().waitFor()
  await page.goBack()
  await page.getByText('This view has broken').waitFor()
})

test('half of a stretch of time is none', async () => {
  for (const half of [{ start: '2026-01-01T00:00:00Z' }, { end: '2026-01-01T00:00:00Z' }, { start: 'x', end: 'y' }]) {
    await open(`/snapshot?${query({ target: stand.instance('shop0'), t: 'now', ...half })}`)
    await page.getByText('one sample in').waitFor()
    await page.getByRole('slider', { name: 'Moment moment' }).waitFor()
    await open(await wholeDiff('shop0', half))
    await page.getByRole('slider', { name: 'Moment before' }).waitFor()
  }
})

test('what is typed as a moment is what a person means, or refused', async () => {
  const zone = await browser.newCDPSession(page)
  await zone.send('Emulation.setTimezoneOverride', { timezoneId: 'America/Los_Angeles' })
  await open(await wholeDiff())
  const field = page.getByLabel('at').first()
  const hint = page.getByRole('alert').getByText('Give now-3h')
  const type = async (text) => {
    await field.fill(text)
    await field.press('Enter')
  }
  for (const wrong of ['now-999999999d', '17000000000000000', '25:99', '12:60', '2026-02-31', '2026-02-31 12:00', '2026-13-01', '2026-01-31 24:30']) {
    await type(wrong)
    await hint.waitFor()
    await field.press('Escape')
    await hint.waitFor({ state: 'detached' })
  }
  const means = {
    1700000000: '2023-11-14T22:13:20Z', 1700000001000: '2023-11-14T22:13:21Z',
    '2024-03-05': '2024-03-05T08:00:00Z', '2024-03-05 00:01': '2024-03-05T08:01:00Z', '2024-07-05 9:30:15': '2024-07-05T16:30:15Z',
    '2024-03-05T00:00:00+01:00': '2024-03-04T23:00:00Z', '2024-03-05 12:00Z': '2024-03-05T12:00:00Z',
  }
  for (const [text, moment] of Object.entries(means)) {
    await type(text)
    await page.waitForFunction((wanted) => new URLSearchParams(location.search).get('t0') === wanted, moment)
  }
  assert.deepEqual(complaints.filter((text) => !text.startsWith('Failed to load')), []) // no heap is so old
  await zone.detach()
})

test('walking with a moment leaves the way back short', async () => {
  const shop = stand.instance('shop0')
  for (const [address, name] of [[await wholeDiff(), 'after'], [`/snapshot?${query({ target: shop, t: 'now' })}`, 'moment']]) {
    await open(address)
    const handle = page.getByRole('slider', { name: `Moment ${name}` })
    await handle.focus()
    const length = await page.evaluate(() => history.length)
    for (let i = 0; i < 6; i++) {
      const from = place().search
      await page.keyboard.press('ArrowLeft')
      await page.waitForFunction((old) => location.search !== old, from)
    }
    assert.equal(await page.evaluate(() => history.length), length)
  }
})

test('choices and forms are used by keyboard', async () => {
  await open(await wholeDiff())
  await page.getByRole('radio', { name: 'Sites' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.waitForFunction(() => new URLSearchParams(location.search).get('by') === 'function')
  assert.equal(await page.getByRole('radio', { name: 'Functions' }).evaluate((radio) => radio === document.activeElement), true)
  await page.keyboard.press('Tab') // one group, one stop
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'pprof')

  await open('/alerts')
  const opener = page.getByText('Acknowledge…').first()
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement.tagName === 'INPUT')
  await page.keyboard.type('Kim')
  await page.keyboard.press('Tab')
  await page.keyboard.type('looking into it')
  await page.getByRole('button', { name: 'Cancel' }).press('Enter')
  assert.equal(await opener.evaluate((it) => it === document.activeElement), true)
  await page.keyboard.press('Enter')
  await page.getByLabel('Why').first().press('Enter')
  await page.getByText('Kim: looking into it').first().waitFor()
  await page.getByRole('button', { name: 'Withdraw' }).press('Enter')
  await page.getByRole('heading', { name: 'Acknowledged' }).waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
})

test('an alert is acknowledged where it says, and its site on its page', async () => {
  const { alerts } = await stand.ask('/api/v1/alerts')
  const alert = alerts.find((a) => a.annotations.summary?.includes('Remember'))
  const address = new URL(alert.annotations.ack_url)
  await open(address.pathname + address.search)
  const cards = page.locator('.alert-card')
  await cards.first().waitFor()
  assert.deepEqual((await cards.allTextContents()).filter((text) => !text.includes('Remember')), [])
  await page.getByText('Acknowledge…').first().waitFor()
  await open(`/alerts?${query({ service: 'shop', site: '0123456789abcdef' })}`)
  await page.getByText('No such alert').waitFor()
  await page.getByRole('button', { name: 'all alerts' }).click()
  await cards.first().waitFor()

  const leak = await sessions()
  await open(`/site?${query({ target: leak.target, site: leak.site.id })}`)
  await page.getByText('Acknowledge…').click()
  await page.getByLabel('Who', { exact: true }).fill('Kim')
  await page.getByLabel('Why', { exact: true }).fill('fixed in v3')
  await page.getByRole('button', { name: 'Acknowledge', exact: true }).click()
  await page.getByText('Kim: fixed in v3').waitFor()
  await page.getByRole('button', { name: 'Withdraw' }).click()
  await page.getByText('Kim: fixed in v3').waitFor({ state: 'detached' })
})

test('pages come before tickets, and a service has its own history', async () => {
  await page.route('**/api/v1/alerts', async (route) => {
    const answer = await (await route.fetch()).json()
    const { alerts } = answer.data
    const firing = alerts.find((a) => a.state === 'firing')
    answer.data.alerts = ['ticket', 'page'].map((severity) => ({ ...firing, labels: { ...firing.labels, severity }, annotations: { summary: `a ${severity}` } }))
    await route.fulfill({ json: answer })
  })
  for (const address of ['/', '/alerts']) {
    await open(address)
    await page.locator('.alert-card h3').first().waitFor()
    assert.deepEqual(await page.locator('.alert-card h3').allTextContents(), ['a page', 'a ticket'])
  }
  await open('/alerts?service=nobody')
  await page.getByText('No alert of nobody has changed its state').waitFor()
})

test('one of many targets is found', async () => {
  await page.route('**/api/v1/targets', async (route) => {
    const answer = await (await route.fetch()).json()
    const up = answer.data.active.find((t) => t.health === 'up')
    answer.data.active = [10, 9, 20, 3, 4, 5, 6, 7, 8].map((i) => ({ ...up, id: String(i).padStart(16, '0'), labels: { service: i === 20 ? 'cart' : 'shop', instance: `10.0.0.${i}:6060` } }))
    await route.fulfill({ json: answer })
  })
  await open('/diff')
  const choices = page.locator('.choices code')
  await choices.first().waitFor()
  assert.deepEqual((await choices.allTextContents()).slice(-2), ['10.0.0.9:6060', '10.0.0.10:6060'])
  await page.getByLabel('Only those with').fill('CART')
  await choices.nth(1).waitFor({ state: 'detached' })
  assert.deepEqual(await choices.allTextContents(), ['10.0.0.20:6060'])
  await open('/')
  await page.locator('tr', { hasText: 'shop' }).getByRole('link', { name: / up$/ }).click()
  await page.getByLabel('Only those with').waitFor()
  assert.equal(place().searchParams.get('filter'), 'shop')
})

test('what is found and not watched is told with the reason', async () => {
  await open('/targets')
  await page.getByText('1 found and not watched').click()
  await page.locator('tr', { hasText: '127.0.0.1:1' }).getByText('relabel_configs drop it').waitFor()
})

test('a site of a fleet stands in one row', async () => {
  await page.route('**/api/v1/sites?*', async (route) => {
    const answer = await (await route.fetch()).json()
    const [first] = answer.data.sites
    answer.data.sites = Array.from({ length: 300 }, (_, i) => ({ ...first, to_limit_low_seconds: 0, to_limit_high_seconds: 0, target: String(i).padStart(16, '0'), labels: { ...first.labels, service: `s${i % 2}`, instance: `i${i}` } }))
    await route.fulfill({ json: answer })
  })
  await open('/leaks')
  await page.getByRole('link', { name: 'and 149 more' }).first().waitFor()
  await page.getByRole('cell', { name: 'reached', exact: true }).first().waitFor()
  assert.equal(await page.locator('tbody tr').count(), 2)
})

test('the replicas of a site are those of its service and job', async () => {
  const leak = await sessions()
  await page.route('**/api/v1/sites?*', async (route) => {
    const answer = await (await route.fetch()).json()
    const [first] = answer.data.sites
    for (const other of ['service', 'job'])
      answer.data.sites.push({ ...first, target: other.padEnd(16, '0'), labels: { ...first.labels, [other]: 'another' } })
    await route.fulfill({ json: answer })
  })
  await open(`/site?${query({ target: leak.target, site: leak.site.id })}`)
  await page.getByRole('heading', { name: /^On 2 replicas/ }).waitFor()
  assert.equal(await page.locator('.multiples a').count(), 2)
})

test('the status page shows no marks of its texts, and one job below the other', async () => {
  await open('/status')
  await page.getByRole('cell', { name: 'what is acknowledged' }).waitFor()
  assert.equal((await page.locator('main').textContent()).includes('`'), false)
  const second = page.locator('.tree > li + li > dl').first()
  assert.ok(parseFloat(await second.evaluate((job) => getComputedStyle(job).marginTop)) > 5)

  await page.route('**/api/v1/config', async (route) => {
    const answer = await (await route.fetch()).json()
    answer.data.scrape_configs = Array.from({ length: 40 }, (_, i) => ({ ...answer.data.scrape_configs[0], job_name: `job ${i}` }))
    await route.fulfill({ json: answer })
  })
  await page.reload()
  const last = page.locator('summary', { hasText: 'job 39' })
  await last.waitFor()
  assert.equal(await page.getByText('scrape_timeout', { exact: true }).filter({ visible: true }).count(), 1) // that of global
  await last.click()
  await page.getByText('profile_path').filter({ visible: true }).waitFor()
})

test('names of any length leave room, and none is shown as such', async () => {
  await page.route('**/api/v1/sites?*', async (route) => {
    const answer = await (await route.fetch()).json()
    answer.data.sites.forEach(({ site }, i) => (site.function = i === 0 ? '' : 'x'.repeat(600)))
    await route.fulfill({ json: answer })
  })
  await open('/leaks')
  await page.getByRole('link', { name: '(no name)' }).waitFor()
  const row = page.locator('tbody tr').nth(1)
  const [site, why] = await Promise.all([row.locator('.site-name'), row.locator('.why')].map(async (part) => (await part.boundingBox())))
  assert.ok(site.width < 400 && site.height < 200, JSON.stringify(site))
  assert.ok(why.width > 180, JSON.stringify(why))
  await page.unroute('**/api/v1/sites?*')

  await page.route('**/api/v1/diff?*', async (route) => {
    const answer = await (await route.fetch()).json()
    answer.data.sites[0].function = ''
    await route.fulfill({ json: answer })
  })
  await open(await wholeDiff())
  await page.locator('.headline', { hasText: 'was allocated in (no name) (' }).waitFor()
})

test('one target is compared with another, across versions', async () => {
  await open(await wholeDiff())
  await page.getByLabel('After, on').selectOption({ label: `${stand.instance('shop1')} v2 · shop` })
  await page.getByText(`from ${stand.instance('shop0')} to ${stand.instance('shop1')}`).waitFor()
  assert.ok(place().searchParams.get('target1'))
})

test('a hostile function name is shown and runs nothing', async () => {
  page.on('dialog', (dialog) => assert.fail(`a dialog: ${dialog.message()}`))
  await open(await wholeDiff('shop0', { by: 'function' }))
  await page.getByText('<script>window.isHacked=1').first().waitFor()
  const site = (await stand.ask('/api/v1/sites?limit=1000')).sites.find((s) => s.site.function === kHostile)
  await open(`/site?${query({ target: site.target, site: site.site.id })}`)
  await page.getByRole('heading', { name: /onerror/ }).waitFor()
  await open(await wholeDiff('shop0', { filter: kHostile, q: '<img src=x onerror=1>' }))
  await page.locator('.flame-detail').waitFor()
  assert.equal(await page.evaluate(() => window.isHacked), undefined)
  assert.equal(await page.locator('img, main script').count(), 0)
  assert.deepEqual(complaints, [])
})

test('it is dark where the system is, and as chosen where somebody chose', async () => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await open('/')
  const brightness = () => page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)
    return (r + g + b) / 3
  })
  await page.getByRole('heading', { name: 'Services' }).waitFor()
  assert.ok((await brightness()) < 60)
  await page.getByRole('button', { name: /Colours/ }).click()
  await page.getByRole('button', { name: /Colours: Dark/ }).click()
  assert.ok((await brightness()) > 200)
  await page.reload()
  await page.getByRole('heading', { name: 'Services' }).waitFor()
  assert.ok((await brightness()) > 200)
  await page.evaluate(() => localStorage.clear())
})

test('what is printed is light, and has no controls', async () => {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await open(await wholeDiff())
  await page.locator('.changes tbody tr').first().waitFor()
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'light')
  assert.equal(await page.locator('nav').isVisible(), false)
  assert.equal(await page.getByRole('button', { name: 'copy pprof command' }).isVisible(), false)
  assert.equal(await page.getByRole('button', { name: 'Before' }).isVisible(), true) // the title of a column
})

test('an error says what is wrong and what to do', async () => {
  await open(`/diff?${query({ target: 'nobody:1', t0: 'now-1h', t1: 'now' })}`)
  await page.getByText('target "nobody:1" is unknown').first().waitFor()
  await page.getByRole('button', { name: 'Try again' }).first().waitFor()
})

test('no view is wider than a phone', async () => {
  await page.setViewportSize({ width: 390, height: 800 })
  const leak = await sessions()
  for (const address of [...Object.keys(kViews), await wholeDiff(), `/site?${query({ target: leak.target, site: leak.site.id })}`]) {
    await open(address)
    await page.locator('main h1').first().waitFor()
    await page.waitForLoadState('networkidle').catch(() => {}) // live views never rest for long
    const [inner, needed] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth])
    assert.ok(needed <= inner, `${address} is ${needed} wide on ${inner}`)
  }
})

test('a heap of 20,000 stacks can be walked', async () => {
  await open(await wholeDiff('giant'))
  const canvas = page.locator('.flame canvas')
  await canvas.waitFor()
  await page.getByText('too narrow to see').waitFor()
  await canvas.focus()
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await canvas.press(key)
  const took = await page.evaluate(async () => {
    const target = document.querySelector('.flame canvas')
    const begin = performance.now()
    target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    return performance.now() - begin
  })
  await page.waitForFunction(() => new URLSearchParams(location.search).has('node'))
  await page.locator('.flame:not(.is-stale)').waitFor()
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  console.log(`# zooming into a part of 20,000 stacks took ${took.toFixed(0)} ms to be drawn; first paint after ${paint?.toFixed(0)} ms`)
  assert.deepEqual(complaints, [])
})

// The last one: afterwards nobody answers any more.
test('figures that grow old stay, and say how old they are', async () => {
  await open('/')
  await page.locator('tr', { hasText: 'shop' }).first().waitFor()
  await stand.stopHeapwatch()
  await page.getByText(/These figures are .* old/).first().waitFor({ timeout: 30_000 })
  await page.locator('tr', { hasText: 'shop' }).first().waitFor()
})
