// A chart over time, drawn by uPlot: times in milliseconds, values in bytes unless told otherwise.
import { useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useWidth } from '../live'
import { useIsDark } from '../theme'
import { bytes } from '../units'
import { clock } from '../moment'

export interface Line {
  label: string
  colour: string // the name of a custom property: "--ink"
  values: (number | null)[]
  width?: number
  dash?: number[]
  points?: boolean
  fill?: boolean
  format?: (value: number) => string
  isSpanningGaps?: boolean
  isUntold?: boolean // left out of the legend
}

interface PlotProps {
  label: string // for those who do not see it
  times: number[]
  lines: Line[]
  bands?: { upper: number; lower: number; colour: string }[] // indices of lines
  height?: number
  range?: [number, number] // of time
  top?: number | undefined // the chart reaches at least so high
  format?: (value: number) => string
  draw?: (plot: uPlot) => void // on top of the grid, below the lines
  onReady?: (plot: uPlot) => void // again whenever it was laid out anew
  onScale?: (plot: uPlot) => void
  syncKey?: string
  isLegendShown?: boolean
}

export function cssColour(name: string, alpha = 1): string {
  const value = name.startsWith('--') ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() : name
  if (alpha === 1 || !/^#[0-9a-f]{6}$/i.test(value)) return value
  return value + Math.round(alpha * 255).toString(16).padStart(2, '0')
}

// Steps of a scale that people count bytes in.
const kSteps = Array.from({ length: 6 }, (_, power) => [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((n) => n * 1024 ** power)).flat()

// "14:05" while the steps are minutes, with seconds or with the day where they are finer or coarser.
function axisTimes(splits: number[]): string[] {
  const step = splits.length > 1 ? splits[1]! - splits[0]! : 0
  return splits.map((ms, i) => {
    const text = clock(ms, ms)
    const time = step < 60_000 ? text : text.slice(0, 5)
    const day = new Date(ms).toLocaleDateString('sv').slice(5)
    const isNewDay = i === 0 ? step >= 3_600_000 : new Date(splits[i - 1]!).getDate() !== new Date(ms).getDate()
    return isNewDay ? `${day} ${time}` : time
  })
}

export function Plot(props: PlotProps) {
  const [holder, width] = useWidth<HTMLDivElement>()
  const inner = useRef<HTMLDivElement>(null)
  const isDark = useIsDark()
  const latest = useRef(props)
  latest.current = props
  const { times, lines, bands, height = 220, range, top, format = bytes } = props

  useLayoutEffect(() => {
    if (!inner.current || width === 0 || times.length === 0) return
    const plot = new uPlot(options(width), [times, ...lines.map((l) => l.values)] as uPlot.AlignedData, inner.current)
    return () => plot.destroy()
    // The lines are compared by what they show, not by being the same objects.
  }, [width, isDark, height, JSON.stringify([range, top, lines.map((l) => [l.label, l.colour]), times.length, times[0], times.at(-1)]), lines])

  function options(w: number): uPlot.Options {
    const axis = { stroke: cssColour('--muted'), grid: { stroke: cssColour('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
    return {
      width: w, height, ms: 1,
      legend: { show: props.isLegendShown ?? false, live: true },
      cursor: { drag: { x: false, y: false }, points: { size: 6 }, ...(props.syncKey ? { sync: { key: props.syncKey } } : {}) },
      scales: {
        x: { time: true, ...(range ? { range: () => range } : {}) },
        y: { range: (_u, low, high) => [Math.min(0, low ?? 0), Math.max((high ?? 1) * 1.08, top ?? 0, 1)] },
      },
      axes: [
        { ...axis, space: 80, size: 28, values: (_u, splits) => axisTimes(splits) },
        { ...axis, size: 66, space: 26, values: (_u, splits) => splits.map((v) => (v === null ? '' : format(v))), incrs: kSteps },
      ],
      series: [
        { label: 'time', value: (_u, v) => (v === null ? '' : clock(v)) },
        ...lines.map((line): uPlot.Series => ({
          label: line.label,
          ...(line.isUntold ? { class: 'untold' } : {}),
          stroke: cssColour(line.colour),
          width: line.width ?? 1.5,
          ...(line.dash ? { dash: line.dash } : {}),
          ...(line.fill ? { fill: cssColour(line.colour, 0.1) } : {}),
          points: line.points ? { show: true, size: 4, fill: cssColour(line.colour), width: 0 } : { show: false },
          spanGaps: line.isSpanningGaps ?? false,
          value: (_u, v) => (v === null || v === undefined ? '–' : (line.format ?? format)(v)),
        })),
      ],
      bands: (bands ?? []).map((band) => ({ series: [band.upper + 1, band.lower + 1] as [number, number], fill: cssColour(band.colour, 0.18) })),
      hooks: {
        ready: [(u) => latest.current.onReady?.(u)], // from now on positions are known
        drawAxes: [(u) => latest.current.draw?.(u)],
        setScale: [(u) => latest.current.onScale?.(u)],
      },
    }
  }

  return (
    <div class="plot" ref={holder} role="img" aria-label={props.label} style={{ minHeight: `${height}px` }}>
      <div ref={inner} />
    </div>
  )
}
