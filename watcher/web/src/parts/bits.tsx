// Small things that stand in many places.
import { useId } from 'preact/hooks'
import type { VerdictKind, Verdict, Site } from '../api'
import { useNow } from '../live'
import { clock, millis, rfc3339 } from '../moment'
import { shortFile, shortName } from '../names'
import * as units from '../units'

const kSigns: Record<VerdictKind, string> = {
  leak: '▲', growing: '↗', churn: '↻', plateau: '▬', stable: '–', 'insufficient-data': '…',
}
export const kMeaning: Record<VerdictKind, string> = {
  leak: 'A climb that does not level off.',
  growing: 'It grows, and cannot yet be told from a cache that fills up.',
  churn: 'Memory stays flat, but allocation here keeps the garbage collector busy.',
  plateau: 'It grew and has levelled off.',
  stable: 'No growth beyond noise and load.',
  'insufficient-data': 'Too little was seen to say anything.',
}

export function VerdictBadge({ kind }: { kind: VerdictKind }) {
  return (
    <span class={`badge ${kind}`} title={kMeaning[kind]}>
      <span aria-hidden="true">{kSigns[kind]}</span> {kind === 'insufficient-data' ? 'too early' : kind}
    </span>
  )
}

// A number in people's units, exact on hover.
export function Quantity({ value, unit = 'bytes', signed = false }: { value: number; unit?: string; signed?: boolean }) {
  const text = signed ? units.change(value, unit) : units.quantity(value, unit)
  return <span class="number" title={`${value.toLocaleString('en-US')} ${unit}`}>{text}</span>
}

export function Slope({ of }: { of: Verdict }) {
  if (of.verdict === 'churn' && of.alloc_bytes_per_second !== undefined)
    return <span class="number" title={`${of.alloc_bytes_per_second.toLocaleString('en-US')} bytes/s allocated`}>
      {units.perSecond(of.alloc_bytes_per_second)} allocated</span>
  const { value, interval } = units.slope(of.slope_bytes_per_second, of.slope_low_bytes_per_second, of.slope_high_bytes_per_second)
  return (
    <span class="number" title={`${of.slope_bytes_per_second.toLocaleString('en-US')} bytes/s; 95 % interval ${interval}`}>
      {of.slope_bytes_per_second > 0 ? '+' : ''}{value}
      {interval && <small class="interval">{interval}</small>}
    </span>
  )
}

export function Moment({ at }: { at: string | number }) {
  const ms = typeof at === 'number' ? at : millis(at)
  return <time dateTime={rfc3339(ms)} title={`${rfc3339(ms)} (UTC)`}>{clock(ms)}</time>
}

export function Ago({ at }: { at: string | number }) {
  const ms = typeof at === 'number' ? at : millis(at)
  const now = useNow()
  return <time dateTime={rfc3339(ms)} title={`${rfc3339(ms)} (UTC)`}>{units.duration((now - ms) / 1000)} ago</time>
}

// "Sessions.Remember" with its place, the whole name on hover.
export function SiteName({ site }: { site: Pick<Site, 'function' | 'file' | 'line' | 'line_is_relative'> }) {
  const line = site.line ? `:${site.line_is_relative ? '+' : ''}${site.line}` : ''
  return (
    <span class="site-name" title={`${site.function}\n${site.file ?? ''}${line}`}>
      <code>{shortName(site.function)}</code>{' '}
      {site.file && <small>{shortFile(site.file)}{line}</small>}
    </span>
  )
}

// A line without axes: the course of a thing at a glance.
export function Sparkline({ values, label }: { values: (number | null)[]; label: string }) {
  const known = values.filter((v): v is number => v !== null)
  if (known.length < 2) return <span class="spark muted">too few points</span>
  const [width, height] = [120, 28]
  const low = Math.min(0, ...known)
  const high = Math.max(...known, low + 1)
  let path = ''
  let isBroken = true
  values.forEach((v, i) => {
    if (v === null) return void (isBroken = true)
    const x = ((i / (values.length - 1)) * (width - 4) + 2).toFixed(1)
    const y = (height - 2 - ((v - low) / (high - low)) * (height - 4)).toFixed(1)
    path += `${isBroken ? 'M' : 'L'}${x} ${y}`
    isBroken = false
  })
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
      <path d={path} fill="none" vector-effect="non-scaling-stroke" />
    </svg>
  )
}

export function Segmented<T extends string>({ label, options, value, onChange }: {
  label: string
  options: [T, string][]
  value: T
  onChange: (to: T) => void
}) {
  const name = useId()
  return (
    <div class="segmented" role="radiogroup" aria-label={label}>
      {options.map(([option, text]) => (
        <label key={option}><input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} /><span>{text}</span></label>
      ))}
    </div>
  )
}
