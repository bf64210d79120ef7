// What fires, what may soon, what was resolved; the history of all changes; acknowledging.
import type { Alert } from '../api'
import { useLive } from '../live'
import type { ViewProps } from '../main'
import { change as patch } from '../place'
import { AlertCard, mostUrgentFirst } from '../parts/alert_card'
import { Moment } from '../parts/bits'
import { Answer, Empty } from '../parts/states'
import { AckForm, Acks, type AckAnswer } from '../parts/acks'

interface AlertChange {
  time: string
  state: string
  labels: Record<string, string>
  summary: string
  note: string
}

const kRefresh = 10_000

// With `service` and `site` only their alerts, as the link to acknowledge one has it.
export function Alerts({ place }: ViewProps) {
  const [service, site] = [place.query.get('service'), place.query.get('site')]
  const isWanted = (a: Alert) => (!service || a.labels.service === service) && (!site || a.site === site)
  const live = useLive<{ alerts: Alert[] }>('/api/v1/alerts', kRefresh)
  const known = useLive<{ addresses: { path: string }[] }>('/api/v1')
  const ifKnown = (path: string) => (known.data?.addresses.some((a) => a.path === path) ? path : undefined)
  const history = useLive<{ total: number; changes: AlertChange[] }>(ifKnown('/api/v1/alerts/history'), kRefresh)
  const acks = useLive<AckAnswer>(ifKnown('/api/v1/acks'), kRefresh)
  const again = () => { live.again(); history.again(); acks.again() }
  return (
    <section>
      <h1>Alerts{service && <> of {service}</>}</h1>
      {(service || site) && <p><button type="button" class="small" onClick={() => patch({ service: undefined, site: undefined })}>all alerts</button></p>}
      <Answer live={live} what="The alerts" rows={6}>
        {(data) => !data.alerts.some(isWanted)
          ? <Empty title={service || site ? 'No such alert fires or is pending' : "No alert fires, none is pending"}><p>An alert begins when a site leaks or churns. <a href="/leaks">Leaks</a> shows what grows and may become one.</p></Empty>
          : (['firing', 'pending', 'resolved'] as const).map((state) => {
            const of = data.alerts.filter((a) => isWanted(a) && a.state === state && !(state === 'resolved' && isBack(a, data.alerts))).sort(mostUrgentFirst)
            if (of.length === 0) return null
            return (
              <div key={state}>
                <h2>{{ firing: 'Firing', pending: 'Pending', resolved: 'Lately resolved' }[state]}</h2>
                <div class="cards">
                  {of.map((alert) => (
                    <div key={JSON.stringify(alert.labels)}>
                      <AlertCard alert={alert} isWhole />
                      {acks.data && state !== 'resolved' && <AckForm site={alert.site} service={alert.labels.service ?? ''} isAcked={alert.muted !== undefined} onDone={again} />}
                    </div>
                  ))}
                </div>
              </div>
            )
          })}
      </Answer>
      {acks.data && <Acks acks={acks.data.acks} onChange={again} />}
      {ifKnown('/api/v1/alerts/history') && <>
        <h2>History</h2>
        <Answer live={history} what="The history" rows={6}>
          {(data) => {
            const changes = data.changes.filter((c) => !service || c.labels.service === service)
            return changes.length === 0
              ? <p class="muted">No alert{service && ` of ${service}`} has changed its state within the last 30 days.</p>
              : <HistoryTable changes={changes} left={data.total - data.changes.length} />
          }}
        </Answer>
      </>}
    </section>
  )
}

// Resolved for its receivers only, as one that was acknowledged is, or fired anew since.
const isBack = (resolved: Alert, all: Alert[]) =>
  all.some((a) => a.state !== 'resolved' && JSON.stringify(a.labels) === JSON.stringify(resolved.labels))

function HistoryTable({ changes, left }: { changes: AlertChange[]; left: number }) {
  return (
    <div class="table-holder">
      <table class="stacks-on-phone">
        <thead><tr><th>When</th><th>Became</th><th>Alert</th><th>Note</th></tr></thead>
        <tbody>
          {changes.map((c, i) => (
            <tr key={i}>
              <td data-name="When"><Moment at={c.time} /></td>
              <td data-name="Became"><span class={`became ${c.state}`}>{c.state}</span></td>
              <td data-name="Alert">{c.summary || `${c.labels.service ?? ''} ${c.labels.function ?? c.labels.alertname ?? ''}`}</td>
              <td data-name="Note" class="muted">{c.note}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p class="note">{left} older changes are kept; /api/v1/alerts/history?limit= tells more.</p>}
    </div>
  )
}
