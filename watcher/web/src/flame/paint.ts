// Draws a flame graph on a canvas, and tells which frame is where.
import { change as changeText, quantity } from '../units'
import { shortName } from '../names'
import { frameColour, levelColour, type Palette } from './colour'
import { changeOf, nameOf, pathTo, type FlameTree } from './tree'

export const kRow = 20
const kFont = '11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'
const kLeastWidth = 0.4 // pixels; what is narrower is not drawn

export interface View {
  tree: FlameTree
  top: number // the node that fills the width
  width: number // CSS pixels
  unit: string
  isDiff: boolean
  palette: Palette
  matches: Uint8Array | undefined // of a search, where there is one
  current: number // the frame under the pointer or chosen by key; -1: none
}

// A frame that fills the width above `top`, or one of the tree.
type Hit = { kind: 'above'; id: string; row: number } | { kind: 'node'; index: number }

function rowsAbove(view: View): number {
  return view.tree.above.length + pathTo(view.tree, view.top).length - 1
}

export function heightOf(view: View): number {
  const { tree, top } = view
  let deepest = tree.depth[top]!
  forEachVisible(view, (i) => (deepest = Math.max(deepest, tree.depth[i]!)))
  return (rowsAbove(view) + deepest - tree.depth[top]! + 1) * kRow
}

// Calls `visit` for `top` and all below it that are wide enough, parents first.
function forEachVisible(view: View, visit: (i: number, x: number, width: number) => void) {
  const { tree, top, width } = view
  const scale = width / (tree.width[top]! || 1)
  const left = tree.x[top]!
  const open = [top]
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    visit(i, (tree.x[i]! - left) * scale, tree.width[i]! * scale)
    for (let child = tree.firstChild[i]!; child !== -1; child = tree.nextSibling[child]!) {
      if (tree.width[child]! * scale < kLeastWidth) break // the rest is narrower still
      open.push(child)
    }
  }
}

export function paint(canvas: HTMLCanvasElement, view: View) {
  const { tree, top, width, palette } = view
  const height = heightOf(view)
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.font = kFont
  context.textBaseline = 'middle'
  const letter = context.measureText('0').width
  const above = rowsAbove(view)

  const label = (text: string, x: number, y: number, w: number, colour: string) => {
    const room = Math.floor((w - 7) / letter)
    if (room < 3) return
    context.fillStyle = colour
    context.fillText(text.length > room ? `${text.slice(0, room - 1)}…` : text, x + 4, y + kRow / 2)
  }
  const outer = [...tree.above.map((a) => a.name), ...pathTo(tree, top).slice(0, -1).map((i) => nameOf(tree, i))]
  outer.forEach((name, row) => {
    context.fillStyle = palette.dim
    context.fillRect(0, row * kRow, width, kRow - 1)
    label(row === 0 ? 'everything' : shortName(name), 0, row * kRow, width, palette.text)
  })

  forEachVisible(view, (i, x, w) => {
    const y = (above + tree.depth[i]! - tree.depth[top]!) * kRow
    const change = changeOf(tree, i)
    const name = nameOf(tree, i)
    const { fill, isDeep } = view.isDiff
      ? frameColour(palette, change)
      : { fill: levelColour(palette, name), isDeep: false }
    const isDimmed = view.matches && !view.matches[i]
    context.globalAlpha = isDimmed ? 0.45 : 1
    context.fillStyle = fill
    context.fillRect(x, y, Math.max(w - (w > 3 ? 1 : 0), 0.6), kRow - 1)
    const isRoot = i === 0 && tree.above.length === 0
    const figure = view.isDiff ? changeText(change.change, view.unit) : quantity(change.after, view.unit)
    label(`${isRoot ? 'everything' : shortName(name)}  ${figure}`, x, y, w, isDeep ? palette.textOnDeep : palette.text)
    context.globalAlpha = 1
    if (view.matches?.[i]) {
      context.fillStyle = palette.match
      context.fillRect(x, y + kRow - 4, Math.max(w - 1, 1), 3)
    }
    if (i === view.current) {
      context.strokeStyle = palette.text
      context.lineWidth = 1.5
      context.strokeRect(x + 0.75, y + 0.75, Math.max(w - 2.5, 1), kRow - 2.5)
    }
  })
}

export function hit(view: View, x: number, y: number): Hit | undefined {
  const { tree, top } = view
  const row = Math.floor(y / kRow)
  const above = rowsAbove(view)
  if (row < 0 || x < 0 || x > view.width) return undefined
  if (row < tree.above.length) return { kind: 'above', id: tree.above[row]!.id, row }
  if (row < above) return { kind: 'node', index: pathTo(tree, top)[row - tree.above.length]! }
  let found: Hit | undefined
  forEachVisible(view, (i, left, w) => {
    if (above + tree.depth[i]! - tree.depth[top]! === row && x >= left && x < left + Math.max(w, 1))
      found = { kind: 'node', index: i }
  })
  return found
}
