// Moments: how they are shown, and how what a person types becomes one.

export function millis(time: string): number {
  return Date.parse(time)
}

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

const pad = (n: number) => String(n).padStart(2, '0')
const dayOf = (d: Date) => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`

// "14:03:27", with the day where it is not today's. In the zone of whoever looks.
export function clock(ms: number, now = Date.now()): string {
  const d = new Date(ms)
  const time = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
  return dayOf(d) === dayOf(new Date(now)) ? time : `${dayOf(d)} ${time}`
}

const kUnits: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 365 * 864e5 }
const kDated = /^(\d{4}-\d\d-\d\d)(?:[T ]([01]?\d|2[0-3])((?::[0-5]\d){1,2}(?:\.\d+)?) ?(Z|[+-]\d\d:\d\d)?)?$/i
const kYear10000 = Date.UTC(10_000, 0)

// "now", "now-3h", "now-1h30m", "14:05", "14:05:30", "2026-01-31", "2026-01-31 12:00", RFC 3339, Unix seconds or
// milliseconds; undefined where it is none. What names no zone is in that of whoever looks.
export function parseMoment(text: string, now: number): number | undefined {
  const ms = read(text.trim(), now)
  return ms >= 0 && ms < kYear10000 ? ms : undefined
}

// NaN where it is none.
function read(text: string, now: number): number {
  const relative = /^now(?:\s*-\s*((?:\d+(?:ms|[smhdwy]))+))?$/.exec(text)
  if (relative) {
    let ms = now
    for (const [, n, unit] of (relative[1] ?? '').matchAll(/(\d+)(ms|[smhdwy])/g)) ms -= Number(n) * kUnits[unit!]!
    return ms
  }
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000)
  if (/^\d{12,13}$/.test(text)) return Number(text)
  const dated = kDated.exec(/^\d\d?:/.test(text) ? `${dayOf(new Date(now))} ${text}` : text)
  if (!dated) return NaN
  const [, date, hour = '00', rest = ':00', zone = ''] = dated
  const [year, month, day] = date!.split('-').map(Number)
  if (!rfc3339(Date.UTC(year!, month! - 1, day)).startsWith(date!)) return NaN // such as 31 February
  return Date.parse(`${date}T${pad(Number(hour))}${rest}${zone.toUpperCase()}`)
}

// The moment that an address names for good, in RFC 3339; NaN where it names none, or one whose meaning changes with the
// hour or with whoever looks.
export function pinned(text: string | null): number {
  return text && /T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text) ? (parseMoment(text, 0) ?? NaN) : NaN
}

// What people may type, told where something else was.
export const kMomentHint = 'Give now-3h, 14:05, 2026-01-31 12:00, or a time with its zone as in RFC 3339.'
