// Whose heap: one target of those with history.
import type { DiscoveryStatus, Target } from '../api'
import { useLive } from '../live'
import { instanceOf, serviceOf } from '../names'

export interface TargetList {
  active: Target[]
  gone: Target[]
  discovery: DiscoveryStatus[]
}

export const useTargets = (every = 0) => useLive<TargetList>('/api/v1/targets', every)
export const listOf = (all: TargetList | undefined) => [...(all?.active ?? []), ...(all?.gone ?? [])]
// As the API takes them: by id or instance.
export const isNamed = (name: string) => (t: Target) => t.id === name || t.labels.instance === name

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
