// Everything at a glance: what fires, then every service, the most pressing first.
import { useMemo } from 'preact/hooks'
import { address, type Alert, type Health, type JudgedSite, kNoteworthy, type Snapshots, type VerdictKind } from '../api'
import { useLive } from '../live'
import { kHealthWords } from '../names'
import { AlertCard, mostUrgentFirst } from '../parts/alert_card'
import { SiteName, Slope, Sparkline, VerdictBadge } from '../parts/bits'
import { Answer, Empty } from '../parts/states'
import { bytes, perHour, untilLimit } from '../units'

interface Service {
  service: string
  versions: string[]
  targets: Partial<Record<Health, number>>
  judged: number
  shown?: string
  failing: { target: string; instance: string; error: string }[]
  sites: Partial<Record<VerdictKind, number>>
  firing: number
  growth_bytes_per_second: number
  to_limit_low_seconds?: number
  to_limit_high_seconds?: number
  worst?: JudgedSite
}

const kRefresh = 10_000
const kHealths: Health[] = ['stopped', 'unknown', 'lost']

export function Overview() {
  const alerts = useLive<{ alerts: Alert[] }>('/api/v1/alerts', kRefresh)
  const services = useLive<{ services: Service[] }>('/api/v1/services', kRefresh)
  const firing = alerts.data?.alerts.filter((a) => a.state === 'firing').sort(mostUrgentFirst) ?? []
  return (
    <section>
      {firing.length > 0 && (
        <>
          <h1>{firing.length === 1 ? 'One alert fires' : `${firing.length} alerts fire`}</h1>
          <div class="cards">{firing.slice(0, 6).map((alert) => <AlertCard key={JSON.stringify(alert.labels)} alert={alert} />)}</div>
          {firing.length > 6 && <p><a href="/alerts">and {firing.length - 6} more</a></p>}
        </>
      )}
      {firing.length === 0 && alerts.data && <h1>No alert fires</h1>}
      <h2>Services</h2>
      <Answer live={services} what="The services" rows={6}>
        {(data) => data.services.length === 0
          ? <Empty title="Nothing is watched yet"><p>Name targets under <code>scrape_configs</code> in the configuration, then send SIGHUP: it is read again without a restart.</p></Empty>
          : <ServiceTable services={data.services} />}
      </Answer>
    </section>
  )
}

function ServiceTable({ services }: { services: Service[] }) {
  return (
    <div class="table-holder">
      <table class="roomy stacks-on-phone">
        <thead><tr><th>Service</th><th>Sites</th><th class="right">Grows by</th><th class="right">Limit in</th><th>Live heap, 6 h</th><th>Most pressing</th><th>Targets</th></tr></thead>
        <tbody>{services.map((s) => <ServiceRow key={s.service} of={s} />)}</tbody>
      </table>
    </div>
  )
}

function ServiceRow({ of: s }: { of: Service }) {
  const others = kHealths.filter((health) => s.targets[health])
  // A replica alone may show no more than a plateau of what all together leak.
  const isPressing = s.worst?.verdict !== 'plateau' || s.sites.leak || s.sites.growing
  return (
    <tr>
      <td data-name="Service"><a class="strong" href={address('/leaks', { service: s.service })}>{s.service}</a> <small>{s.versions.join(', ')}</small></td>
      <td data-name="Sites">
        {kNoteworthy.filter((kind) => s.sites[kind]).map((kind) => <span key={kind} class="counted">{s.sites[kind]} <VerdictBadge kind={kind} /></span>)}
        {kNoteworthy.every((kind) => !s.sites[kind]) && <span class="muted">{s.judged > 0 ? 'all stable' : s.targets.up ? 'too early to tell' : 'not seen'}</span>}
      </td>
      <td data-name="Grows by" class="right number" title="Sum over the sites that leak or grow, on all replicas">
        {s.growth_bytes_per_second > 0 ? `+${perHour(s.growth_bytes_per_second)}` : <span class="muted">–</span>}</td>
      <td data-name="Limit in" class="right number">{untilLimit(s.to_limit_low_seconds, s.to_limit_high_seconds) ?? <span class="muted">–</span>}</td>
      <td data-name="Live heap">{s.shown ? <HeapSpark target={s.shown} /> : <span class="muted">–</span>}</td>
      <td data-name="Most pressing">{s.worst && isPressing
        ? <a href={address('/site', { target: s.worst.target, site: s.worst.site.id })}><SiteName site={s.worst.site} /> <Slope of={s.worst} /></a>
        : <span class="muted">–</span>}</td>
      <td data-name="Targets">
        <a href={address('/targets', { filter: s.service })}>{s.targets.up ?? 0} of {Object.values(s.targets).reduce((a, b) => a + b, 0)} up</a>
        {others.length > 0 && <small class="below">{others.map((health) => `${s.targets[health]} ${kHealthWords[health]}`).join(', ')}</small>}
        {s.failing.map((f) => <small key={f.target} class="failing" title={f.error}>{f.instance}: {f.error || 'down'}</small>)}
      </td>
    </tr>
  )
}

function HeapSpark({ target }: { target: string }) {
  const live = useLive<Snapshots>(address('/api/v1/snapshots', { target, from: 'now-6h', points: 80 }), 60_000)
  const values = useMemo(() => live.data?.snapshots.map((s) => s.inuse_bytes ?? null) ?? [], [live.data])
  if (!live.data) return <span class="spark" />
  const last = values.at(-1)
  return <><Sparkline values={values} label="Live heap over the last six hours" /> {last != null && <small class="number">{bytes(last)}</small>}</>
}
