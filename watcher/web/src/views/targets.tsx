// Who is watched and how scraping goes; and what is kept of those that are gone.
import type { DroppedTarget, Health, Target } from '../api'
import { address } from '../api'
import type { ViewProps } from '../main'
import { Ago } from '../parts/bits'
import { Answer, Empty } from '../parts/states'
import { inOrder, isWantedBy, TargetFilter, useTargets } from '../parts/target_choice'
import { instanceOf, kHealthWords, serviceOf } from '../names'
import { bytes, count, duration } from '../units'

export function Targets({ place }: ViewProps) {
  const live = useTargets(10_000)
  const filter = place.query.get('filter') ?? ''
  return (
    <section>
      <h1>Targets</h1>
      <TargetFilter value={filter} />
      <Answer live={live} what="The targets" rows={8}>
        {(data) => {
          if (data.active.length + data.gone.length === 0)
            return <Empty title="Nothing is watched yet"><p>Name targets under <code>scrape_configs</code> in the configuration, then send SIGHUP.</p></Empty>
          const rank = (t: Target) => (t.health === 'down' ? 0 : t.health === 'up' ? 2 : 1)
          const active = inOrder(data.active.filter(isWantedBy(filter))).sort((a, b) => rank(a) - rank(b))
          const gone = inOrder(data.gone.filter(isWantedBy(filter)))
          return <>
            {data.discovery.filter((d) => d.last_error).map((d) => (
              <p key={d.job + d.mechanism + d.place} class="error">Discovery of job {d.job} by {d.mechanism} fails, the targets found before stay: {d.last_error}</p>
            ))}
            <TargetTable targets={active} />
            <Dropped targets={data.dropped.filter((d) => isWantedBy(filter)({ labels: d.discovered_labels }))} />
            {gone.length > 0 && <><h2>No longer watched, history kept</h2><TargetTable targets={gone} isGone /></>}
          </>
        }}
      </Answer>
    </section>
  )
}

const kMostDropped = 200

// Whoever misses a target finds here what became of it.
function Dropped({ targets }: { targets: DroppedTarget[] }) {
  if (targets.length === 0) return null
  return (
    <details>
      <summary>{count(targets.length)} found and not watched</summary>
      <table class="roomy stacks-on-phone">
        <thead><tr><th>Job</th><th>Found</th><th>Why not</th></tr></thead>
        <tbody>
          {targets.slice(0, kMostDropped).map((d, i) => (
            <tr key={i}>
              <td data-name="Job">{d.job}</td>
              <td data-name="Found"><code>{d.discovered_labels.__address__}</code><small class="below">{Object.entries(d.discovered_labels).filter(([n]) => n !== '__address__').map(([n, v]) => `${n}=${v}`).join(' ')}</small></td>
              <td data-name="Why not">{d.message || (d.reason === 'relabelling' ? 'relabel_configs drop it' : d.reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {targets.length > kMostDropped && <p class="note">{count(targets.length - kMostDropped)} more are not shown.</p>}
    </details>
  )
}

function TargetTable({ targets, isGone = false }: { targets: Target[]; isGone?: boolean }) {
  if (targets.length === 0) return <p class="muted">None fits.</p>
  return (
    <div class="table-holder">
      <table class="roomy stacks-on-phone">
        <thead><tr><th>Health</th><th>Target</th><th>Last scrape</th><th class="right">Took</th><th class="right">Body</th><th class="right">Sites</th><th class="right">Failed</th><th class="right">Process</th><th>History</th></tr></thead>
        <tbody>
          {targets.map((t) => (
            <tr key={t.id}>
              <td data-name="Health"><HealthBadge of={isGone ? 'gone' : t.health ?? 'unknown'} /></td>
              <td data-name="Target"><span class="strong">{serviceOf(t.labels)}</span> <code title={t.url}>{instanceOf(t.labels)}</code>
                <small class="below">{Object.entries(t.labels).filter(([n]) => n !== 'instance' && n !== 'service').map(([n, v]) => `${n}=${v}`).join(' ')}</small>
                {t.stopped
                  ? <span class="error">stopped by {t.stopped.by} <Ago at={t.stopped.since} />: {t.stopped.reason}</span>
                  : (t.last_error || t.metrics_error) && <span class="error">{t.last_error || t.metrics_error}</span>}</td>
              <td data-name="Last scrape">{t.last_scrape ? <Ago at={t.last_scrape} /> : <span class="muted">–</span>}
                {t.interval_ms !== undefined && !t.stopped && <small class="below" title={t.stretched?.message}>{t.stretched
                  ? <>every {duration(t.stretched.interval_ms / 1000)} instead of {duration(t.interval_ms / 1000)}: {t.stretched.message}</>
                  : <>every {duration(t.interval_ms / 1000)}</>}</small>}</td>
              <td data-name="Took" class="right number">{t.last_scrape_duration_ms === undefined ? '–' : `${t.last_scrape_duration_ms} ms`}</td>
              <td data-name="Body" class="right number">{t.last_body_bytes === undefined ? '–' : bytes(t.last_body_bytes)}</td>
              <td data-name="Sites" class="right number">{t.sites === undefined ? '–' : count(t.sites)}</td>
              <td data-name="Failed" class="right number">{t.scrapes === undefined ? '–' : `${count(t.failures ?? 0)} of ${count(t.scrapes)}`}</td>
              <td data-name="Process" class="right number"><ProcessFigures of={t} /></td>
              <td data-name="History">{t.history
                ? <><a href={address('/snapshot', { target: t.id })}>{count(t.history.snapshots)} snapshots</a><small class="below">since <Ago at={t.history.first} /> · <a href={address('/diff', { target: t.id })}>compare</a></small></>
                : <span class="muted">none yet</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

// What the process says of itself, and its limit.
function ProcessFigures({ of: t }: { of: Target }) {
  const { resident_memory_bytes: resident, memory_limit_bytes: limit, gc_cpu_share: gc } = t
  if (resident === undefined && limit === undefined) return <span class="muted">–</span>
  const below = [resident !== undefined && limit !== undefined && `of ${bytes(limit)}`, gc !== undefined && `collector ${(100 * gc).toFixed(gc < 0.0995 ? 1 : 0)} % of CPU`]
  return <><span title="resident memory, as its own metrics tell">{resident === undefined ? `limit ${bytes(limit!)}` : bytes(resident)}</span>
    <small class="below">{below.filter(Boolean).join(' · ')}</small></>
}

function HealthBadge({ of }: { of: Health | 'gone' }) {
  const marks = { up: '●', down: '▼', unknown: '○', stopped: '■', lost: '–', gone: '–' }
  return <span class={`health ${of}`}>{marks[of]} {kHealthWords[of]}</span>
}
