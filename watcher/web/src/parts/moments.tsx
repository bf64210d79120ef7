// The heap over time with one or two moments marked on it, which can be dragged, moved by key, or typed.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import type { Snapshots } from '../api'
import { clock, kMomentHint, millis, parseMoment, rfc3339 } from '../moment'
import { bytes } from '../units'
import { cssColour, Plot, type Line } from './plot'

export interface Handle {
  name: string // "before"
  at: number // milliseconds
  source: number // whose snapshots it moves along
}

interface MomentsProps {
  sources: { label: string; snapshots: Snapshots }[]
  handles: Handle[]
  range: [number, number]
  onPick: (handle: number, at: number, isStep: boolean) => void // a step is one of many keys
}

const kColours = ['--ink', '--accent']

export function Moments({ sources, handles, range, onPick }: MomentsProps) {
  const [plot, setPlot] = useState<uPlot>()
  const [dragged, setDragged] = useState<{ handle: number; at: number }>()
  const overlay = useRef<HTMLDivElement>(null)
  const moments = useMemo(() => sources.map((s) => s.snapshots.snapshots.map((shot) => millis(shot.time))), [sources])
  const { times, lines } = useMemo(() => align(sources, moments), [sources, moments])

  const at = (i: number) => (dragged?.handle === i ? dragged.at : handles[i]!.at)
  const nearest = (source: number, wanted: number) => {
    let best = wanted
    let distance = Infinity
    for (const time of moments[source]!) if (Math.abs(time - wanted) < distance) [best, distance] = [time, Math.abs(time - wanted)]
    return best
  }
  const position = (ms: number) => {
    if (!plot) return 0
    const x = plot.valToPos(Math.max(range[0], Math.min(range[1], ms)), 'x')
    return x + plot.over.offsetLeft
  }
  const timeAt = (clientX: number) => plot!.posToVal(clientX - plot!.over.getBoundingClientRect().left, 'x')

  const onPointerDown = (event: PointerEvent) => {
    if (!plot || event.button !== 0) return
    const wanted = timeAt(event.clientX)
    const grabbed = (event.target as HTMLElement).dataset.handle
    const handle = grabbed !== undefined ? Number(grabbed) : nearestHandle(wanted)
    overlay.current!.setPointerCapture(event.pointerId)
    setDragged({ handle, at: nearest(handles[handle]!.source, grabbed !== undefined ? at(handle) : wanted) })
    event.preventDefault()
  }
  const nearestHandle = (wanted: number) =>
    handles.reduce((best, h, i) => (Math.abs(h.at - wanted) < Math.abs(handles[best]!.at - wanted) ? i : best), 0)
  const onPointerMove = (event: PointerEvent) => {
    if (!dragged || !plot) return
    setDragged({ handle: dragged.handle, at: nearest(handles[dragged.handle]!.source, timeAt(event.clientX)) })
  }
  const onPointerUp = () => {
    if (dragged) onPick(dragged.handle, dragged.at, false)
    setDragged(undefined)
  }
  const onKeyDown = (event: KeyboardEvent, i: number) => {
    const along = moments[handles[i]!.source]!
    const here = along.reduce((best, time, j) => (Math.abs(time - handles[i]!.at) < Math.abs(along[best]! - handles[i]!.at) ? j : best), 0)
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -along.length, End: along.length }
    const by = steps[event.key]
    if (by === undefined) return
    const to = along[Math.max(0, Math.min(along.length - 1, here + by))]
    if (to !== undefined) onPick(i, to, true)
    event.preventDefault()
  }

  const shade = (u: uPlot) => {
    if (handles.length < 2) return
    const [from, to] = [at(0), at(1)].map((ms) => u.valToPos(ms, 'x', true))
    u.ctx.fillStyle = cssColour('--accent', 0.09)
    u.ctx.fillRect(Math.min(from!, to!), u.bbox.top, Math.abs(to! - from!), u.bbox.height)
  }
  useEffect(() => plot?.redraw(false, true), [dragged, handles[0]?.at, handles[1]?.at])

  return (
    <div class="moments">
      <Plot label="Live heap over time" times={times} lines={lines} range={range} height={170} draw={shade} onReady={setPlot} />
      {plot && (
        <div class="handles" ref={overlay} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp}>
          {handles.map((handle, i) => (
            <div key={handle.name} class={`handle ${handle.name}`} data-handle={i} tabIndex={0} role="slider"
              aria-label={`Moment ${handle.name}`} aria-valuemin={range[0]} aria-valuemax={range[1]} aria-valuenow={at(i)}
              aria-valuetext={clock(at(i))} style={{ left: `${position(at(i))}px` }} onKeyDown={(e) => onKeyDown(e, i)}>
              <span data-handle={i}>{handle.name}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

// All sources on one axis of time.
function align(sources: MomentsProps['sources'], moments: number[][]): { times: number[]; lines: Line[] } {
  const times = [...new Set(moments.flat())].sort((a, b) => a - b)
  const index = new Map(times.map((time, i) => [time, i]))
  const lines = sources.map((source, s): Line => {
    const values: (number | null)[] = times.map(() => null)
    source.snapshots.snapshots.forEach((shot, i) => (values[index.get(moments[s]![i]!)!] = shot.inuse_bytes ?? null))
    return { label: source.label, colour: kColours[s % kColours.length]!, values, fill: sources.length === 1, isSpanningGaps: sources.length > 1, format: bytes }
  })
  return { times, lines }
}

// A moment to type: now-3h, 14:05, RFC 3339.
export function MomentField({ label, at, onPick }: { label: string; at: number | undefined; onPick: (ms: number) => void }) {
  const [text, setText] = useState<string>()
  const [isWrong, setIsWrong] = useState(false)
  const commit = () => {
    if (text === undefined) return
    const ms = parseMoment(text, Date.now())
    setIsWrong(ms === undefined)
    if (ms === undefined) return
    setText(undefined)
    onPick(ms)
  }
  return (
    <label class="field">
      <span>{label}</span>
      <input type="text" value={text ?? (at === undefined ? '' : clock(at))} title={at === undefined ? kMomentHint : `${rfc3339(at)}\n${kMomentHint}`}
        aria-invalid={isWrong} spellcheck={false} autocomplete="off"
        onInput={(e) => setText(e.currentTarget.value)} onBlur={commit}
        onKeyDown={(e) => { if (e.key === 'Enter') commit(); if (e.key === 'Escape') { setText(undefined); setIsWrong(false) } }} />
      {isWrong && <small class="wrong" role="alert">{kMomentHint}</small>}
    </label>
  )
}
