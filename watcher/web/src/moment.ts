// Moments: how they are shown, and how what a person types becomes one.

export function millis(time: string): number {
  return Date.parse(time)
}

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

const pad = (n: number) => String(n).padStart(2, '0')

// "14:03:27", with the day where it is not today's. In the zone of whoever looks.
export function clock(ms: number, now = Date.now()): string {
  const d = new Date(ms)
  const time = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
  if (d.toDateString() === new Date(now).toDateString()) return time
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${time}`
}

const kUnits: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }

// "now", "now-3h", "now-1h30m", "14:05", "14:05:30", "2026-01-31 12:00", RFC 3339, Unix seconds; undefined where it is none.
export function parseMoment(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  const relative = /^now(?:\s*-\s*((?:\d+(?:ms|[smhdw]))+))?$/.exec(trimmed)
  if (relative) {
    let ms = now
    for (const [, n, unit] of (relative[1] ?? '').matchAll(/(\d+)(ms|[smhdw])/g)) ms -= Number(n) * (kUnits[unit!] ?? 0)
    return ms
  }
  if (/^\d{9,}(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000
  const ofToday = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed)
  if (ofToday) {
    const d = new Date(now)
    d.setHours(Number(ofToday[1]), Number(ofToday[2]), Number(ofToday[3] ?? 0), 0)
    return d.getTime()
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined
  const parsed = Date.parse(trimmed.replace(' ', 'T'))
  return Number.isNaN(parsed) ? undefined : parsed
}

// What people may type, told where something else was.
export const kMomentHint = 'Give now-3h, 14:05, 2026-01-31 12:00, or a time with its zone as in RFC 3339.'
