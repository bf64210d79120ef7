// Numbers as people read them; sizes use binary prefixes, as pprof does.

const kPrefixes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

// Three significant digits: "512 B", "3.1 MiB", "-1.4 GiB", "126 MiB".
export function bytes(value: number): string {
  let size = Math.abs(value)
  let prefix = 0
  while (size >= 999.5 && prefix < kPrefixes.length - 1) {
    size /= 1024
    prefix++
  }
  const digits = prefix === 0 || size >= 99.95 ? 0 : 1
  return `${value < 0 ? '−' : ''}${size.toFixed(digits)} ${kPrefixes[prefix]}`
}

export function count(value: number): string {
  return (value < 0 ? '−' : '') + Math.abs(Math.round(value)).toLocaleString('en-US')
}

// A quantity in the unit of its sample type.
export function quantity(value: number, unit: string): string {
  if (unit === 'bytes') return bytes(value)
  return unit === 'count' ? count(value) : `${count(value)} ${unit}`
}

// The same with its sign: a change.
export function change(value: number, unit: string): string {
  return (value > 0 ? '+' : '') + quantity(value, unit)
}

export function perHour(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond * 3600)}/h`
}

export function perSecond(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`
}

// "861 MiB/h", "763 to 959": the interval in the unit of the value, or in its own where that makes long numbers.
export function slope(middle: number, low?: number, high?: number): { value: string; interval: string } {
  const value = perHour(middle)
  if (low === undefined || high === undefined) return { value, interval: '' }
  const widest = Math.max(Math.abs(low), Math.abs(high))
  const unit = value.split(' ')[1] ?? ''
  const power = 1024 ** Math.max(0, kPrefixes.indexOf(unit.replace('/h', '')))
  if ((widest * 3600) / power >= 10_000) return { value, interval: `${perHour(low)} to ${perHour(high)}` }
  const inUnit = (x: number) => {
    const scaled = (x * 3600) / power
    return (scaled < 0 ? '−' : '') + Math.abs(scaled).toFixed(Math.abs(scaled) >= 99.95 ? 0 : 1)
  }
  return { value, interval: `${inUnit(low)} to ${inUnit(high)}` }
}

export function percent(share: number): string {
  const value = share * 100
  const digits = Math.abs(value) >= 99.5 ? 0 : Math.abs(value) >= 9.95 ? 0 : 1
  return `${value < 0 ? '−' : ''}${Math.abs(value).toLocaleString('en-US', { maximumFractionDigits: digits })} %`
}

// "45 s", "12 min", "3.5 h", "2 d".
export function duration(seconds: number): string {
  const s = Math.max(0, seconds)
  if (s < 90) return `${Math.round(s)} s`
  if (s < 5400) return `${Math.round(s / 60)} min`
  if (s < 36 * 3600) return `${(s / 3600).toFixed(s < 36000 ? 1 : 0)} h`
  return `${(s / 86400).toFixed(s < 864000 ? 1 : 0)} d`
}

// "50–148 min", "9 h or more", "up to 12 min", "reached"; undefined where it is more than a year away.
export function untilLimit(low?: number, high?: number): string | undefined {
  if (low === undefined || low > 365 * 86400) return undefined
  if (high !== undefined && high <= 0) return 'reached'
  const [unit, name] = low < 5400 ? [60, 'min'] : low < 259200 ? [3600, 'h'] : [86400, 'd']
  const from = Math.floor(Math.max(0, low) / unit)
  const isOpen = high === undefined || high > 10 * Math.max(low, unit)
  if (from === 0) return isOpen ? 'any moment' : `up to ${Math.ceil(high / unit)} ${name}`
  if (isOpen) return `${from} ${name} or more`
  const to = Math.ceil(high / unit)
  return from === to ? `${from} ${name}` : `${from}–${to} ${name}`
}
