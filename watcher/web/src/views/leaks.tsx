// The sites that grow or churn, the most pressing first, each with its course and why it is judged so.
import { useEffect, useMemo, useState } from 'preact/hooks'
import { address, ask, type JudgedSite, kNoteworthy, type VerdictKind } from '../api'
import { useLive } from '../live'
import type { ViewProps } from '../main'
import { millis } from '../moment'
import { instanceOf, serviceOf } from '../names'
import { change as patch } from '../place'
import { kMeaning, Quantity, SiteName, Slope, Sparkline, VerdictBadge } from '../parts/bits'
import { Answer, Empty } from '../parts/states'
import { duration, untilLimit } from '../units'

const kRefresh = 10_000
const kMostTargets = 24 // whose courses are drawn
const kMostAsked = 1000
const kMostShown = 200

interface Sites {
  evaluated: string
  total: number
  sites: JudgedSite[]
}

export function Leaks({ place }: ViewProps) {
  const service = place.query.get('service') ?? ''
  const shown = (place.query.get('verdict')?.split(',') as VerdictKind[] | undefined) ?? kNoteworthy
  const live = useLive<Sites>(address('/api/v1/sites', { verdict: shown.join(','), service, limit: kMostAsked }), kRefresh)
  const toggle = (kind: VerdictKind) => {
    const next = shown.includes(kind) ? shown.filter((k) => k !== kind) : kNoteworthy.filter((k) => k === kind || shown.includes(k))
    patch({ verdict: next.length === kNoteworthy.length || next.length === 0 ? undefined : next.join(',') })
  }
  return (
    <section>
      <h1>Sites that grow or churn{service && <> in {service}</>}</h1>
      <div class="controls">
        <div class="toggles" role="group" aria-label="Verdicts shown">
          {kNoteworthy.map((kind) => (
            <button key={kind} type="button" class="toggle" aria-pressed={shown.includes(kind)} title={kMeaning[kind]} onClick={() => toggle(kind)}>
              <VerdictBadge kind={kind} />
            </button>
          ))}
        </div>
        {service && <button type="button" class="small" onClick={() => patch({ service: undefined })}>all services</button>}
      </div>
      <Answer live={live} what="The sites" rows={8}>
        {(data) => data.sites.length === 0 ? <NothingGrows evaluated={data.evaluated} /> : <SiteTable data={data} />}
      </Answer>
    </section>
  )
}

function NothingGrows({ evaluated }: { evaluated: string }) {
  const isEarly = millis(evaluated) <= 0
  return (
    <Empty title={isEarly ? 'Nothing has been judged yet' : 'Nothing grows'}>
      <p>{isEarly
        ? 'A target is judged once it has been watched through its warm-up.'
        : 'No site of what is shown here leaks, grows, churns or has levelled off, as far as has been seen.'}</p>
      <p><a href="/targets">See how scraping goes</a> or <a href="/diff">compare two moments</a> by hand.</p>
    </Empty>
  )
}

// A site of a service, by its most pressing replica.
interface Row {
  of: JudgedSite
  replicas: number
}

// What a fleet says of one site stands in one row.
function rowsOf(sites: JudgedSite[]): Row[] {
  const rows = new Map<string, Row>()
  for (const s of sites) {
    const key = JSON.stringify([serviceOf(s.labels), s.labels.job, s.site.id, s.verdict])
    const row = rows.get(key)
    if (row) row.replicas++
    else rows.set(key, { of: s, replicas: 1 })
  }
  return [...rows.values()]
}

function SiteTable({ data }: { data: Sites }) {
  const all = useMemo(() => rowsOf(data.sites), [data])
  const rows = all.slice(0, kMostShown)
  const courses = useCourses(rows.map((row) => row.of))
  return (
    <>
      <div class="table-holder">
        <table class="roomy stacks-on-phone">
          <thead><tr><th>Verdict</th><th>Site</th><th>Course</th><th class="right">Slope, 95 %</th><th class="right">Live</th><th class="right">Limit in</th><th>Why</th><th>On</th></tr></thead>
          <tbody>
            {rows.map(({ of: s, replicas }) => (
              <tr key={s.target + s.site.id}>
                <td data-name="Verdict"><VerdictBadge kind={s.verdict} /><small class="below">for {duration((millis(s.to) - millis(s.from)) / 1000)}</small></td>
                <td data-name="Site"><a href={address('/site', { target: s.target, site: s.site.id })}><SiteName site={s.site} /></a></td>
                <td data-name="Course">{courses.has(s.target) ? <Sparkline values={courses.get(s.target)![s.site.id] ?? []} label="Live memory over the window of the verdict" /> : <span class="spark" />}</td>
                <td data-name="Slope" class="right"><Slope of={s} /></td>
                <td data-name="Live" class="right"><Quantity value={s.inuse_bytes} /></td>
                <td data-name="Limit in" class="right number">{(s.verdict === 'leak' || s.verdict === 'growing') && untilLimit(s.to_limit_low_seconds, s.to_limit_high_seconds) || <span class="muted">–</span>}</td>
                <td data-name="Why" class="why">{s.reason}</td>
                <td data-name="On">{serviceOf(s.labels)} <small>{instanceOf(s.labels)} {s.labels.version}</small>
                  {replicas > 1 && <a class="below" href={address('/site', { service: serviceOf(s.labels), site: s.site.id })}>and {replicas - 1} more</a>}
                  <a class="below" href={address('/diff', { target: s.target, t0: s.from, t1: s.to, sample_type: s.verdict === 'churn' ? 'alloc_space' : undefined, site: s.site.id })}>what changed</a></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(rows.length < all.length || data.total > data.sites.length) && <p class="note">Less pressing ones are not shown; choose a service or a verdict.</p>}
    </>
  )
}

// Target -> site -> values: one question for each target, of the courses of all its sites that are shown.
function useCourses(sites: JudgedSite[]): Map<string, Record<string, (number | null)[]>> {
  const questions = useMemo(() => {
    const byTarget = new Map<string, JudgedSite[]>()
    for (const site of sites) byTarget.set(site.target, [...(byTarget.get(site.target) ?? []), site])
    return [...byTarget].slice(0, kMostTargets).map(([target, of]) => address('/api/v1/sparklines', {
      target, points: 60, sites: of.map((s) => s.site.id).join(','),
      from: of.map((s) => s.from).sort()[0],
    }))
  }, [sites.map((s) => s.target + s.site.id + s.from).join()])
  const live = useLiveAll<{ target: string; sites: Record<string, (number | null)[]> }>(questions)
  return useMemo(() => new Map(live.map((answer) => [answer.target, answer.sites])), [live])
}

function useLiveAll<T>(urls: string[]): T[] {
  const [answers, setAnswers] = useState<T[]>([])
  useEffect(() => {
    const aborter = new AbortController()
    let kept: T[] = []
    void (async () => {
      for (const url of urls) {
        try {
          kept = [...kept, await ask<T>(url, aborter.signal)]
          setAnswers(kept)
        } catch {
          if (aborter.signal.aborted) return // else: a course that cannot be had is left out
        }
      }
    })()
    return () => aborter.abort()
  }, [urls.join()])
  return answers
}
