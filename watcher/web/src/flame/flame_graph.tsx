// A flame graph one can walk: by pointer, by touch, by key. It draws what it has at once and asks for more of what is
// zoomed into; `node` says into what.
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TreeAnswer } from '../api'
import { useWidth } from '../live'
import { shortName } from '../names'
import { change as changeText, percent, quantity } from '../units'
import { useIsDark } from '../theme'
import { kDark, kLight } from './colour'
import { heightOf, hit, kRow, paint, type View } from './paint'
import { changeOf, find, layOut, nameOf, pathTo, search } from './tree'
import { Legend } from './legend'

interface FlameGraphProps {
  answer: TreeAnswer
  isDiff: boolean
  isStale: boolean // whether a newer answer is awaited
  node: string // the id of the frame that fills the width; '' the root
  searched: string
  onZoom: (node: string) => void
  onFilter: (name: string) => void
}

export function FlameGraph({ answer, isDiff, isStale, node, searched, onZoom, onFilter }: FlameGraphProps) {
  const [holder, width] = useWidth<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [chosen, setChosen] = useState<string>() // a frame's id: it is the same in the next answer
  const [pointer, setPointer] = useState<{ x: number; y: number }>()
  const palette = useIsDark() ? kDark : kLight
  const tree = useMemo(() => layOut(answer), [answer])
  const found = useMemo(() => search(tree, searched), [tree, searched])
  const current = useMemo(() => (chosen === undefined ? -1 : find(tree, chosen)), [tree, chosen])
  const setCurrent = (index: number) => setChosen(index === -1 ? undefined : tree.columns.id[index])

  const top = Math.max(0, node ? find(tree, node) : 0)
  const view: View = {
    tree, top, width, isDiff, palette, current,
    unit: answer.sample_type.unit,
    matches: searched.trim() ? found.matches : undefined,
  }
  // Before the browser shows the frame, so that nothing flickers.
  useLayoutEffect(() => {
    if (canvas.current && width > 0) paint(canvas.current, view)
  })

  const at = (event: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const zoom = (index: number) => {
    const id = index === 0 && tree.above.length === 0 ? '' : tree.columns.id[index]!
    onZoom(id)
  }
  const onMove = (event: MouseEvent) => {
    const place = at(event)
    const under = hit(view, place.x, place.y)
    setCurrent(under?.kind === 'node' ? under.index : -1)
    setPointer(under?.kind === 'node' ? place : undefined)
  }
  const onClick = (event: MouseEvent) => {
    const place = at(event)
    const under = hit(view, place.x, place.y)
    setPointer(undefined)
    if (under?.kind === 'node') zoom(under.index)
    else if (under?.kind === 'above') onZoom(under.row === 0 ? '' : under.id)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const from = current === -1 ? top : current
    const parent = tree.columns.parent[from]!
    const siblings = () => {
      const all = []
      for (let i = tree.firstChild[parent]!; i !== -1; i = tree.nextSibling[i]!) all.push(i)
      return all
    }
    const step = (by: number) => siblings()[siblings().indexOf(from) + by] ?? from
    const targets: Record<string, () => number> = {
      ArrowDown: () => (current === -1 ? top : tree.firstChild[from]! === -1 ? from : tree.firstChild[from]!),
      ArrowUp: () => (from === 0 ? 0 : parent),
      ArrowRight: () => (from === 0 ? 0 : step(1)),
      ArrowLeft: () => (from === 0 ? 0 : step(-1)),
    }
    if (targets[event.key]) setCurrent(targets[event.key]!())
    else if (event.key === 'Enter' && current !== -1) zoom(current)
    else if (event.key === 'Escape' || event.key === 'Backspace') {
      const outer = tree.above.at(-1)
      if (top > 0) zoom(tree.columns.parent[top]!)
      else if (outer) onZoom(tree.above.length === 1 ? '' : outer.id)
    } else return
    setPointer(undefined)
    event.preventDefault()
  }

  const shown = current === -1 ? top : current
  const total = Math.max(Math.abs(answer.total.before), Math.abs(answer.total.after))
  const describe = (i: number) => describeFrame(view, i, total)
  const isZoomed = top > 0 || tree.above.length > 0
  const isNamed = shown > 0 || tree.above.length > 0
  return (
    <div class={`flame ${isStale ? 'is-stale' : ''}`}>
      <Legend isDiff={isDiff} answer={answer} />
      <div class="flame-line">
        <span class="flame-detail" aria-live="polite">{describe(shown)}</span>
        {searched.trim() && (
          <span class="muted">{found.count === 0 ? 'nothing found' : `${found.count} found, ${percent(found.share)} of the width`}</span>
        )}
        {isNamed && (
          <button type="button" class="small" onClick={() => onFilter(nameOf(tree, shown))}
            title="Show only the stacks in which this function stands">
            only stacks through it
          </button>
        )}
        {isZoomed && <button type="button" class="small" onClick={() => onZoom('')}>zoom out</button>}
      </div>
      <div class="flame-holder" ref={holder}>
        <canvas ref={canvas} tabIndex={0} role="application" aria-roledescription="flame graph"
          aria-label={`Flame graph of ${tree.size} frames. Arrow keys walk, Enter zooms in, Escape out. The table below holds the same figures.`}
          style={{ width: '100%', height: `${width > 0 ? heightOf(view) : kRow}px` }}
          onMouseMove={onMove} onMouseLeave={() => { setCurrent(-1); setPointer(undefined) }}
          onClick={onClick} onKeyDown={onKeyDown} />
        {pointer && current !== -1 && (
          <div class="tip" role="presentation" style={tipPlace(pointer, width)}>
            <strong>{current === 0 && tree.above.length === 0 ? 'everything' : nameOf(tree, current)}</strong>
            <Figures view={view} index={current} total={total} />
          </div>
        )}
      </div>
      {tree.leftOut > 0 && (
        <p class="muted note">{tree.leftOut.toLocaleString('en-US')} frames too narrow to see are left out; zoom in to see them.</p>
      )}
    </div>
  )
}

function tipPlace(pointer: { x: number; y: number }, width: number) {
  const isRight = pointer.x > width / 2
  return {
    top: `${pointer.y + 18}px`,
    ...(isRight ? { right: `${Math.max(0, width - pointer.x - 12)}px` } : { left: `${Math.max(0, pointer.x - 12)}px` }),
  }
}

function describeFrame(view: View, i: number, total: number): string {
  const { tree, unit } = view
  const change = changeOf(tree, i)
  const name = i === 0 && tree.above.length === 0 ? 'everything' : shortName(nameOf(tree, i))
  const error = change.standard_error === null ? '' : ` ± ${quantity(change.standard_error, unit)}`
  const share = total > 0 ? `, ${percent((view.isDiff ? change.change : change.after) / total)}` : ''
  if (!view.isDiff) return `${name}: ${quantity(change.after, unit)}${error}${share} of the heap`
  const noise = change.within_noise ? ', within sampling noise' : ''
  return `${name}: ${changeText(change.change, unit)}${error}, from ${quantity(change.before, unit)} to ${quantity(change.after, unit)}${noise}`
}

function Figures({ view, index, total }: { view: View; index: number; total: number }) {
  const { tree, unit } = view
  const change = changeOf(tree, index)
  const { self_before, self_after } = tree.columns
  const self = self_after[index]! - self_before[index]!
  const rows: [string, string][] = view.isDiff
    ? [
        ['change', changeText(change.change, unit)],
        ['standard error', change.standard_error === null ? 'not known' : `± ${quantity(change.standard_error, unit)}`],
        ['before, after', `${quantity(change.before, unit)}, ${quantity(change.after, unit)}`],
        ['of its own', changeText(self, unit)],
      ]
    : [
        ['holds', quantity(change.after, unit)],
        ['standard error', change.standard_error === null ? 'not known' : `± ${quantity(change.standard_error, unit)}`],
        ['of its own', quantity(self_after[index]!, unit)],
      ]
  if (total > 0) rows.push([view.isDiff ? 'change of the larger total' : 'of the heap', percent((view.isDiff ? change.change : change.after) / total)])
  return (
    <dl>
      {rows.map(([name, value]) => <><dt>{name}</dt><dd>{value}</dd></>)}
      {change.within_noise && view.isDiff && <><dt>verdict</dt><dd>within sampling noise</dd></>}
      <dt>depth</dt><dd>{tree.above.length + pathTo(tree, index).length - 1}</dd>
    </dl>
  )
}
