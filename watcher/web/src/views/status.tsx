// How Heapwatch itself is doing: what is near its limit, what the configuration says, what programs may ask.
import { useEffect, useState } from 'preact/hooks'
import { useLive } from '../live'
import { outside } from '../prefix'
import { Moment } from '../parts/bits'
import { Answer } from '../parts/states'
import { bytes, count, duration, percent } from '../units'

const kRefresh = 15_000

interface Route {
  method: string
  path: string
  purpose: string
  parameters: string[]
}

export function Status() {
  const metrics = useMetrics()
  const config = useLive<Record<string, unknown>>('/api/v1/config', 60_000)
  const routes = useLive<{ addresses: Route[] }>('/api/v1')
  return (
    <section>
      <h1>Status</h1>
      {metrics === undefined ? <p class="muted">Reading the figures…</p> : <Figures of={metrics} />}
      <h2>Configuration in force</h2>
      <Answer live={config} what="The configuration" rows={6}>{(data) => <Tree value={data} />}</Answer>
      <h2>For programs</h2>
      <Answer live={routes} what="The addresses" rows={6}>
        {(data) => (
          <div class="table-holder">
            <table class="stacks-on-phone">
              <thead><tr><th>Address</th><th>Answers</th><th>Parameters</th></tr></thead>
              <tbody>{data.addresses.map((r) => <tr key={`${r.method} ${r.path}`}><td data-name="Address" class="number"><code>{r.method === 'GET' ? '' : `${r.method} `}{r.path}</code></td><td data-name="Answers"><Marked text={r.purpose} /></td><td data-name="Parameters" class="muted">{r.parameters.join(', ')}</td></tr>)}</tbody>
            </table>
          </div>
        )}
      </Answer>
    </section>
  )
}

// `words` of a program in its own type.
const Marked = ({ text }: { text: string }) => <>{text.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part))}</>

type Metrics = Map<string, number>

// /metrics is where the figures are told; those without labels are enough here, and sums of those with some.
function parseMetrics(text: string): Metrics {
  const sums: Metrics = new Map()
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{.*\})? (\S+)/i.exec(line)
    if (!match || line.startsWith('#')) continue
    sums.set(match[1]!, (sums.get(match[1]!) ?? 0) + Number(match[2]))
  }
  return sums
}

function useMetrics(): Metrics | undefined {
  const [metrics, setMetrics] = useState<Metrics>()
  useEffect(() => {
    let timer = 0
    let isOver = false
    const read = async () => {
      try {
        const text = await (await fetch(outside('/metrics'))).text()
        if (!isOver) setMetrics(parseMetrics(text))
      } catch {
        // The mark at the top of the page tells that nothing answers; the last figures stay.
      }
      if (!isOver) timer = window.setTimeout(read, kRefresh)
    }
    void read()
    return () => { isOver = true; window.clearTimeout(timer) }
  }, [])
  return metrics
}

function Figures({ of: m }: { of: Metrics }) {
  const at = (name: string) => m.get(name)
  const now = Date.now() / 1000
  const mean = (name: string) => {
    const [sum, n] = [at(`${name}_sum`), at(`${name}_count`)]
    return sum === undefined || !n ? undefined : sum / n
  }
  const show = (value: number | undefined, as: (v: number) => string) => (value === undefined ? '–' : as(value))
  const isReloaded = at('heapwatch_config_last_reload_successful') !== 0
  const tiles: [string, string, string?][] = [
    ['Targets up', `${show(at('heapwatch_target_up'), count)} of ${show(at('heapwatch_targets'), count)}`],
    ['Scrapes', show(at('heapwatch_scrapes_total'), count), `${show(at('heapwatch_scrape_failures_total'), count)} failed, ${show(mean('heapwatch_scrape_duration_seconds'), (v) => `${Math.round(v * 1000)} ms`)} each`],
    ['Fetched', show(at('heapwatch_scraped_bytes_total'), bytes), 'since its start, as it came over the wire'],
    ['Judging takes', show(mean('heapwatch_evaluation_duration_seconds'), (v) => `${(v * 1000).toFixed(0)} ms`), `last ${show(at('heapwatch_last_evaluation_timestamp_seconds'), (v) => duration(now - v))} ago`],
    ['Store', show(at('heapwatch_store_bytes'), bytes), 'on disk'],
    ['Own memory', show(at('process_resident_memory_bytes'), bytes), 'resident'],
    ['Own CPU', show(at('process_cpu_seconds_total'), duration), `in ${show(at('process_start_time_seconds'), (v) => duration(now - v))} of running`],
  ]
  const limits: [string, number | undefined, number | undefined][] = [
    ['Open files', at('process_open_fds'), at('process_max_fds')],
  ]
  const worries: string[] = []
  if (!isReloaded) worries.push('The last reload of the configuration was refused; what was running stays. The log says why.')
  if ((at('heapwatch_notifications_dropped_total') ?? 0) > 0) worries.push('Alerts were dropped because the queue was full: is an Alertmanager down?')
  if ((at('heapwatch_evaluation_failures_total') ?? 0) > 0) worries.push('The history of some targets could not be judged; the log names them.')
  return (
    <>
      {worries.map((worry) => <p key={worry} class="stale">{worry}</p>)}
      <div class="tiles">
        {tiles.map(([name, value, more]) => <div key={name} class="tile"><span>{name}</span><b class="number">{value}</b><small>{more}</small></div>)}
        {limits.map(([name, used, most]) => used !== undefined && most ? (
          <div key={name} class="tile"><span>{name}</span><b class="number">{count(used)}</b>
            <meter min={0} max={1} high={0.8} value={used / most} /><small>{percent(used / most)} of {count(most)}</small></div>
        ) : null)}
      </div>
      <p class="note">Configuration read {show(at('heapwatch_config_last_reload_success_timestamp_seconds'), () => '')}
        <Moment at={(at('heapwatch_config_last_reload_success_timestamp_seconds') ?? now) * 1000} />. All figures: <a href="/metrics" target="_blank" rel="noopener">/metrics</a>.</p>
    </>
  )
}

const kMostUnfolded = 3
const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

// One of many, such as a job: called by what stands first in it.
function Folded({ value }: { value: Record<string, unknown> }) {
  return <details><summary>{[Object.values(value)[0]].flat().map(String).join(', ')}</summary><Tree value={value} /></details>
}

function Tree({ value }: { value: unknown }) {
  if (value === '' || (value !== null && typeof value === 'object' && Object.keys(value).length === 0)) return <span class="muted">none</span>
  if (Array.isArray(value)) return <ul class="tree">{value.map((v, i) => <li key={i}>{isObject(v) && value.length > kMostUnfolded ? <Folded value={v} /> : <Tree value={v} />}</li>)}</ul>
  if (isObject(value))
    return <dl class="tree">{Object.entries(value).map(([name, v]) => <div key={name}><dt>{name}</dt><dd><Tree value={v} /></dd></div>)}</dl>
  return <code>{String(value)}</code>
}
