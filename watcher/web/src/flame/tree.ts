// The server's tree laid out for drawing: a row for each depth, widths by magnitude (how much grew plus how much shrank).
import type { Change, TreeAnswer, TreeColumns } from '../api'

export interface FlameTree {
  columns: TreeColumns
  size: number
  depth: Uint16Array
  x: Float64Array // left end, as a share of the root's width
  width: Float64Array
  firstChild: Int32Array // -1: none; the largest child comes first
  nextSibling: Int32Array
  above: { id: string; name: string; change: Change }[] // what the root was reached by, the outermost first
  leftOut: number
}

export function layOut(answer: TreeAnswer): FlameTree {
  const columns = answer.tree.nodes
  const size = columns.id.length
  const depth = new Uint16Array(size)
  const x = new Float64Array(size)
  const width = new Float64Array(size)
  const firstChild = new Int32Array(size).fill(-1)
  const nextSibling = new Int32Array(size).fill(-1)
  const lastChild = new Int32Array(size).fill(-1)
  const end = new Float64Array(size) // where the next child of a node begins
  const whole = magnitude(columns, 0) || 1
  for (let i = 0; i < size; i++) {
    const parent = columns.parent[i]!
    width[i] = magnitude(columns, i) / whole
    if (i > 0) {
      depth[i] = depth[parent]! + 1
      x[i] = end[parent]!
      end[parent] = end[parent]! + width[i]!
      if (lastChild[parent] === -1) firstChild[parent] = i
      else nextSibling[lastChild[parent]!] = i
      lastChild[parent] = i
    }
    end[i] = x[i]!
  }
  const above = answer.tree.above.map(({ id, name, ...change }) => ({ id, name, change }))
  return { columns, size, depth, x, width, firstChild, nextSibling, above, leftOut: answer.tree.left_out }
}

export function magnitude(columns: TreeColumns, i: number): number {
  return columns.grew[i]! + columns.shrank[i]!
}

export function nameOf(tree: FlameTree, i: number): string {
  return tree.columns.names[tree.columns.name[i]!]!
}

export function changeOf(tree: FlameTree, i: number): Change {
  const { before, after, standard_error, within_noise } = tree.columns
  return {
    before: before[i]!,
    after: after[i]!,
    change: after[i]! - before[i]!,
    standard_error: standard_error[i]!,
    within_noise: within_noise[i] === 1,
  }
}

// From the root of the tree down to and with `i`.
export function pathTo(tree: FlameTree, i: number): number[] {
  const path = [i]
  for (let at = i; at > 0; at = path[0]!) path.unshift(tree.columns.parent[at]!)
  return path
}

export function find(tree: FlameTree, id: string): number {
  return tree.columns.id.indexOf(id)
}

// The nodes whose names contain `text`, and what of the root's magnitude lies at or below them, no part counted twice.
export function search(tree: FlameTree, text: string): { matches: Uint8Array; count: number; share: number } {
  const matches = new Uint8Array(tree.size)
  const wanted = text.trim().toLowerCase()
  if (!wanted) return { matches, count: 0, share: 0 }
  const byName = tree.columns.names.map((name) => name.toLowerCase().includes(wanted))
  const covered = new Uint8Array(tree.size)
  let count = 0
  let share = 0
  for (let i = 0; i < tree.size; i++) {
    const isCovered = i > 0 && covered[tree.columns.parent[i]!]! === 1
    if (byName[tree.columns.name[i]!]) {
      matches[i] = 1
      count++
      if (!isCovered) share += tree.width[i]!
      covered[i] = 1
    } else if (isCovered) covered[i] = 1
  }
  return { matches, count, share }
}
