// The moments in an address. It must mean the same tomorrow: those that are missing or relative become what they mean now.
import { address, ApiError, type History, type Snapshots } from '../api'
import { useLive, type Live } from '../live'
import { kMomentHint, millis, parseMoment, pinned, rfc3339 } from '../moment'
import { isNamed, listOf, type TargetList } from './target_choice'

export interface Obstacle {
  error?: ApiError
  again?: () => void
}

// From when to when there are heaps of the target that an address names, or why that cannot be told.
export function useHistory(name: string, targets: Live<TargetList>): Obstacle & { history?: History } {
  const target = listOf(targets.data).find(isNamed(name))
  // The API knows targets by their labels, too; and says which there are where it knows none.
  const asked = useLive<Snapshots>(name && targets.data && !target
    ? address('/api/v1/snapshots', { target: name, from: rfc3339(0), points: 2 }) : undefined)
  if (target?.history) return { history: target.history }
  if (!targets.data) return { error: targets.error, again: targets.again }
  if (target || asked.data?.snapshots.length === 0)
    return { error: new ApiError('not_found', 'No heap of it is kept; the list of targets tells how scraping goes.'), again: targets.again }
  if (!asked.data || asked.loading) return { error: asked.error, again: asked.again }
  const { total, snapshots: shots } = asked.data
  return { history: { first: shots[0]!.time, last: shots.at(-1)!.time, snapshots: total } }
}

// What is to stand in the address for `text`: nothing of before the first heap. undefined where it is no moment.
export function pin(text: string | null, otherwise: number, { first }: History): string | undefined {
  if (text && !Number.isNaN(pinned(text))) return text
  const ms = text ? parseMoment(text, Date.now()) : otherwise
  return ms === undefined ? undefined : rfc3339(Math.max(ms, millis(first)))
}

// Why the moments cannot be pinned; undefined where they can, or where it is not known yet.
export function obstacleOf(texts: (string | null)[], histories: Obstacle[]): Obstacle | undefined {
  const wrong = texts.find((text) => text && parseMoment(text, Date.now()) === undefined)
  if (wrong) return { error: new ApiError('bad_data', `“${wrong}” is no moment. ${kMomentHint}`) }
  return histories.find((of) => of.error)
}

// The stretch of time that the address wants to be shown.
export function rangeShown(query: URLSearchParams): [number, number] | undefined {
  const [start, end] = [pinned(query.get('start')), pinned(query.get('end'))]
  return start < end ? [start, end] : undefined
}
