// What stands where an answer is not there yet, is empty, has failed or has grown old. Each says what to do next.
import type { ComponentChildren } from 'preact'
import type { Live } from '../live'
import { useNow } from '../live'
import { duration } from '../units'

export function Loading({ what, rows = 4 }: { what: string; rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, i) => <span key={i} />)}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <h3>{title}</h3>
      {children}
    </div>
  )
}

export function Failed({ what, live, children }: { what: string; live: Partial<Pick<Live<unknown>, 'error' | 'again'>>; children?: ComponentChildren }) {
  return (
    <div class="state failed" role="alert">
      <h3>{what} could not be shown</h3>
      <p>{live.error?.message}</p>
      {live.again && <p><button type="button" onClick={live.again}>Try again</button></p>}
      {children}
    </div>
  )
}

// Above content whose refreshing fails: it is still worth reading, but its age must be known.
function Stale({ live }: { live: Live<unknown> }) {
  const now = useNow()
  if (!live.error || !live.at) return null
  return (
    <div class="stale" role="status">
      <span>These figures are {duration((now - live.at) / 1000)} old: {live.error.message}</span>
      <button type="button" class="small" onClick={live.again}>Try now</button>
    </div>
  )
}

// The four states of an answer in one: loading, failed, old, there.
export function Answer<T>({ live, what, rows, children }: {
  live: Live<T>
  what: string
  rows?: number
  children: (data: T) => ComponentChildren
}) {
  if (live.data === undefined) return live.error ? <Failed what={what} live={live} /> : <Loading what={what} rows={rows ?? 4} />
  return <><Stale live={live} />{children(live.data)}</>
}
