// One site: its memory and its rate of allocation over time, what is made of them, and where it is called from.
import { useEffect, useMemo } from 'preact/hooks'
import { address, type JudgedSite, type Site, type TreeAnswer, type Verdict } from '../api'
import { useLive } from '../live'
import type { ViewProps } from '../main'
import { clock, millis, rfc3339 } from '../moment'
import { instanceOf, serviceOf, shortFile, shortName } from '../names'
import { change as patch, go } from '../place'
import { bytes, duration, percent, perHour, perSecond, untilLimit } from '../units'
import { FlameGraph } from '../flame/flame_graph'
import { kMeaning, Segmented, Slope, Sparkline, VerdictBadge } from '../parts/bits'
import { SiteAck } from '../parts/acks'
import { SiteCharts, type Series } from '../parts/site_charts'
import { Answer, Empty, Failed, Loading } from '../parts/states'

const kRefresh = 15_000
const kRanges: [string, string][] = [['1h', '1 h'], ['6h', '6 h'], ['1d', '1 d'], ['3d', '3 d']]

export function SiteView({ place }: ViewProps) {
  const q = place.query
  const id = q.get('site') ?? ''
  const service = q.get('service') ?? ''
  const sites = useLive<{ sites: JudgedSite[] }>(id ? address('/api/v1/sites', { site: id, service, limit: 500 }) : undefined, kRefresh)
  const target = q.get('target') ?? sites.data?.sites[0]?.target ?? ''
  const judged = sites.data?.sites.find((s) => s.target === target || s.labels.instance === target)
  if (!id) return <Empty title="Which site?"><p><a href="/leaks">Leaks</a> lists those that grow or churn.</p></Empty>
  if (!target)
    return sites.data
      ? <Empty title="This site is not judged now"><p>No target{service && ` of ${service}`} that is watched has it. A link that also names the target shows its history all the same.</p></Empty>
      : sites.error ? <Failed what="The site" live={sites} /> : <Loading what="the site" rows={8} />
  return <OneSite key={target} query={q} id={id} target={target} judged={judged} found={sites.data?.sites ?? []} />
}

function OneSite({ query, id, target, judged, found }: {
  query: URLSearchParams
  id: string
  target: string
  judged: JudgedSite | undefined
  found: JudgedSite[] // on all targets that have it
}) {
  const from = query.get('from') ?? ''
  const to = query.get('to') ?? ''
  const stretch = from || defaultStretch(judged)
  const series = useLive<Series>(stretch ? address('/api/v1/series', { target, site: id, from: stretch, to }) : undefined, to ? 0 : kRefresh)
  const data = series.data
  const site = data?.site ?? judged?.site
  const labels = data?.labels ?? judged?.labels ?? {}
  const replicas = found.filter((r) => serviceOf(r.labels) === serviceOf(labels) && r.labels.job === labels.job)
  const name = site && shortName(site.function)
  useEffect(() => {
    if (name) document.title = `${name} · Heapwatch`
  }, [name])
  return (
    <section>
      <SiteHead site={site} labels={labels} judged={judged} service={serviceOf(labels)} />
      {judged && <Evidence of={judged} />}
      <div class="card">
        <div class="controls">
          <Segmented label="Stretch of time" value={kRanges.find(([name]) => from === `now-${name}`)?.[0] ?? ''}
            onChange={(to) => patch({ from: `now-${to}`, to: undefined })} options={kRanges} />
          <button type="button" class="small" onClick={() => patch({ from: rfc3339(data!.times_unix_ms[0]!), to: rfc3339(data!.times_unix_ms.at(-1)!) })}
            disabled={!data?.times_unix_ms.length} title="Put the present stretch into the address, to be sent to a colleague">pin this stretch</button>
          {data && data.times_unix_ms.length > 0 && <span class="muted">{clock(data.times_unix_ms[0]!)} to {clock(data.times_unix_ms.at(-1)!)}</span>}
        </div>
        <Answer live={series} what="The course of the site" rows={10}>
          {(answer) => answer.times_unix_ms.length < 2
            ? <Empty title="Nothing was seen in this stretch of time"><p>Choose a longer one.</p></Empty>
            : <SiteCharts series={answer} judged={judged} />}
        </Answer>
      </div>
      {replicas.length > 1 && <Replicas id={id} target={target} replicas={replicas} from={stretch ?? 'now-6h'} />}
      <div class="card">
        <h2>The calls that lead here</h2>
        <Callers target={target} id={id} query={query} at={data?.times_unix_ms.at(-1)} />
      </div>
    </section>
  )
}

// What the verdict rests on, and somewhat before it.
function defaultStretch(judged: JudgedSite | undefined): string {
  if (!judged) return 'now-6h'
  const length = millis(judged.to) - millis(judged.from)
  return rfc3339(Math.floor((millis(judged.from) - Math.max(length * 0.3, 60_000)) / 60_000) * 60_000)
}

function SiteHead({ site, labels, judged, service }: { site: Site | undefined; labels: Record<string, string>; judged: JudgedSite | undefined; service: string }) {
  const line = site?.line ? `:${site.line_is_relative ? '+' : ''}${site.line}` : ''
  return (
    <header class="headline">
      <h1>{judged && <VerdictBadge kind={judged.verdict} />} <code title={site?.function}>{site ? shortName(site.function) : '…'}</code>
        {site?.file && <small title={site.file}> {shortFile(site.file)}{line}</small>}</h1>
      <p class="lead">
        {judged ? <><Slope of={judged} /> on {service} <code>{instanceOf(labels)}</code>{labels.version && ` ${labels.version}`}. {kMeaning[judged.verdict]}</>
          : <>On {service} <code>{instanceOf(labels)}</code>. It is not judged at present.</>}
      </p>
    </header>
  )
}

function Evidence({ of: v }: { of: JudgedSite }) {
  const limit = untilLimit(v.to_limit_low_seconds, v.to_limit_high_seconds)
  const isChurn = v.verdict === 'churn'
  const facts: [string, string | undefined, string?][] = [
    ['live now', bytes(v.inuse_bytes)],
    ['grew', isChurn ? undefined : `${bytes(v.growth_bytes)}${v.growth_standard_error_bytes === undefined ? '' : ` ± ${bytes(v.growth_standard_error_bytes)}`} in ${duration((millis(v.to) - millis(v.from)) / 1000)}`, 'with the standard error of sampling'],
    ['above the noise', v.z === undefined || isChurn ? undefined : `${v.z.toFixed(1)} standard errors`],
    ['slope, 95 %', isChurn || v.slope_low_bytes_per_second === undefined ? undefined : `${perHour(v.slope_low_bytes_per_second)} to ${perHour(v.slope_high_bytes_per_second ?? v.slope_bytes_per_second)}`],
    ['allocates', v.alloc_bytes_per_second === undefined ? undefined : perSecond(v.alloc_bytes_per_second)],
    ['stays of what is allocated', v.retention === undefined ? undefined : percent(v.retention)],
    ['limit reached in', isChurn ? undefined : limit, 'by the process, at the slope of this site'],
  ]
  return (
    <div class="card evidence">
      <p><b>Why:</b> {v.reason}.</p>
      <dl class="facts inline">
        {facts.map(([name, value, hint]) => value !== undefined && <div key={name} title={hint}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <p><a class="button main" href={address('/diff', { target: v.target, t0: v.from, t1: v.to, sample_type: isChurn ? 'alloc_space' : undefined, site: v.site.id })}>
        What changed in the whole heap between {clock(millis(v.from))} and {clock(millis(v.to))}</a></p>
      <SiteAck site={v.site.id} service={serviceOf(v.labels)} />
    </div>
  )
}

// The same site on the others: one small chart each, on one scale.
function Replicas({ id, target, replicas, from }: { id: string; target: string; replicas: JudgedSite[]; from: string }) {
  const rising = replicas.filter((r) => r.verdict === 'leak' || r.verdict === 'growing').length
  return (
    <div class="card">
      <h2>On {replicas.length} replicas <small>{rising === replicas.length ? 'all of them grow' : `${rising} of them grow (${percent(rising / replicas.length)})`}</small></h2>
      <div class="multiples">
        {replicas.slice(0, 24).map((r) => (
          <a key={r.target} href={address('/site', { target: r.target, site: id })} aria-current={r.target === target ? 'true' : undefined}>
            <ReplicaSpark target={r.target} id={id} from={from} />
            <span>{instanceOf(r.labels)} <small>{r.labels.version}</small></span>
            <span><VerdictBadge kind={r.verdict} /> <small class="number">{summary(r)}</small></span>
          </a>
        ))}
      </div>
      {replicas.length > 24 && <p class="note">{replicas.length - 24} more are not drawn.</p>}
    </div>
  )
}

const summary = (v: Verdict) => (v.verdict === 'churn' ? perSecond(v.alloc_bytes_per_second ?? 0) : perHour(v.slope_bytes_per_second))

function ReplicaSpark({ target, id, from }: { target: string; id: string; from: string }) {
  const live = useLive<{ sites: Record<string, (number | null)[]> }>(address('/api/v1/sparklines', { target, sites: id, from, points: 60 }))
  const values = useMemo(() => live.data?.sites[id] ?? [], [live.data])
  return live.data ? <Sparkline values={values} label="Live memory of the site on this replica" /> : <span class="spark" />
}

function Callers({ target, id, query, at }: { target: string; id: string; query: URLSearchParams; at: number | undefined }) {
  const node = query.get('node') ?? ''
  const url = at === undefined ? undefined : address('/api/v1/tree', { target, t: rfc3339(at), site: id, node })
  const tree = useLive<TreeAnswer>(url)
  return (
    <Answer live={at === undefined ? { ...tree, loading: true } : tree} what="The calls" rows={5}>
      {(data) => data.tree.nodes.id.length <= 1 && !node
        ? <p class="muted">Nothing that was allocated here is live at {at === undefined ? 'this moment' : clock(at)}.</p>
        : <FlameGraph answer={data} isDiff={false} isStale={tree.loading} node={node} searched="" onZoom={(to) => patch({ node: to })}
            onFilter={(name) => go(address('/snapshot', { target, t: data.after.time ?? undefined, filter: name }))} />}
    </Answer>
  )
}
