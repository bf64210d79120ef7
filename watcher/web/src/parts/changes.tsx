// The table beneath a flame graph: sites, functions or stacks, self and total, sortable.
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { address, type Change, type Diff } from '../api'
import { change as patch } from '../place'
import { shortFile, shortName } from '../names'
import { Quantity, SiteName } from './bits'

export type By = 'site' | 'function' | 'stack'

interface Row {
  key: string
  text: string // what a filter looks into
  name: ComponentChildren
  self?: Change
  total: Change
}

interface ChangesProps {
  diff: Diff
  by: By
  isDiff: boolean
  filter: string
  sort: string // "total", "-total", ...
  target: string // whose sites are linked to
  about?: string // the site to be marked
}

const kMostRows = 200

export function Changes({ diff, by, isDiff, filter, sort, target, about }: ChangesProps) {
  const rows = useMemo(() => rowsOf(diff, by, target), [diff, by, target])
  const shown = useMemo(() => arrange(rows, filter, sort), [rows, filter, sort])
  const leftOut = diff.left_out[by === 'site' ? 'sites' : by === 'function' ? 'functions' : 'stacks']
  const unit = diff.sample_type.unit
  const largest = Math.max(1, ...rows.map((row) => Math.abs((row.self ?? row.total).change)))
  // The same object as long as nothing changes, so that a frame zoomed into does not draw the table anew.
  const body = useMemo(() => (
    <tbody>
      {shown.slice(0, kMostRows).map((row) => {
        const main = row.self ?? row.total
        return (
          <tr key={row.key} class={row.total.within_noise && isDiff ? 'is-noise' : ''} aria-current={row.key === about ? 'true' : undefined}>
            <td class="name"><Bar change={main.change} largest={largest} isNoise={main.within_noise && isDiff} isDiff={isDiff} />{row.name}</td>
            {row.self && <td class="right"><Quantity value={row.self.change} unit={unit} signed={isDiff} /></td>}
            <td class="right strong"><Quantity value={row.total.change} unit={unit} signed={isDiff} /></td>
            <td class="right muted">{row.total.standard_error === null ? '?' : <Quantity value={Math.round(row.total.standard_error)} unit={unit} />}</td>
            {isDiff && <td class="right"><Quantity value={row.total.before} unit={unit} /></td>}
            {isDiff && <td class="right"><Quantity value={row.total.after} unit={unit} /></td>}
          </tr>
        )
      })}
    </tbody>
  ), [shown, largest, unit, isDiff, about])
  if (rows.length === 0) return <p class="muted">Neither moment holds any {diff.sample_type.type}.</p>
  if (shown.length === 0) return <p class="muted">No {by} here has “{filter}” in its name.</p>
  const head = (name: string, title: string, hint: string) => {
    const isSorted = sort === name || sort === `-${name}`
    return (
      <th class="right" aria-sort={isSorted ? (sort.startsWith('-') ? 'ascending' : 'descending') : 'none'}>
        <button type="button" class="sorter" title={hint} onClick={() => patch({ sort: sort === name ? `-${name}` : name }, true)}>
          {title}{isSorted ? (sort.startsWith('-') ? ' ↑' : ' ↓') : ''}
        </button>
      </th>
    )
  }
  const hasSelf = by === 'function'
  return (
    <div class="table-holder">
      <table class="changes">
        <thead>
          <tr>
            <th>{by === 'site' ? 'Site' : by === 'function' ? 'Function' : 'Stack, the allocating call first'}</th>
            {hasSelf && head('self', isDiff ? 'Self' : 'Self', 'Allocated by the function itself')}
            {head('total', isDiff ? (hasSelf ? 'Total' : 'Change') : 'Holds', hasSelf ? 'By it and by all it calls' : 'After minus before')}
            <th class="right" title="Standard error of sampling">±</th>
            {isDiff && head('before', 'Before', 'At the first moment')}
            {isDiff && head('after', 'After', diff.normalized_by ? 'At the second moment, scaled' : 'At the second moment')}
          </tr>
        </thead>
        {body}
      </table>
      <p class="muted note">
        {shown.length > kMostRows && `${(shown.length - kMostRows).toLocaleString('en-US')} smaller rows are not shown; filter to see them. `}
        {leftOut > 0 && `${leftOut.toLocaleString('en-US')} more changed less than any of these. `}
        {isDiff && 'Grey rows lie within two standard errors of sampling noise.'}
      </p>
    </div>
  )
}

function Bar({ change, largest, isNoise, isDiff }: { change: number; largest: number; isNoise: boolean; isDiff: boolean }) {
  const kind = isNoise ? 'noise' : !isDiff ? 'level' : change < 0 ? 'shrank' : 'grew'
  return <span class={`bar ${kind}`} aria-hidden="true"><i style={{ width: change === 0 ? 0 : `max(1px, ${(Math.abs(change) / largest) * 100}%)` }} /></span>
}

function rowsOf(diff: Diff, by: By, target: string): Row[] {
  if (by === 'site')
    return diff.sites.map((site) => ({
      key: site.id,
      text: `${site.function} ${site.file}`,
      name: <a href={address('/site', { target, site: site.id })}><SiteName site={site} /></a>,
      total: site,
    }))
  if (by === 'function')
    return diff.functions.map((f) => ({
      key: f.name, text: f.name, name: <code title={f.name}>{shortName(f.name)}</code>, self: f.flat, total: f.cum,
    }))
  return diff.stacks.map((stack, i) => ({
    key: `${i}`,
    text: stack.frames.map((f) => f.function).join(' '),
    name: (
      <details class="stack">
        <summary><code>{shortName(stack.frames[0]?.function ?? 'unknown')}</code>
          <small>← {stack.frames.slice(1, 4).map((f) => shortName(f.function)).join(' ← ')}{stack.frames.length > 4 ? ' …' : ''}</small></summary>
        <ol>{stack.frames.map((f, j) => <li key={j}><code>{f.function}</code> <small>{shortFile(f.file)}{f.line ? `:${f.line}` : ''}</small></li>)}</ol>
      </details>
    ),
    total: stack,
  }))
}

function arrange(rows: Row[], filter: string, sort: string): Row[] {
  const wanted = filter.trim().toLowerCase()
  const kept = wanted ? rows.filter((row) => row.text.toLowerCase().includes(wanted)) : rows
  const name = sort.replace('-', '')
  const figure = (row: Row): number => {
    if (name === 'self') return (row.self ?? row.total).change
    if (name === 'before') return row.total.before
    if (name === 'after') return row.total.after
    return name === 'total' ? row.total.change : Math.abs((row.self ?? row.total).change)
  }
  const sign = sort.startsWith('-') ? 1 : -1
  return [...kept].sort((a, b) => sign * (figure(a) - figure(b)))
}
