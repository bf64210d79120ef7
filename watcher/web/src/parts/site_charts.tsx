// A site over time: live memory with the course fitted to it, the rate of allocation, and the heap against its limit.
import { useMemo } from 'preact/hooks'
import type uPlot from 'uplot'
import type { JudgedSite, Labels, Site } from '../api'
import { clock, millis } from '../moment'
import { bytes, duration, perSecond } from '../units'
import { cssColour, Plot, type Line } from './plot'

export interface Series {
  target: string
  labels: Labels
  times_unix_ms: number[]
  lifetime: number[]
  build: number[]
  is_new_observation: boolean[]
  values: Partial<Record<'inuse_space' | 'inuse_objects' | 'alloc_space' | 'alloc_objects', number[]>>
  total_inuse_space?: number[] // of all sites
  site?: Site
  model?: { course: string; times_unix_ms: number[]; bytes: number[]; low: number[]; high: number[] }
  memory_limit_bytes?: number
  gogc?: number
}

interface Marks {
  restarts: number[] // moments
  deploys: number[]
  gaps: [number, number][]
  still: [number, number][] // no garbage collection completed
}

const kGapFactor = 3.5 // times the usual spacing
const kStillFactor = 6

function marksOf(series: Series): Marks {
  const { times_unix_ms: times, lifetime, build, is_new_observation: isNew } = series
  const marks: Marks = { restarts: [], deploys: [], gaps: [], still: [] }
  const spacings = times.slice(1).map((t, i) => t - times[i]!).sort((a, b) => a - b)
  const usual = spacings[Math.floor(spacings.length / 2)] ?? 0
  let still = 0
  for (let i = 1; i < times.length; i++) {
    if (build[i] !== build[i - 1]) marks.deploys.push(times[i]!)
    else if (lifetime[i] !== lifetime[i - 1]) marks.restarts.push(times[i]!)
    if (times[i]! - times[i - 1]! > kGapFactor * usual) marks.gaps.push([times[i - 1]!, times[i]!])
    if (isNew[i]) {
      if (times[i - 1]! - times[still]! > kStillFactor * usual) marks.still.push([times[still]!, times[i - 1]!])
      still = i
    }
  }
  return marks
}

export function SiteCharts({ series, judged }: { series: Series; judged: JudgedSite | undefined }) {
  const marks = useMemo(() => marksOf(series), [series])
  const charts = useMemo(() => chartsOf(series, marks, judged), [series, marks, judged])
  const { times } = charts
  const range: [number, number] = [times[0]!, times.at(-1)!]
  const draw = (u: uPlot) => drawMarks(u, marks)
  const limit = series.memory_limit_bytes
  const least = heapAtLimit(series)
  return (
    <div class="site-charts">
      <h3>Live memory {series.model && <small>with {series.model.course} fitted to it and its 95 % interval{charts.isForecast && ', carried on as a forecast'}</small>}</h3>
      <Plot label={`Live memory of the site from ${clock(range[0])} to ${clock(range[1])}`} times={times} lines={charts.live}
        bands={charts.bands} range={range} draw={draw} height={260} syncKey="site" isLegendShown />
      {charts.rate && <>
        <h3>Rate of allocation</h3>
        <Plot label="Rate of allocation of the site" times={times} lines={charts.rate} range={range} draw={draw} height={140} format={perSecond} syncKey="site" isLegendShown />
      </>}
      {charts.total && <>
        <h3>The whole heap {limit !== undefined && <small>against the limit of {bytes(limit)}{least !== undefined && `; with GOGC ${series.gogc} it may be met from ${bytes(least)} live on`}</small>}</h3>
        <Plot label="Live memory of the whole process" times={times} lines={charts.total} range={range} draw={draw} height={160} syncKey="site" top={limit} isLegendShown />
      </>}
      <p class="legend marks">
        <span><i class="mark-line restart" /> restarts: {marks.restarts.length || 'none'}</span>
        <span><i class="mark-line deploy" /> deploys: {marks.deploys.length || 'none'}</span>
        <span><i class="mark-area gap" /> nothing scraped: {marks.gaps.length === 0 ? 'never' : `${howOften(marks.gaps.length)}, ${duration(Math.max(...marks.gaps.map(([from, to]) => to - from)) / 1000)} at most`}</span>
        <span><i class="mark-area still" /> no garbage collection completed: {marks.still.length === 0 ? 'never for long' : howOften(marks.still.length)}</span>
      </p>
    </div>
  )
}

const howOften = (n: number) => (n === 1 ? 'once' : `${n} times`)
const isRising = (v: JudgedSite) => v.verdict === 'leak' || v.verdict === 'growing'
const heapAtLimit = (s: Series) => (s.memory_limit_bytes === undefined || s.gogc === undefined ? undefined : s.memory_limit_bytes / (1 + s.gogc / 100))

interface Charts {
  times: number[] // of all lines
  live: Line[]
  bands: { upper: number; lower: number; colour: string }[]
  rate: Line[] | undefined
  total: Line[] | undefined
  isForecast: boolean
}

function chartsOf(series: Series, marks: Marks, judged: JudgedSite | undefined): Charts {
  const { model, times_unix_ms: seen } = series
  const future = judged && model && isRising(judged) ? forecast(series, judged, model) : undefined
  // Just before a life begins anew, or after a gap, the line of raw points is broken.
  const breaks = [...marks.restarts, ...marks.deploys, ...marks.gaps.map(([, to]) => to)].map((ms) => ms - 1)
  const times = [...new Set([...seen, ...breaks, ...(model?.times_unix_ms ?? []), ...(future?.times ?? [])])].sort((a, b) => a - b)
  const raw = (values: (number | null)[]) => align(times, [...seen, ...breaks], [...values, ...breaks.map(() => null)])

  const live: Line[] = [{ label: 'live', colour: '--ink', values: raw(series.values.inuse_space ?? []), width: 1.2, points: seen.length < 240 }]
  const bands: Charts['bands'] = []
  const addBand = (label: string, at: number[], of: { middle: number[]; low: number[]; high: number[] }, dash?: number[]) => {
    live.push({ label, colour: '--leak', values: align(times, at, of.middle), width: 2, ...(dash ? { dash } : {}) })
    live.push({ label: 'at most', colour: kUnseen, values: align(times, at, of.high), width: 0, isUntold: true })
    live.push({ label: 'at least', colour: kUnseen, values: align(times, at, of.low), width: 0, isUntold: true })
    bands.push({ upper: live.length - 2, lower: live.length - 1, colour: '--leak' })
  }
  if (model) addBand(model.course, model.times_unix_ms, { middle: model.bytes, low: model.low, high: model.high })
  if (future) addBand('forecast', future.times, future, [6, 5])
  return { times, live, bands, rate: rateLine(series, raw), total: totalLines(series, times, raw), isForecast: future !== undefined }
}

const kUnseen = '#00000000'

// Carries the slope on for a quarter of what is shown.
function forecast(series: Series, judged: JudgedSite, model: NonNullable<Series['model']>) {
  const begin = model.times_unix_ms.at(-1)!
  const length = (series.times_unix_ms.at(-1)! - series.times_unix_ms[0]!) * 0.25
  const level = (values: number[], slope: number | undefined) =>
    [values.at(-1)!, values.at(-1)! + ((slope ?? judged.slope_bytes_per_second) * length) / 1000]
  if (Math.abs(millis(judged.to) - begin) > length * 4) return undefined // a stretch long ago
  return {
    times: [begin, begin + length],
    middle: level(model.bytes, judged.slope_bytes_per_second),
    low: level(model.low, judged.slope_low_bytes_per_second),
    high: level(model.high, judged.slope_high_bytes_per_second),
  }
}

const kRatePoints = 150 // more would show little but the graininess of sampling

// A Go profile moves when a collection completes: rates are taken from one new observation to a later one.
function rateLine(series: Series, raw: (values: (number | null)[]) => Line['values']): Line[] | undefined {
  const { alloc_space: alloc } = series.values
  if (!alloc) return undefined
  const { times_unix_ms: times, lifetime } = series
  const step = (times.at(-1)! - times[0]!) / kRatePoints
  let last = 0
  const rates = times.map((t, i) => {
    const isNextLife = lifetime[i] !== lifetime[last]
    if (!isNextLife && (i === 0 || !series.is_new_observation[i] || t - times[last]! < step)) return undefined
    const rate = isNextLife ? undefined : Math.max(0, (alloc[i]! - alloc[last]!) / ((t - times[last]!) / 1000))
    last = i
    return rate
  })
  return [{ label: 'allocated', colour: '--churn', values: raw(rates as (number | null)[]), format: perSecond, fill: true }]
}

function totalLines(series: Series, times: number[], raw: (values: (number | null)[]) => Line['values']): Line[] | undefined {
  if (!series.total_inuse_space) return undefined
  const level = (label: string, value: number, colour: string): Line => ({ label, colour, values: times.map(() => value), dash: [2, 3] })
  const lines: Line[] = [{ label: 'live heap', colour: '--accent', values: raw(series.total_inuse_space), fill: true }]
  if (series.memory_limit_bytes !== undefined) lines.push(level('limit', series.memory_limit_bytes, '--leak'))
  const least = heapAtLimit(series)
  if (least !== undefined) lines.push(level('may meet it', least, '--growing'))
  return lines
}

// Values on another axis of time. Where they say nothing there is undefined, which uPlot bridges; null breaks the line.
function align(times: number[], at: number[], values: (number | null)[]): (number | null)[] {
  const known = new Map(at.map((t, i) => [t, values[i]]))
  return times.map((t) => known.get(t)) as (number | null)[]
}

function drawMarks(u: uPlot, marks: Marks) {
  const { ctx, bbox } = u
  const x = (ms: number) => Math.round(u.valToPos(ms, 'x', true))
  const area = ([from, to]: [number, number], colour: string) => {
    ctx.fillStyle = colour
    ctx.fillRect(x(from), bbox.top, Math.max(2, x(to) - x(from)), bbox.height)
  }
  const line = (ms: number, colour: string, dash: number[]) => {
    ctx.strokeStyle = colour
    ctx.lineWidth = 1.5 * (window.devicePixelRatio || 1)
    ctx.setLineDash(dash)
    ctx.beginPath()
    ctx.moveTo(x(ms), bbox.top)
    ctx.lineTo(x(ms), bbox.top + bbox.height)
    ctx.stroke()
    ctx.setLineDash([])
  }
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  marks.gaps.forEach((gap) => area(gap, cssColour('--muted', 0.16)))
  marks.still.forEach((still) => area(still, cssColour('--growing', 0.14)))
  marks.restarts.forEach((ms) => line(ms, cssColour('--growing'), [4, 4]))
  marks.deploys.forEach((ms) => line(ms, cssColour('--plateau'), []))
  ctx.restore()
}
