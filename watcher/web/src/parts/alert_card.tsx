// One alert: what, how fast, since when, and where to look.
import { address, type Alert } from '../api'
import { millis } from '../moment'
import { duration } from '../units'
import { useNow } from '../live'

// Pages before tickets; otherwise they keep their order.
export const mostUrgentFirst = (a: Alert, b: Alert) => Number(b.labels.severity === 'page') - Number(a.labels.severity === 'page')

interface Look {
  target: string
  t0: string
  t1: string
  sample_type?: string
}

// The two heaps an alert rests on: as it tells them, or as the link it was sent with has them.
function evidenceOf(alert: Alert): Look | undefined {
  const e = alert.evidence
  if (e) return { target: e.target, t0: e.from, t1: e.to, sample_type: e.sample_type }
  try {
    const query = new URL(alert.annotations.diff_url ?? '', window.location.origin).searchParams
    const [target, t0, t1] = ['target', 't0', 't1'].map((name) => query.get(name))
    const type = query.get('sample_type')
    return target && t0 && t1 ? { target, t0, t1, ...(type ? { sample_type: type } : {}) } : undefined
  } catch {
    return undefined // not an address
  }
}

export function AlertCard({ alert, isWhole = false }: { alert: Alert; isWhole?: boolean }) {
  const now = useNow(10_000)
  const look = evidenceOf(alert)
  const isChurn = alert.labels.alertname === 'HeapGCChurn' || look?.sample_type === 'alloc_space'
  const why = /^Why: (.*)$/m.exec(alert.annotations.description ?? '')?.[1]
  const ago = (time: string) => duration((now - millis(time)) / 1000)
  return (
    <article class={`alert-card ${isChurn ? 'churn' : 'leak'} ${alert.state}`}>
      <h3>{alert.annotations.summary ?? alert.labels.alertname}</h3>
      {why && <p>{why}</p>}
      <p class="alert-foot">
        {look && <a class="button main" href={address('/diff', { ...look, site: alert.site })}>{isChurn ? 'See what is allocated' : 'See what grew'}</a>}
        {look && alert.site && <a class="button" href={address('/site', { target: look.target, site: alert.site })}>Look at the site</a>}
        <span class="muted">
          {alert.labels.severity && <span class={`severity ${alert.labels.severity}`}>{alert.labels.severity}</span>}
          {alert.state === 'firing' && alert.firing_since && <> firing for {ago(alert.firing_since)}</>}
          {alert.state === 'pending' && <> pending for {ago(alert.pending_since)}</>}
          {alert.state === 'resolved' && alert.resolved_at && <> resolved {ago(alert.resolved_at)} ago</>}
          {alert.muted && <> · acknowledged by {alert.muted.by}: {alert.muted.reason}</>}
        </span>
      </p>
      {isWhole && alert.annotations.description && (
        <details><summary>The whole message</summary><pre>{alert.annotations.description}</pre></details>
      )}
    </article>
  )
}
