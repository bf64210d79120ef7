// Whose heap: one target of those with history; and the targets that are wanted of many.
import type { DiscoveryStatus, DroppedTarget, Labels, Target } from '../api'
import { useLive } from '../live'
import { instanceOf, serviceOf } from '../names'
import { change as patch } from '../place'

export interface TargetList {
  active: Target[]
  gone: Target[]
  dropped: DroppedTarget[]
  discovery: DiscoveryStatus[]
}

export const useTargets = (every = 0) => useLive<TargetList>('/api/v1/targets', every)

const { compare } = new Intl.Collator('en', { numeric: true }) // 10.0.0.9 before 10.0.0.10
// Of a service one beside the other.
export const inOrder = (targets: Target[]) => [...targets].sort((a, b) =>
  compare(serviceOf(a.labels), serviceOf(b.labels)) || compare(instanceOf(a.labels), instanceOf(b.labels)))
export const listOf = (all: TargetList | undefined) => [...inOrder(all?.active ?? []), ...inOrder(all?.gone ?? [])]
// As the API takes them: by id or instance.
export const isNamed = (name: string) => (t: Target) => t.id === name || t.labels.instance === name

export const isWantedBy = (filter: string) => ({ labels }: { labels: Labels }) =>
  Object.values(labels).some((value) => value.toLowerCase().includes(filter.toLowerCase()))

// The text is in the address, as `filter`.
export function TargetFilter({ value }: { value: string }) {
  return (
    <div class="controls">
      <label class="field grows"><span>Only those with</span>
        <input type="search" value={value} placeholder="part of a label’s value" onInput={(e) => patch({ filter: e.currentTarget.value }, true)} /></label>
    </div>
  )
}

export function TargetChoice({ label, value, targets, onPick }: { label: string; value: string; targets: Target[]; onPick: (id: string) => void }) {
  const known = targets.filter((t) => t.history)
  const chosen = known.find(isNamed(value))?.id ?? value
  return (
    <label class="field"><span>{label}</span>
      <select value={chosen} onChange={(e) => onPick(e.currentTarget.value)}>
        {known.every((t) => t.id !== chosen) && <option value={chosen}>{value}</option>}
        {known.map((t) => <option key={t.id} value={t.id}>{instanceOf(t.labels)}{t.labels.version ? ` ${t.labels.version}` : ''} · {serviceOf(t.labels)}</option>)}
      </select>
    </label>
  )
}
