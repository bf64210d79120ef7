// What changed between two moments, of one target or of two: the heart of the page.
import { useEffect, useMemo } from 'preact/hooks'
import { address, type Diff, type History, type Snapshots, type TreeAnswer } from '../api'
import type { ViewProps } from '../main'
import { useLive, type Live } from '../live'
import { clock, millis, pinned, rfc3339 } from '../moment'
import { instanceOf, serviceOf, shortName } from '../names'
import { change as patch } from '../place'
import { change as changeText, duration, percent, quantity } from '../units'
import { FlameGraph } from '../flame/flame_graph'
import { Segmented } from '../parts/bits'
import { Changes, type By } from '../parts/changes'
import { Downloads } from '../parts/downloads'
import { MomentField, Moments } from '../parts/moments'
import { obstacleOf, pin, rangeShown, useHistory } from '../parts/pinned'
import { Answer, Empty, Failed, Loading } from '../parts/states'
import { HeapControls } from '../parts/heap_controls'
import { isNamed, isWantedBy, listOf, TargetChoice, TargetFilter, useTargets, type TargetList } from '../parts/target_choice'

const kFewTargets = 8 // seen at one glance

export function DiffView({ place }: ViewProps) {
  const q = place.query
  const targets = useTargets()
  const target = q.get('target') ?? ''
  if (!target) return <Choose targets={targets} filter={q.get('filter') ?? ''} />
  return <Compared key={`${target} ${q.get('target1') ?? ''}`} query={q} targets={targets} />
}

function Choose({ targets, filter }: { targets: Live<TargetList>; filter: string }) {
  return (
    <section>
      <h1>Compare two moments</h1>
      <p class="lead">Choose whose heap to look at; then pick the moments on its chart.</p>
      <Answer live={targets} what="The list of targets">
        {(data) => {
          const known = listOf(data).filter((t) => t.history)
          if (known.length === 0)
            return <Empty title="There is no snapshot yet"><p>Heaps can be compared once a target has been scraped twice. <a href="/targets">Targets</a> tells how scraping goes.</p></Empty>
          return <>
            {known.length > kFewTargets && <TargetFilter value={filter} />}
            <ul class="choices">
              {known.filter(isWantedBy(filter)).map((t) => (
                <li key={t.id}><a href={address('/diff', { target: t.id })}>{serviceOf(t.labels)} <code>{instanceOf(t.labels)}</code> {t.labels.version}
                  <small>{t.history!.snapshots.toLocaleString('en-US')} snapshots since {clock(millis(t.history!.first))}</small></a></li>
              ))}
            </ul>
          </>
        }}
      </Answer>
    </section>
  )
}

function Compared({ query, targets }: { query: URLSearchParams; targets: Live<TargetList> }) {
  const target = query.get('target')!
  const target1 = query.get('target1') ?? ''
  const site = query.get('site') ?? '' // what the diff was asked for, as by an alert
  const known = listOf(targets.data)
  const before = useHistory(target, targets)
  const after = useHistory(target1 || target, targets)
  usePinnedMoments(query, before.history, after.history)

  const t0 = pinned(query.get('t0'))
  const t1 = pinned(query.get('t1'))
  const isReady = !Number.isNaN(t0) && !Number.isNaN(t1)
  const range = useMemo(() => rangeShown(query) ?? around(t0, t1), [query.get('start'), query.get('end'), t0, t1])
  const span = isReady ? { from: rfc3339(range[0]), to: rfc3339(range[1]) } : undefined
  const heap0 = useLive<Snapshots>(span && address('/api/v1/snapshots', { target, ...span }))
  const heap1 = useLive<Snapshots>(span && target1 ? address('/api/v1/snapshots', { target: target1, ...span }) : undefined)

  const pair = {
    target, target1, t0: query.get('t0') ?? '', t1: query.get('t1') ?? '',
    sample_type: query.get('sample_type') ?? '', normalize: query.get('normalize') === '1',
  }
  const view = { from: query.get('from_leaf') === '1' ? 'leaf' : undefined, filter: query.get('filter') ?? '' }
  const node = query.get('node') ?? ''
  const tree = useLive<TreeAnswer>(isReady ? address('/api/v1/tree', { ...pair, ...view, node }) : undefined)
  const diff = useLive<Diff>(isReady ? address('/api/v1/diff', { ...pair, format: 'json', top: 500 }) : undefined)

  const pick = (which: number, ms: number, isStep = false) =>
    patch({ [which === 0 ? 't0' : 't1']: rfc3339(ms), start: rfc3339(range[0]), end: rfc3339(range[1]), node: undefined }, isStep)
  const name = (id: string) => instanceOf(known.find(isNamed(id))?.labels ?? { instance: id })
  const sources = useMemo(
    () => [
      ...(heap0.data ? [{ label: name(target), snapshots: heap0.data }] : []),
      ...(target1 && heap1.data ? [{ label: name(target1), snapshots: heap1.data }] : []),
    ],
    [heap0.data, heap1.data, target1, known.length],
  )

  const headline = <Headline diff={diff.data} about={site} instance={name(target)} other={target1 ? name(target1) : undefined} />
  const obstacle = isReady ? undefined : obstacleOf([query.get('t0'), query.get('t1')], [before, after])
  if (obstacle)
    return (
      <section>
        {headline}
        <Failed what="What changed" live={obstacle}>
          <p><a href="/diff">Choose whose heap to compare</a></p>
        </Failed>
      </section>
    )
  return (
    <section class="diff">
      {headline}
      <div class="card">
        <div class="controls">
          <TargetChoice label="Before, on" value={target} targets={known} onPick={(id) => patch({ target: id, node: undefined })} />
          <MomentField label="at" at={isReady ? t0 : undefined} onPick={(ms) => pick(0, ms)} />
          <TargetChoice label="After, on" value={target1 || target} targets={known} onPick={(id) => patch({ target1: id === target ? undefined : id, node: undefined })} />
          <MomentField label="at" at={isReady ? t1 : undefined} onPick={(ms) => pick(1, ms)} />
          <RangeChoice history={before.history} now={Date.now()} />
        </div>
        {heap0.error ? <Failed what="The heap over time" live={heap0} />
          : sources.length === (target1 ? 2 : 1) && isReady
            ? <Moments sources={sources} range={range} onPick={pick}
                handles={[{ name: 'before', at: t0, source: 0 }, { name: 'after', at: t1, source: target1 ? 1 : 0 }]} />
            : <Loading what="the heap over time" rows={4} />}
      </div>
      <div class="card">
        <HeapControls query={query} isDiff />
        {tree.data === undefined
          ? tree.error ? <Failed what="The flame graph" live={tree} /> : <Loading what="the flame graph" rows={8} />
          : <>
              {tree.error && <Failed what="This part" live={tree} />}
              <FlameGraph answer={tree.data} isDiff isStale={tree.loading} node={node} searched={query.get('q') ?? ''}
                onZoom={(to) => patch({ node: to })} onFilter={(to) => patch({ filter: to, node: undefined })} />
            </>}
        {tree.data?.notes.map((note) => <p key={note} class="note">{note}</p>)}
      </div>
      <div class="card">
        <div class="controls">
          <Segmented<By> label="Rows of the table" value={(query.get('by') as By | null) ?? 'site'} onChange={(by) => patch({ by, sort: undefined })}
            options={[['site', 'Sites'], ['function', 'Functions'], ['stack', 'Stacks']]} />
          <Downloads pair={pair} />
        </div>
        <Answer live={diff} what="The table" rows={8}>
          {(data) => <Changes diff={data} by={(query.get('by') as By | null) ?? 'site'} isDiff filter={view.filter}
            sort={query.get('sort') ?? ''} target={target1 || target} about={site} />}
        </Answer>
      </div>
    </section>
  )
}

function usePinnedMoments(query: URLSearchParams, before: History | undefined, after: History | undefined) {
  useEffect(() => {
    if (!before || !after) return
    const t1 = pin(query.get('t1'), millis(after.last), after)
    const t0 = pin(query.get('t0'), Math.max(millis(before.first), millis(t1 ?? after.last) - 3600_000), before)
    if (t0 && t1) patch({ t0, t1 }, true)
  }, [query.get('t0'), query.get('t1'), before?.first, after?.first])
}

// The two moments and somewhat around them.
function around(t0: number, t1: number): [number, number] {
  const margin = t0 === t1 ? 60_000 : Math.abs(t1 - t0) * 0.25
  return [Math.min(t0, t1) - margin, Math.min(Math.max(t0, t1) + margin, Math.max(Date.now(), t0, t1))]
}

function RangeChoice({ history, now }: { history: History | undefined; now: number }) {
  const show = (ms: number | undefined) => {
    const first = history ? millis(history.first) : now - 86_400_000
    patch({ start: rfc3339(ms === undefined ? first : Math.max(first, now - ms)), end: rfc3339(now) })
  }
  return (
    <div class="ranges" role="group" aria-label="Stretch of time shown">
      <span>Show</span>
      {([['1 h', 36e5], ['6 h', 216e5], ['1 d', 864e5], ['all', undefined]] as const).map(([name, ms]) => (
        <button key={name} type="button" class="small" onClick={() => show(ms)}>{name}</button>
      ))}
    </div>
  )
}

// The leak in one sentence: of the site it is about, else of the one that changed most.
function Headline({ diff, about, instance, other }: { diff: Diff | undefined; about: string; instance: string; other: string | undefined }) {
  if (!diff) return <h1>What changed on {instance}</h1>
  const unit = diff.sample_type.unit
  const { total } = diff
  const where = other ? ` from ${instance} to ${other}` : ` on ${instance}`
  const [from, to] = [diff.before.time, diff.after.time].map((t) => (t ? millis(t) : NaN))
  const span = Number.isNaN(from! + to!) ? '' : duration(Math.abs(to! - from!) / 1000)
  const verb = total.within_noise ? 'has not changed beyond noise' : total.change > 0 ? 'grew' : 'shrank'
  const shares = diff.sites.filter((site) => !site.within_noise && Math.sign(site.change) === Math.sign(total.change))
  const worst = shares.find((site) => site.id === about) ?? shares[0]
  const caller = diff.common_caller
  const grew = diff.sites.reduce((sum, site) => sum + Math.max(0, Math.sign(total.change) * site.change), 0)
  return (
    <header class="headline">
      <h1>
        {isLive(diff) ? 'The heap' : diff.sample_type.type} {verb}
        {!total.within_noise && <> by <span class={total.change > 0 ? 'grew' : 'shrank'}>{quantity(Math.abs(total.change), unit)}</span></>}
        {span && ` in ${span}`}
      </h1>
      <p class="lead">
        {changeText(total.change, unit)}{total.standard_error !== null && ` ± ${quantity(total.standard_error, unit)}`}{where},
        from {quantity(total.before, unit)} to {quantity(total.after, unit)}{diff.normalized_by ? ' (scaled to the total before)' : ''}.
        {worst && <> <b>{percent(Math.abs(worst.change) / Math.max(1, grew))}</b> of {total.change > 0 ? 'what grew' : 'what shrank'} was allocated
          in <code title={worst.function}>{shortName(worst.function)}</code> ({changeText(worst.change, unit)}
          {worst.standard_error !== null && ` ± ${quantity(worst.standard_error, unit)}`}).</>}
        {caller && <> <b>{percent(caller.share)}</b> of what grew was allocated in <code title={caller.function}>{shortName(caller.function)}</code> or below it.</>}
      </p>
    </header>
  )
}

const isLive = (diff: Diff) => diff.sample_type.type === 'inuse_space'
