// One moment: the whole heap as a flame graph and a table.
import { useEffect, useMemo } from 'preact/hooks'
import { address, type Diff, type Snapshots, type TreeAnswer } from '../api'
import { useLive } from '../live'
import type { ViewProps } from '../main'
import { clock, millis, pinned, rfc3339 } from '../moment'
import { instanceOf } from '../names'
import { change as patch } from '../place'
import { bytes, count, quantity } from '../units'
import { FlameGraph } from '../flame/flame_graph'
import { Segmented } from '../parts/bits'
import { Changes, type By } from '../parts/changes'
import { Downloads } from '../parts/downloads'
import { HeapControls } from '../parts/heap_controls'
import { MomentField, Moments } from '../parts/moments'
import { obstacleOf, pin, rangeShown, useHistory } from '../parts/pinned'
import { Answer, Empty, Failed, Loading } from '../parts/states'
import { listOf, TargetChoice, useTargets } from '../parts/target_choice'

export function SnapshotView({ place }: ViewProps) {
  const q = place.query
  const targets = useTargets()
  const target = q.get('target') ?? ''
  const kept = useHistory(target, targets)
  useEffect(() => {
    const to = kept.history && pin(q.get('t'), millis(kept.history.last), kept.history)
    if (to) patch({ t: to }, true)
  }, [q.get('t'), kept.history?.last])

  const t = pinned(q.get('t'))
  const isReady = target !== '' && !Number.isNaN(t)
  const range = useMemo<[number, number]>(
    () => rangeShown(q) ?? [t - 3600_000, Math.min(t + 600_000, Math.max(t, Date.now()))],
    [q.get('start'), q.get('end'), t],
  )
  const moment = { target, t: q.get('t') ?? '', sample_type: q.get('sample_type') ?? '' }
  const node = q.get('node') ?? ''
  const filter = q.get('filter') ?? ''
  const heap = useLive<Snapshots>(isReady ? address('/api/v1/snapshots', { target, from: rfc3339(range[0]), to: rfc3339(range[1]) }) : undefined)
  const tree = useLive<TreeAnswer>(isReady ? address('/api/v1/tree', { ...moment, node, filter, from: q.get('from_leaf') === '1' ? 'leaf' : undefined }) : undefined)
  const lists = useLive<Diff>(isReady ? address('/api/v1/snapshot', { ...moment, format: 'json', top: 500 }) : undefined)
  const sources = useMemo(() => (heap.data ? [{ label: 'live heap', snapshots: heap.data }] : []), [heap.data])
  const pick = (ms: number, isStep = false) =>
    patch({ t: rfc3339(ms), start: rfc3339(range[0]), end: rfc3339(range[1]), node: undefined }, isStep)
  if (!target) return <Empty title="Whose heap?"><p>Choose a target on <a href="/targets">the list of them</a>.</p></Empty>
  const obstacle = isReady ? undefined : obstacleOf([q.get('t')], [kept])
  if (obstacle)
    return (
      <Failed what="The heap" live={obstacle}>
        <p><a href="/targets">Choose whose heap to look at</a></p>
      </Failed>
    )

  const labels = tree.data?.after.labels
  const taken = tree.data?.after.time
  const shot = heap.data?.snapshots.find((s) => taken && millis(s.time) === millis(taken))
  return (
    <section>
      <header class="headline">
        <h1>The heap of {labels ? instanceOf(labels) : target}{taken && <> at {clock(millis(taken))}</>}</h1>
        {tree.data && (
          <dl class="facts inline">
            <div><dt>{tree.data.sample_type.type}</dt><dd>{quantity(tree.data.total.after, tree.data.sample_type.unit)}</dd></div>
            {shot?.alloc_bytes !== undefined && <div><dt>allocated since start</dt><dd>{bytes(shot.alloc_bytes)}</dd></div>}
            <div><dt>stacks</dt><dd>{count(tree.data.stacks)}</dd></div>
            {shot && <div><dt>samples</dt><dd>{count(shot.samples)}</dd></div>}
            <div><dt>one sample in</dt><dd>{tree.data.after.sampling_period_bytes === null ? 'not told' : bytes(tree.data.after.sampling_period_bytes)}</dd></div>
            {Object.entries(labels ?? {}).filter(([name]) => name !== 'instance').map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
          </dl>
        )}
      </header>
      <div class="card">
        <div class="controls">
          <TargetChoice label="Target" value={target} targets={listOf(targets.data)} onPick={(id) => patch({ target: id, node: undefined })} />
          <MomentField label="at" at={isReady ? t : undefined} onPick={pick} />
          <a class="button small" href={address('/diff', { target, t1: q.get('t') ?? undefined })}>compare with an earlier moment</a>
        </div>
        {heap.error ? <Failed what="The heap over time" live={heap} />
          : sources.length > 0 ? <Moments sources={sources} range={range} handles={[{ name: 'moment', at: t, source: 0 }]} onPick={(_, ms, isStep) => pick(ms, isStep)} />
            : <Loading what="the heap over time" />}
      </div>
      <div class="card">
        <HeapControls query={q} isDiff={false} />
        <Answer live={tree} what="The flame graph" rows={8}>
          {(data) => <FlameGraph answer={data} isDiff={false} isStale={tree.loading} node={node} searched={q.get('q') ?? ''}
            onZoom={(to) => patch({ node: to })} onFilter={(to) => patch({ filter: to, node: undefined })} />}
        </Answer>
      </div>
      <div class="card">
        <div class="controls">
          <Segmented<By> label="Rows of the table" value={(q.get('by') as By | null) ?? 'site'} onChange={(by) => patch({ by, sort: undefined })}
            options={[['site', 'Sites'], ['function', 'Functions'], ['stack', 'Stacks']]} />
          <Downloads pair={moment} isSnapshot />
        </div>
        <Answer live={lists} what="The table" rows={8}>
          {(data) => <Changes diff={data} by={(q.get('by') as By | null) ?? 'site'} isDiff={false} filter={filter} sort={q.get('sort') ?? ''} target={target} />}
        </Answer>
      </div>
    </section>
  )
}
